#include "common/base/text_error.h"

#include "absl/strings/cord.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/substitute.h"
#include "common/base/printable.h"

namespace convoy {
namespace {

constexpr char kPayload[] = "convoy/text_error";
constexpr size_t kMostValues = 10;
// A message is a line of printable characters.
constexpr char kSeparator = '\0';

// Nothing where it is no payload, as a process whose memory is damaged may send it.
std::optional<ErrorText> Parse(const std::string& payload) {
  const std::vector<std::string> parts = absl::StrSplit(payload, kSeparator);
  if (parts.size() < 2 || parts.size() > 2 + kMostValues) return std::nullopt;
  return ErrorText{
      .context = parts[0], .text = parts[1], .values = {parts.begin() + 2, parts.end()}};
}

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

std::string ErrorToBytes(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  return payload ? kSeparator + std::string(*payload) : std::string(status.message());
}

absl::Status ErrorFromBytes(absl::StatusCode code, const std::string& bytes) {
  if (bytes.empty() || bytes.front() != kSeparator) return absl::Status(code, bytes);
  const std::optional<ErrorText> text = Parse(bytes.substr(1));
  return text ? MakeTextError(code, *text) : absl::Status(code, Printable(bytes));
}

std::optional<ErrorText> ErrorTextOf(const absl::Status& status) {
  const absl::optional<absl::Cord> payload = status.GetPayload(kPayload);
  if (!payload) return std::nullopt;
  return Parse(std::string(*payload));
}

}  // namespace convoy
