#include "common/base/text_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"

namespace convoy {
namespace {

constexpr char kPayload[] = "convoy/text_error";
constexpr size_t kMostValues = 10;
// A message is a line of printable characters.
constexpr char kSeparator = '\0';

}  // namespace

std::string ErrorText::English() const {
  std::vector<std::string> v = values;
  v.resize(kMostValues);
  return context +
         absl::Substitute(text, v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9]);
}

absl::Status MakeTextError(absl::StatusCode code, const ErrorText& text) {
  absl::Status status(code, text.English());
  std::vector<std::string> parts = {text.context, text.text};
  parts.insert(parts.end(), text.values.begin(), text.values.end());
  status.SetPayload(kPayload, absl::Cord(absl::StrJoin(parts, std::string(1, kSeparator))));
  return status;
}

std::optional<ErrorText> ErrorTextOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  const std::vector<std::string> parts = absl::StrSplit(std::string(*payload), kSeparator);
  return ErrorText{
      .context = parts[0], .text = parts[1], .values = {parts.begin() + 2, parts.end()}};
}

}  // namespace convoy
