// Resource names of convoy.v1, "jobs/{job}", "models/{model}" and "models/{model}/versions/{n}":
// made, read and shortened here and nowhere else. The pattern is that of Google's AIP-122.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace convoy::api {

inline constexpr size_t kMaxIdChars = 128;

// Whether `id` has 1 to kMaxIdChars of letters, digits, ".", "_" and "-", and does not begin with
// "." or "-": such an id is also a safe file name.
bool IsValidId(const std::string& id);

// Returns the nearest valid id to a run directory's name.
std::string MakeId(const std::string& run_name);

// Return "jobs/ID" and "models/ID".
std::string JobName(const std::string& id);
std::string ModelName(const std::string& id);

// Whether `name` begins as a job's or a model's name does.
bool IsWholeName(const std::string& name);

// Return "jobs/first" for "first" as for "jobs/first", and models likewise: people may leave it
// out.
std::string WholeJobName(const std::string& named);
std::string WholeModelName(const std::string& named);

// Returns "first" for "jobs/first" and for "models/first": what people are shown.
std::string ShortName(const std::string& name);

// Return the id in "jobs/{id}" and in "models/{id}", which is a model without a version. Return
// INVALID_ARGUMENT, naming `field`, for anything else.
absl::StatusOr<std::string> ParseJobName(const std::string& name,
                                         const std::string& field = "name");
absl::StatusOr<std::string> ParseLatestModelName(const std::string& name,
                                                 const std::string& field = "name");

// What a model is known by: of which job, and of which epoch where that is not the last.
struct ModelId {
  std::string job;
  std::optional<int64_t> version;
};

// Returns what follows "models/" in `name`, which must be "models/{id}" or
// "models/{id}/versions/{version}". Returns INVALID_ARGUMENT, naming `name`, for anything else.
absl::StatusOr<std::string> ParseModelName(const std::string& name);

// Reads what ParseModelName returns.
absl::StatusOr<ModelId> ParseModelId(const std::string& id);

}  // namespace convoy::api
