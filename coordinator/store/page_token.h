// Lists in pages, after AIP-158: how many results a page has, and the tokens that say where the
// next one begins.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace convoy::coordinator {

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
