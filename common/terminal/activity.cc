#include "common/terminal/activity.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy::terminal {

Activity::Activity(std::FILE* out, bool wanted)
    : out_(wanted && TerminalOf(out).can_redraw ? out : nullptr) {}

Activity::~Activity() { Clear(); }

void Activity::Show(const std::string& what, int64_t done, int64_t total) {
  if (out_ == nullptr) return;
  const Terminal terminal = TerminalOf(out_);
  const int columns = std::max(terminal.columns - 1, 1);  // a full line would go on in the next
  const double part = static_cast<double>(done) / static_cast<double>(std::max<int64_t>(total, 1));
  const std::string line =
      total > 0 ? ProgressLine(what, part, {{absl::StrCat(done, "/", total), 0}}, columns)
                : Cut(absl::StrCat(what, " ..."), columns);
  const std::string shown = terminal.utf8 ? line : Cut(ToAscii(line), columns);
  std::fprintf(out_, "\r%s\033[K", shown.c_str());
  std::fflush(out_);
  drawn_ = true;
}

void Activity::Clear() {
  if (!drawn_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
  drawn_ = false;
}

}  // namespace convoy::terminal
