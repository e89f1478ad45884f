#include "common/terminal/output.h"

#include "common/base/text_error.h"
#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy::terminal {

void Print(std::string_view text, std::FILE* out) {
  std::fputs(Fit(text, TerminalOf(out)).c_str(), out);
}

absl::Status Flush(std::FILE* out) {
  if (std::fflush(out) == 0 && std::ferror(out) == 0) return absl::OkStatus();
  return TextError(absl::StatusCode::kUnknown, "cannot write the result; is the disk full?");
}

}  // namespace convoy::terminal
