// A fork with everything made ready before it, as between fork and exec only few calls are safe. A
// pipe that exec closes tells whether that worked, another has the child's standard error.
#include "client/process/child.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <utility>
#include <vector>

#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

constexpr size_t kLongestLine = 1 << 16;

// Closed at the end of its life.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() { Close(); }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int Release() { return std::exchange(fd_, -1); }
  void Close() {
    if (fd_ >= 0) ::close(Release());
  }
  void Reset(int fd) {
    Close();
    fd_ = fd;
  }

 private:
  int fd_;
};

absl::Status MakePipe(Descriptor* reading, Descriptor* writing) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return ErrnoStatus(errno, "cannot make", "a pipe");
  reading->Reset(ends[0]);
  writing->Reset(ends[1]);
  return absl::OkStatus();
}

std::vector<char*> PointersTo(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  pointers.reserve(texts.size() + 1);
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

// What the child has besides its command.
struct Surroundings {
  char** variables;
  pid_t parent;
  int death_signal;
  int input;
  int output;  // -1: the parent's
  int errors;
  int failure;  // where it tells why it could not become the command
};

// In the child; never returns. The parent may have died meanwhile, unseen by prctl.
[[noreturn]] void Become(char* const* command, const Surroundings& with) {
  ::prctl(PR_SET_PDEATHSIG, with.death_signal);
  if (::getppid() != with.parent) ::_exit(1);
  ::setsid();
  ::dup2(with.input, STDIN_FILENO);
  if (with.output >= 0) ::dup2(with.output, STDOUT_FILENO);
  ::dup2(with.errors, STDERR_FILENO);
  for (const int signal : {SIGPIPE, SIGXFSZ}) std::signal(signal, SIG_DFL);
  environ = with.variables;
  ::execvp(command[0], command);
  const int why = errno;
  static_cast<void>(!::write(with.failure, &why, sizeof(why)));
  ::_exit(1);
}

}  // namespace

std::vector<std::string> OwnEnvironment() {
  std::vector<std::string> variables;
  for (char** variable = environ; *variable != nullptr; ++variable) variables.push_back(*variable);
  return variables;
}

absl::StatusOr<std::unique_ptr<Child>> Child::Start(
    const Launch& launch, std::function<void(const std::string& line)> on_line) {
  Descriptor failed, fail, errors, write_errors;
  CONVOY_RETURN_IF_ERROR(MakePipe(&failed, &fail));
  const bool logged = !launch.log.empty();
  if (logged) {
    write_errors.Reset(::open(launch.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
    if (write_errors.get() < 0) return ErrnoStatus(errno, "cannot write", launch.log);
  } else {
    CONVOY_RETURN_IF_ERROR(MakePipe(&errors, &write_errors));
  }
  const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::vector<char*> command = PointersTo(launch.command);
  std::vector<char*> variables = PointersTo(launch.environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) return ErrnoStatus(errno, "cannot start", launch.command.front());
  if (pid == 0) {
    Become(command.data(), {.variables = variables.data(),
                            .parent = parent,
                            .death_signal = launch.death_signal,
                            .input = nothing.get(),
                            .output = logged ? write_errors.get() : -1,
                            .errors = write_errors.get(),
                            .failure = fail.get()});
  }
  fail.Close();
  write_errors.Close();
  int why = 0;
  if (::read(failed.get(), &why, sizeof(why)) == sizeof(why)) {
    ::waitpid(pid, nullptr, 0);
    return ErrnoStatus(why, "cannot start", launch.command.front());
  }
  if (!logged) ::fcntl(errors.get(), F_SETFL, O_NONBLOCK);
  return std::unique_ptr<Child>(new Child(pid, errors.Release(), std::move(on_line)));
}

Child::Child(pid_t pid, int errors, std::function<void(const std::string& line)> on_line)
    : pid_(pid),
      errors_(errors),
      end_(static_cast<int>(::syscall(SYS_pidfd_open, pid, 0))),
      on_line_(std::move(on_line)) {}

Child::~Child() {
  if (!ended_) {
    Signal(SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  for (const int descriptor : {errors_, end_}) {
    if (descriptor >= 0) ::close(descriptor);
  }
}

void Child::Signal(int number) const {
  if (!ended_) ::kill(pid_, number);
}

bool Child::ReadErrors() {
  if (errors_ < 0) return false;
  std::array<char, 4096> bytes{};
  const ssize_t count = ::read(errors_, bytes.data(), bytes.size());
  if (count <= 0) return count < 0 && errno == EINTR;
  unfinished_line_.append(bytes.data(), static_cast<size_t>(count));
  for (size_t end = 0; (end = unfinished_line_.find('\n')) != std::string::npos;) {
    on_line_(unfinished_line_.substr(0, end));
    unfinished_line_.erase(0, end + 1);
  }
  if (unfinished_line_.size() > kLongestLine) on_line_(std::exchange(unfinished_line_, ""));
  return true;
}

std::optional<int> Child::Wait(std::chrono::milliseconds time) {
  const auto millis = static_cast<int>(time.count());
  pollfd end{.fd = end_, .events = POLLIN, .revents = 0};
  std::array<pollfd, 2> either = {pollfd{.fd = errors_, .events = POLLIN, .revents = 0}, end};
  if (::poll(either.data(), either.size(), millis) > 0 && either[0].revents != 0 && !ReadErrors()) {
    // It has closed its standard error: poll() would come back at once.
    ::poll(&end, 1, millis);
  }
  int status = 0;
  if (::waitpid(pid_, &status, WNOHANG) != pid_) return std::nullopt;
  ended_ = true;
  while (ReadErrors()) {
  }
  if (!unfinished_line_.empty()) on_line_(std::exchange(unfinished_line_, ""));
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

}  // namespace convoy::client
