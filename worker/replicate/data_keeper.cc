#include "worker/replicate/data_keeper.h"

#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/base/status.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"

namespace convoy::replicate {
namespace {

namespace fs = std::filesystem;

constexpr int kLeastPriority = 19;

// On Linux a thread has its own.
void GiveWayToOthers() {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kLeastPriority);
}

// Checkpoints and other programs want room, too.
absl::Status CheckRoom(const std::string& directory, int64_t num_bytes) {
  struct statvfs space = {};
  if (::statvfs(directory.c_str(), &space) != 0) return absl::OkStatus();  // writing will tell
  const auto room = static_cast<int64_t>(space.f_bavail * space.f_frsize);
  if (room >= 2 * num_bytes) return absl::OkStatus();
  return absl::ResourceExhaustedError(absl::StrCat("they have ", num_bytes >> 20, " MB, and ",
                                                   directory, " has room for ", room >> 20));
}

// Of a trainer that was killed while it wrote a copy.
void RemoveUnfinished(const std::string& directory, const std::string& file) {
  const std::string begin = file + ".";
  std::error_code error;
  std::vector<fs::path> unfinished;
  for (fs::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (absl::StartsWith(entry->path().filename().string(), begin)) {
      unfinished.push_back(entry->path());
    }
  }
  for (const fs::path& path : unfinished) fs::remove(path, error);
}

}  // namespace

DataKeeper::DataKeeper(DataKeeperOptions options)
    : options_(std::move(options)), thread_([this] { Keep(); }) {}

DataKeeper::~DataKeeper() {
  ended_ = true;
  thread_.join();
}

void DataKeeper::Keep() {
  GiveWayToOthers();
  RemoveUnfinished(options_.run_directory, options_.file);
  if (ended_ || options_.has_data() || ended_) return;
  absl::Status kept = CheckRoom(options_.run_directory, options_.num_bytes);
  if (kept.ok()) kept = options_.write(run::PathIn(options_.run_directory, options_.file));
  options_.on_note(kept.ok() ? absl::StrCat("a copy of the data is kept on ", HostName())
                             : absl::StrCat("no copy of the data is kept on ", HostName(), ": ",
                                            kept.message()));
}

absl::Status RemoveDataCopies(comm::Communicator& communicator, const std::string& run_directory) {
  const bool root = communicator.rank() == 0;
  CONVOY_ASSIGN_OR_RETURN(
      const std::string run_id,
      comm::BroadcastString(communicator, root ? run::ReadRunId(run_directory) : "", 0));
  std::error_code ignored;  // it costs room, no more
  if (!run_id.empty() && run::ReadRunId(run_directory) == run_id) {
    fs::remove(run::PathIn(run_directory, run::kDataCopyFile), ignored);
  }
  return absl::OkStatus();
}

}  // namespace convoy::replicate
