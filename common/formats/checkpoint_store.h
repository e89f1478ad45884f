// The checkpoints of one run: a directory of files step-000001234.convoy.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/checkpoint.h"

namespace convoy::formats {

// Returns "step-000001234.convoy" for 1234.
std::string CheckpointFileName(int64_t global_step);

// Returns the steps of the checkpoint files in `directory`, the newest first, whatever is in them;
// none where there is no such directory.
std::vector<int64_t> CheckpointSteps(const std::string& directory);

// Returns the newest checkpoint of `directory` that is whole, or nullopt if there is none or no
// such directory. Each damaged file is skipped, with one line about it added to `*skipped`. Changes
// nothing, so that others than the run's owner may look.
// Returns FAILED_PRECONDITION if a newer Convoy wrote the newest one: going on from an older one
// would silently drop its work. Returns what the system says if a file may not be read, or if none
// is whole and one could not be read: it may hold the run.
absl::StatusOr<std::optional<Checkpoint>> LoadLatestCheckpoint(const std::string& directory,
                                                               std::vector<std::string>* skipped);

// Writes and prunes. One process and one thread at a time owns a directory. Thread-compatible.
class CheckpointStore {
 public:
  // Creates `directory` if it is missing and removes the temporary files of a killed writer. The
  // newest `keep_last` checkpoints are kept.
  // Returns INVALID_ARGUMENT unless keep_last is at least 1.
  static absl::StatusOr<CheckpointStore> Open(std::string directory, int keep_last);

  const std::string& directory() const { return directory_; }

  // Writes the checkpoint of its global step, atomically and durably, then removes all but the last
  // keep_last up to that step. Files of later steps are left alone: training went on from before
  // them because they are damaged, and it will write them anew.
  // On any error all earlier checkpoints are as they were. Returns RESOURCE_EXHAUSTED if the disk
  // is full, INVALID_ARGUMENT as ValidateCheckpoint.
  absl::Status Save(const Checkpoint& checkpoint);

  // Likewise with the bytes of a checkpoint's file, which another store has written.
  absl::Status SaveBytes(int64_t global_step, std::string_view bytes);

 private:
  CheckpointStore(std::string directory, int keep_last)
      : directory_(std::move(directory)), keep_last_(keep_last) {}

  absl::Status Prune(int64_t newest_step) const;

  std::string directory_;
  int keep_last_;
  std::string buffer_;  // the file's bytes; kept for its memory
};

}  // namespace convoy::formats
