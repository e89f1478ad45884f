#include "common/base/status.h"

#include <optional>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/text_error.h"

namespace convoy {

ExitCode ExitCodeFor(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kOk:
      return ExitCode::kOk;
    case absl::StatusCode::kInvalidArgument:
    case absl::StatusCode::kNotFound:
    case absl::StatusCode::kAlreadyExists:
    case absl::StatusCode::kPermissionDenied:
    case absl::StatusCode::kFailedPrecondition:
    case absl::StatusCode::kOutOfRange:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return ExitCode::kUsage;
    case absl::StatusCode::kCancelled:
      return ExitCode::kCancelled;
    default:
      return ExitCode::kFailed;
  }
}

absl::Status Annotate(const absl::Status& status, std::string_view context) {
  if (status.ok()) return status;
  const std::string before(context);
  if (std::optional<ErrorText> text = ErrorTextOf(status)) {
    text->context = absl::StrCat(before, ": ", text->context);
    return MakeTextError(status.code(), *text);
  }
  return absl::Status(status.code(), absl::StrCat(before, ": ", status.message()));
}

}  // namespace convoy
