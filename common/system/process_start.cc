#include "common/system/process_start.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

namespace convoy {
namespace {

constexpr rlim_t kEnoughDescriptors = 1 << 20;  // where there is no limit at all

}  // namespace

void PrepareProcess() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    // open() takes the lowest free number, which is this one, as those below are open by now.
    if (::fcntl(fd, F_GETFD) < 0 && errno == EBADF) ::open("/dev/null", O_RDWR);
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int64_t RaiseDescriptorLimit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  rlimit raised = limit;
  raised.rlim_cur = std::max(limit.rlim_cur, std::min(limit.rlim_max, kEnoughDescriptors));
  if (::setrlimit(RLIMIT_NOFILE, &raised) != 0) raised = limit;
  return static_cast<int64_t>(std::min(raised.rlim_cur, kEnoughDescriptors));
}

}  // namespace convoy
