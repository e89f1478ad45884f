#include "common/terminal/activity.h"

#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy::terminal {

void Activity::Show(const std::string& what) {
  if (out_ == nullptr) return;
  const Terminal terminal = TerminalOf(out_);
  if (!terminal.can_redraw) return;
  const std::string line = Cut(what, terminal.columns - 1);
  std::fprintf(out_, "\r%s\033[K", (terminal.utf8 ? line : ToAscii(line)).c_str());
  std::fflush(out_);
  shown_ = true;
}

void Activity::End() {
  if (!shown_) return;
  std::fputs("\r\033[K", out_);
  std::fflush(out_);
  shown_ = false;
}

}  // namespace convoy::terminal
