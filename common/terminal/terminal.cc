#include "common/terminal/terminal.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace convoy::terminal {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

Terminal Ask(int fd) {
  if (::isatty(fd) == 0) return {};
  const std::string kind = Variable("TERM");
  Terminal terminal = {
      .is_terminal = true, .can_redraw = !kind.empty() && kind != "dumb", .utf8 = LocaleIsUtf8()};
  struct winsize size = {};
  if (::ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0) {
    terminal.columns = size.ws_col;
    terminal.rows = size.ws_row;
  }
  return terminal;
}

}  // namespace

Terminal TerminalOf(std::FILE* out) {
  const int fd = ::fileno(out);
  if (::isatty(fd) == 0 || std::getenv("OMPI_COMM_WORLD_RANK") == nullptr) return Ask(fd);
  const std::string parents = absl::StrCat("/proc/", ::getppid(), "/fd/1");
  const int opened = ::open(parents.c_str(), O_WRONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (opened < 0) return {};
  const Terminal terminal = Ask(opened);
  ::close(opened);
  return terminal;
}

bool LocaleIsUtf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string locale = absl::AsciiStrToLower(Variable(name));
    if (locale.empty()) continue;
    const size_t dot = locale.find('.');
    if (dot == std::string::npos) return locale != "c" && locale != "posix";
    const std::string charset = locale.substr(dot + 1, locale.find('@', dot) - dot - 1);
    return charset == "utf-8" || charset == "utf8";
  }
  return false;
}

}  // namespace convoy::terminal
