// Rank 0 tells what run it is and how far its own checkpoints go. Only who lists a later one reads
// it, so that on a file system that all share nobody reads anything.
#include "worker/replicate/fetch.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"

namespace convoy::replicate {
namespace {

constexpr int64_t kNone = -1;

std::string CheckpointsOf(const std::string& run_directory) {
  return run::PathIn(run_directory, run::kCheckpoints);
}

// The step of the newest whole checkpoint after step `after`; kNone if there is none. Damaged ones
// are rank 0's to tell of, or nobody's.
int64_t NewestWhole(const std::string& run_directory, int64_t after) {
  const std::string checkpoints = CheckpointsOf(run_directory);
  const std::vector<int64_t> steps = formats::CheckpointSteps(checkpoints);
  if (steps.empty() || steps.front() <= after) return kNone;
  std::vector<std::string> skipped;
  const auto newest = formats::LoadLatestCheckpoint(checkpoints, &skipped);
  if (!newest.ok() || !newest->has_value()) return kNone;
  const int64_t step = (*newest)->position.global_step;
  return step > after ? step : kNone;
}

// COLLECTIVE. What each rank's host has that rank 0 has not: steps.
absl::StatusOr<std::vector<int64_t>> StepsOfAll(comm::Communicator& communicator,
                                                const std::string& run_directory,
                                                const std::string& run_id) {
  int64_t known = communicator.rank() == 0 ? NewestWhole(run_directory, kNone) : kNone;
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(&known, sizeof(known), 0));
  const bool is_copy =
      communicator.rank() != 0 && !run_id.empty() && run::ReadRunId(run_directory) == run_id;
  const int64_t mine = is_copy ? NewestWhole(run_directory, known) : kNone;
  std::vector<int64_t> steps(static_cast<size_t>(communicator.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(&mine, sizeof(mine), steps.data()));
  return steps;
}

// What lies in a directory of the same name may be of a run that this host has had before.
absl::Status CheckIdentity(const std::string& run_directory, const std::string& run_id) {
  const std::string own = run::ReadRunId(run_directory);
  if (own.empty() || own == run_id) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("run_dir: ", run_directory, " on ", HostName(),
                   " is of another run; remove it there, or name another directory"));
}

// `name` is that of the file below the run directory, which is made if need be.
absl::Status Store(const std::string& run_directory, const std::string& run_id,
                   const std::string& name, const std::string& bytes) {
  CONVOY_RETURN_IF_ERROR(CreateDirectories(CheckpointsOf(run_directory)));
  CONVOY_RETURN_IF_ERROR(run::SetRunId(run_directory, run_id));
  return WriteFileAtomically(run::PathIn(run_directory, name), bytes);
}

// COLLECTIVE. Returns, on rank 0, the content of rank `owner`'s file; "" elsewhere.
absl::StatusOr<std::string> BringFile(comm::Communicator& communicator, int owner,
                                      const std::string& path) {
  absl::StatusOr<std::string> bytes = std::string();
  if (communicator.rank() == owner) bytes = ReadFile(path, formats::kMaxFileBytes);
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, bytes.status()));
  auto size = static_cast<int64_t>(bytes->size());
  CONVOY_RETURN_IF_ERROR(communicator.Broadcast(&size, sizeof(size), owner));
  // What gathers moves floats, as they are.
  const auto floats = static_cast<size_t>((size + 3) / 4);
  std::vector<float> sent(communicator.rank() == owner ? floats : 0);
  std::vector<float> received(communicator.rank() == 0 ? floats : 0);
  if (!bytes->empty()) std::memcpy(sent.data(), bytes->data(), bytes->size());
  std::vector<int64_t> counts(static_cast<size_t>(communicator.world_size()));
  const std::vector<int64_t> offsets(counts.size());
  counts[static_cast<size_t>(owner)] = static_cast<int64_t>(floats);
  CONVOY_RETURN_IF_ERROR(
      communicator.GatherParts(sent.data(), received.data(), counts, offsets, 0));
  if (communicator.rank() != 0) return "";
  return std::string(reinterpret_cast<const char*>(received.data()), static_cast<size_t>(size));
}

// COLLECTIVE. The first rank that says so; nothing if none does.
absl::StatusOr<std::optional<int>> FirstWith(comm::Communicator& communicator, bool mine) {
  const uint8_t told = mine ? 1 : 0;
  std::vector<uint8_t> all(static_cast<size_t>(communicator.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(&told, sizeof(told), all.data()));
  const auto first = std::find(all.begin(), all.end(), 1);
  if (first == all.end()) return std::optional<int>();
  return std::optional<int>(static_cast<int>(first - all.begin()));
}

}  // namespace

absl::StatusOr<std::string> FetchNewestCheckpoint(comm::Communicator& communicator,
                                                  const std::string& run_directory) {
  const bool root = communicator.rank() == 0;
  const std::string own_id = root ? run::KnownRunId(run_directory) : "";
  CONVOY_RETURN_IF_ERROR(
      comm::Agree(communicator, root ? CheckIdentity(run_directory, own_id) : absl::OkStatus()));
  CONVOY_ASSIGN_OR_RETURN(const std::string run_id, comm::BroadcastString(communicator, own_id, 0));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<int64_t> steps,
                          StepsOfAll(communicator, run_directory, run_id));
  const auto newest = std::max_element(steps.begin(), steps.end());
  if (*newest == kNone) return "";
  const auto owner = static_cast<int>(newest - steps.begin());
  const std::string name =
      absl::StrCat(run::kCheckpoints, "/", formats::CheckpointFileName(*newest));
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes,
                          BringFile(communicator, owner, run::PathIn(run_directory, name)));
  CONVOY_ASSIGN_OR_RETURN(const std::string host,
                          comm::BroadcastString(communicator, HostName(), owner));
  CONVOY_RETURN_IF_ERROR(comm::Agree(
      communicator, root ? Store(run_directory, run_id, name, bytes) : absl::OkStatus()));
  return root ? absl::StrCat("the checkpoint of step ", *newest, " came from ", Printable(host))
              : "";
}

absl::StatusOr<std::string> FetchDataCopy(comm::Communicator& communicator,
                                          const std::string& run_directory, bool wanted) {
  const bool root = communicator.rank() == 0;
  const std::string path = run::PathIn(run_directory, run::kDataCopyFile);
  const std::string own_id =
      root && wanted && !PathExists(path) ? run::KnownRunId(run_directory) : "";
  CONVOY_ASSIGN_OR_RETURN(const std::string run_id, comm::BroadcastString(communicator, own_id, 0));
  if (run_id.empty()) return "";
  const bool is_here = !root && run::ReadRunId(run_directory) == run_id && PathExists(path);
  CONVOY_ASSIGN_OR_RETURN(const std::optional<int> owner, FirstWith(communicator, is_here));
  if (!owner) return "";
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, BringFile(communicator, *owner, path));
  CONVOY_ASSIGN_OR_RETURN(const std::string host,
                          comm::BroadcastString(communicator, HostName(), *owner));
  CONVOY_RETURN_IF_ERROR(
      comm::Agree(communicator, root ? Store(run_directory, run_id, run::kDataCopyFile, bytes)
                                     : absl::OkStatus()));
  return root ? absl::StrCat("a copy of the data came from ", Printable(host)) : "";
}

}  // namespace convoy::replicate
