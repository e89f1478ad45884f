#include "coordinator/http/target.h"

#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"

namespace convoy::http {
namespace {

absl::StatusOr<std::string> Decode(std::string_view segment) {
  std::string decoded;
  for (size_t i = 0; i < segment.size(); ++i) {
    if (segment[i] != '%') {
      decoded += segment[i];
      continue;
    }
    const std::string_view digits = segment.substr(i + 1, 2);
    if (digits.size() < 2 || !absl::ascii_isxdigit(static_cast<unsigned char>(digits[0])) ||
        !absl::ascii_isxdigit(static_cast<unsigned char>(digits[1]))) {
      return absl::InvalidArgumentError("path: '%' must be followed by two hexadecimal digits");
    }
    decoded += absl::HexStringToBytes(std::string(digits));
    i += 2;
  }
  return decoded;
}

absl::Status CheckSegment(std::string_view segment) {
  if (segment.empty() || segment == "." || segment == "..") {
    return absl::InvalidArgumentError("path: empty, '.' and '..' segments are not resolved");
  }
  for (const char c : segment) {
    if (c == '/' || c == '\\' || absl::ascii_iscntrl(static_cast<unsigned char>(c))) {
      return absl::InvalidArgumentError("path: a segment has a slash or a control character");
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Target> ParseTarget(std::string_view target) {
  if (target.empty() || target.front() != '/') {
    return absl::InvalidArgumentError("path: must begin with '/'");
  }
  Target result;
  const size_t question = target.find('?');
  if (question != std::string_view::npos) result.query = target.substr(question + 1);
  const std::string path(
      target.substr(1, question == std::string_view::npos ? std::string_view::npos : question - 1));
  if (path.empty()) {
    result.path = "/";
    return result;
  }
  for (const std::string& raw : std::vector<std::string>(absl::StrSplit(path, '/'))) {
    CONVOY_ASSIGN_OR_RETURN(const std::string segment, Decode(raw));
    CONVOY_RETURN_IF_ERROR(CheckSegment(segment));
    absl::StrAppend(&result.path, "/", segment);
  }
  return result;
}

}  // namespace convoy::http
