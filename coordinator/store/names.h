// Resource names, "jobs/{job}" and "models/{model}", and the tokens of pages.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"

namespace convoy::coordinator {

inline constexpr size_t kMaxIdChars = 128;

// Returns the id in `name`, which must be "`collection`/{id}". Returns INVALID_ARGUMENT, naming
// `field`, for anything else.
absl::StatusOr<std::string> ParseName(const std::string& collection, const std::string& name,
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

// Whether `id` has 1 to kMaxIdChars of letters, digits, ".", "_" and "-", and does not begin with
// "." or "-": such an id is also a safe file name.
bool IsValidId(const std::string& id);

// Returns the nearest valid id to a run directory's name.
std::string MakeId(const std::string& run_name);

// Returns how many results a page has: `asked`, `standard` where that is 0, at most `most`. Returns
// INVALID_ARGUMENT for a negative number.
absl::StatusOr<int> PageSize(int32_t asked, int standard, int most);

// Where a page begins: behind the entry with this number and id.
struct PageStart {
  int64_t number = 0;
  std::string id;
};

std::string MakePageToken(const PageStart& start);

// Returns INVALID_ARGUMENT for a token that MakePageToken did not make.
absl::StatusOr<PageStart> ParsePageToken(const std::string& token);

}  // namespace convoy::coordinator
