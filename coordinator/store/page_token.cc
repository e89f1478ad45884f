#include "coordinator/store/page_token.h"

#include <algorithm>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/api/resource_names.h"

namespace convoy::coordinator {

absl::StatusOr<int> PageSize(int32_t asked, int standard, int most) {
  if (asked < 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_size: ", asked, " is negative; 0 means ", standard));
  }
  return asked == 0 ? standard : std::min<int>(asked, most);
}

std::string MakePageToken(const PageStart& start) {
  return absl::WebSafeBase64Escape(absl::StrCat(start.number, " ", start.id));
}

absl::StatusOr<PageStart> ParsePageToken(const std::string& token) {
  std::string text;
  PageStart start;
  if (absl::WebSafeBase64Unescape(token, &text)) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(text, absl::MaxSplits(' ', 1));
    start.id = parts.second;
    if (absl::SimpleAtoi(parts.first, &start.number) && start.id.size() <= api::kMaxIdChars) {
      return start;
    }
  }
  return absl::InvalidArgumentError(
      "page_token: not one of this coordinator; leave it empty for the first page");
}

}  // namespace convoy::coordinator
