// Whether two hosts share a directory is tried out: rank 0 makes a file of a name that nobody has
// asked for before, which is seen at once on network file systems, too. A directory that is not
// shared gets rank 0's identity, unless it is another run's, whose files nobody touches.
#include "worker/replicate/replication.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"
#include "common/run/start_file.h"
#include "worker/comm/link.h"
#include "worker/replicate/meeting.h"

namespace convoy::replicate {
namespace {

namespace fs = std::filesystem;

// COLLECTIVE. The first rank of the second host; nothing where there is one host.
absl::StatusOr<std::optional<int>> KeepingRank(comm::Communicator& communicator) {
  if (communicator.on_one_host()) return std::optional<int>();
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names,
                          comm::AllGatherStrings(communicator, HostName()));
  const std::vector<int> host_of_rank = comm::HostOfRank(communicator, names);
  const auto second = std::find(host_of_rank.begin(), host_of_rank.end(), 1);
  if (second == host_of_rank.end()) return std::optional<int>();
  return std::optional<int>(static_cast<int>(second - host_of_rank.begin()));
}

// COLLECTIVE. What one rank says.
absl::StatusOr<bool> IsTrueAt(comm::Communicator& communicator, int rank, bool mine) {
  uint8_t told = mine ? 1 : 0;
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(&told, sizeof(told), rank));
  return told != 0;
}

// COLLECTIVE. Whether rank `other` sees rank 0's directory.
absl::StatusOr<bool> IsShared(comm::Communicator& communicator, int other,
                              const std::string& run_directory) {
  const bool root = communicator.rank() == 0;
  const std::string name = absl::StrCat(".seen-", run::NewStartName());
  CONVOY_ASSIGN_OR_RETURN(const std::string probe, comm::BroadcastString(communicator, name, 0));
  const std::string path = run::PathIn(run_directory, probe);
  const absl::Status made = root ? ReplaceFile(path, "") : absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, made));
  const absl::StatusOr<bool> seen = IsTrueAt(communicator, other, PathExists(path));
  std::error_code ignored;
  if (root) fs::remove(path, ignored);
  return seen;
}

// A directory that is not shared becomes one for copies of the run.
absl::StatusOr<formats::CheckpointStore> OpenStore(const ReplicationOptions& options,
                                                   const std::string& run_id) {
  const std::string& directory = options.run_directory;
  std::error_code unknown;
  const bool has_files = PathExists(directory) && !fs::is_empty(directory, unknown);
  if (has_files && run::ReadRunId(directory) != run_id) {
    return absl::FailedPreconditionError(absl::StrCat(
        Printable(directory), " on ", Printable(HostName()),
        " is of another run, which is left alone; remove it there, or name another directory"));
  }
  run::ForgetOtherStarts(directory);
  const std::string checkpoints = run::PathIn(directory, run::kCheckpoints);
  CONVOY_RETURN_IF_ERROR(CreateDirectories(checkpoints));
  CONVOY_RETURN_IF_ERROR(run::SetRunId(directory, run_id));
  return formats::CheckpointStore::Open(checkpoints, options.keep);
}

// COLLECTIVE. The store at rank `keeping`, nothing at the others; the same error on all ranks.
absl::StatusOr<std::optional<formats::CheckpointStore>> OpenStoreAt(
    comm::Communicator& communicator, int keeping, const ReplicationOptions& options) {
  const bool root = communicator.rank() == 0;
  CONVOY_ASSIGN_OR_RETURN(
      const std::string run_id,
      comm::BroadcastString(communicator, root ? run::ReadRunId(options.run_directory) : "", 0));
  std::optional<formats::CheckpointStore> opened;
  absl::Status status;
  if (communicator.rank() == keeping) {
    absl::StatusOr<formats::CheckpointStore> store = OpenStore(options, run_id);
    status = store.status();
    if (store.ok()) opened = *std::move(store);
  }
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, status));
  return opened;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Replication>> Replication::Start(comm::Communicator& communicator,
                                                                ReplicationOptions options) {
  std::unique_ptr<Replication> replication(new Replication());
  CONVOY_ASSIGN_OR_RETURN(const std::optional<int> keeping, KeepingRank(communicator));
  if (!keeping) return replication;
  CONVOY_ASSIGN_OR_RETURN(const bool shared,
                          IsShared(communicator, *keeping, options.run_directory));
  const bool keeper = communicator.rank() == *keeping;
  replication->keeps_here_ = shared && keeper;
  if (shared) return replication;
  const auto note = [&](const std::string& line) {
    if (communicator.rank() == 0) options.on_note(line);
  };
  auto store = OpenStoreAt(communicator, *keeping, options);
  if (!store.ok()) {  // the training goes on without
    note(absl::StrCat("no copies of checkpoints are kept: ", store.status().message()));
    return replication;
  }
  replication->keeps_here_ = keeper;
  CONVOY_ASSIGN_OR_RETURN(const std::string host,
                          comm::BroadcastString(communicator, HostName(), *keeping));
  CONVOY_ASSIGN_OR_RETURN(auto connection, Meet(communicator, /*caller=*/0, *keeping));
  CONVOY_ASSIGN_OR_RETURN(const bool connected,
                          IsTrueAt(communicator, *keeping, connection != nullptr));
  if (!connected) {
    note(absl::StrCat("no copies of checkpoints are kept: ", Printable(host),
                      " cannot be reached by TCP; is there a firewall?"));
    return replication;
  }
  note(absl::StrCat("copies of the checkpoints are kept on ", Printable(host)));
  if (communicator.rank() == 0) {
    replication->sender_ =
        std::make_unique<CheckpointSender>(std::move(connection), options.on_note);
  } else if (keeper) {
    replication->keeper_ =
        std::make_unique<CheckpointKeeper>(std::move(connection), **std::move(store));
  }
  return replication;
}

void Replication::Copy(int64_t global_step, const std::string& path) {
  if (sender_ != nullptr) sender_->Send(global_step, path);
}

}  // namespace convoy::replicate
