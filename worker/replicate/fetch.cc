// Rank 0 tells what run it is and how far its own checkpoints go. Only who lists a later one reads
// it, so that on a file system that all share nobody reads anything.
#include "worker/replicate/fetch.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/formats/checkpoint_store.h"
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

absl::Status Store(const std::string& run_directory, const std::string& run_id, int64_t step,
                   const std::string& bytes) {
  const std::string checkpoints = CheckpointsOf(run_directory);
  CONVOY_RETURN_IF_ERROR(CreateDirectories(checkpoints));
  CONVOY_RETURN_IF_ERROR(run::SetRunId(run_directory, run_id));
  return WriteFileAtomically(absl::StrCat(checkpoints, "/", formats::CheckpointFileName(step)),
                             bytes);
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
  absl::StatusOr<std::string> bytes = std::string();
  if (communicator.rank() == owner) {
    bytes = ReadFile(
        absl::StrCat(CheckpointsOf(run_directory), "/", formats::CheckpointFileName(*newest)),
        formats::kMaxFileBytes);
  }
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, bytes.status()));
  CONVOY_ASSIGN_OR_RETURN(bytes, comm::BroadcastString(communicator, *bytes, owner));
  CONVOY_ASSIGN_OR_RETURN(const std::string host,
                          comm::BroadcastString(communicator, HostName(), owner));
  CONVOY_RETURN_IF_ERROR(comm::Agree(
      communicator, root ? Store(run_directory, run_id, *newest, *bytes) : absl::OkStatus()));
  return root ? absl::StrCat("the checkpoint of step ", *newest, " came from ", Printable(host))
              : "";
}

}  // namespace convoy::replicate
