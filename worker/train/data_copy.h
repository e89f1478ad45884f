// A run's data in one file, ready to be trained on: what a second host keeps that would not find
// them itself, so that the run can go on there when the host is lost that had read them; and what
// rank 0 keeps between two starts where reading them takes long.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "worker/train/job.h"

namespace convoy::train {

// Larger data are not copied. Writing a copy takes its size of memory, reading it twice that.
inline constexpr int64_t kMaxDataCopyBytes = int64_t{1} << 30;

// Returns the size of the job's images and labels in such a file.
int64_t DataCopyBytes(const Job& job);

// Writes all images of the job atomically: a container of the kind `data`
// (docs/container_format.md), whose labels are a byte each, of more than 256 classes two. Returns
// RESOURCE_EXHAUSTED if there are too many, or the disk is full, and what the system says
// otherwise. Thread-safe; reads the job only.
absl::Status WriteDataCopy(const std::string& path, const Job& job);

// Returns the data that `path` is a copy of. Returns NOT_FOUND if there is no file, DATA_LOSS if it
// is damaged, FAILED_PRECONDITION if it is of other data than those with the fingerprint `sha256`
// (data::DataSha256), or, where `chosen` is not empty, was read from another path.
absl::StatusOr<data::DataSource> ReadDataCopy(const std::string& path, const std::string& sha256,
                                              const std::string& chosen = "");

}  // namespace convoy::train
