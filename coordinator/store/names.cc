#include "coordinator/store/names.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/status.h"

namespace convoy::coordinator {
namespace {

bool IsIdChar(char c) {
  return absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '-';
}

}  // namespace

bool IsValidId(const std::string& id) {
  return !id.empty() && id.size() <= kMaxIdChars && id[0] != '.' && id[0] != '-' &&
         std::all_of(id.begin(), id.end(), IsIdChar);
}

absl::StatusOr<std::string> ParseName(const std::string& collection, const std::string& name,
                                      const std::string& field) {
  const std::string prefix = absl::StrCat(collection, "/");
  if (absl::StartsWith(name, prefix) && IsValidId(name.substr(prefix.size()))) {
    return std::string(name.substr(prefix.size()));
  }
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": '", absl::CEscape(name.substr(0, 2 * kMaxIdChars)), "' is no name; ",
                   "it must be ", prefix, "ID, such as ", prefix, "20260131-120000-1a2b"));
}

absl::StatusOr<ModelId> ParseModelId(const std::string& id) {
  const std::pair<std::string, std::string> parts = absl::StrSplit(id, absl::MaxSplits('/', 1));
  CONVOY_ASSIGN_OR_RETURN(const std::string job,
                          ParseName("models", absl::StrCat("models/", parts.first)));
  if (parts.first.size() == id.size()) return ModelId{.job = job, .version = {}};
  absl::string_view version = parts.second;
  int32_t epoch = 0;
  if (!absl::ConsumePrefix(&version, "versions/") || !absl::SimpleAtoi(version, &epoch) ||
      epoch < 0 || absl::StrCat(epoch) != version) {
    return absl::InvalidArgumentError(
        absl::StrCat("name: '", absl::CEscape(parts.second.substr(0, kMaxIdChars)),
                     "' is no version; it must be versions/N, N completed epochs, such as "
                     "versions/3"));
  }
  return ModelId{.job = job, .version = epoch};
}

absl::StatusOr<std::string> ParseModelName(const std::string& name) {
  constexpr absl::string_view kPrefix = "models/";
  if (!absl::StartsWith(name, kPrefix)) return ParseName("models", name);
  const std::string id = name.substr(kPrefix.size());
  CONVOY_RETURN_IF_ERROR(ParseModelId(id).status());
  return id;
}

std::string MakeId(const std::string& run_name) {
  std::string id = run_name.substr(0, kMaxIdChars);
  for (char& c : id) {
    if (!IsIdChar(c)) c = '-';
  }
  const size_t first = id.find_first_not_of(".-");
  return first == std::string::npos ? "job" : id.substr(first);
}

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
    if (absl::SimpleAtoi(parts.first, &start.number) && start.id.size() <= kMaxIdChars) {
      return start;
    }
  }
  return absl::InvalidArgumentError(
      "page_token: not one of this coordinator; leave it empty for the first page");
}

}  // namespace convoy::coordinator
