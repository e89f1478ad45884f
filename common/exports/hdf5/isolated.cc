// Files of strangers are read by large libraries: in a fork, with little memory and time and no
// right to make anything, so that what goes wrong there is an error here. What was read comes back
// through a pipe, as bytes.
#include "common/exports/hdf5/isolated.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::exports {
namespace {

// What comes through the pipe: a byte with the status code, the bytes or the message, and this, so
// that a cut answer is never taken for a whole one.
constexpr char kComplete = '\n';

// Returns the address space in use, in bytes.
uint64_t AddressSpaceBytes() {
  unsigned long long pages = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "re");
  if (file == nullptr) return 0;
  const int fields = std::fscanf(file, "%llu", &pages);
  std::fclose(file);
  return fields == 1 ? pages * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE)) : 0;
}

void LowerLimit(decltype(RLIMIT_AS) resource, uint64_t value) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0) return;
  limit.rlim_cur = std::min<rlim_t>(value, limit.rlim_max);
  ::setrlimit(resource, &limit);
}

// Makes a fault end the fork at once, without a report, a core file or the parent's handlers.
void PrepareFork(const IsolationLimits& limits, uint64_t address_space_bytes) {
  for (const int signal :
       {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGALRM, SIGXCPU, SIGPIPE, SIGTERM}) {
    ::signal(signal, SIG_DFL);
  }
  const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (nowhere >= 0) ::dup2(nowhere, STDERR_FILENO);
  LowerLimit(RLIMIT_CORE, 0);
  // Whatever a file makes the library do: it starts no program, gets no rights, and writes no file.
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  LowerLimit(RLIMIT_NPROC, 0);
  LowerLimit(RLIMIT_FSIZE, 0);
  if (address_space_bytes != 0)
    LowerLimit(RLIMIT_AS, address_space_bytes + limits.extra_memory_bytes);
  LowerLimit(RLIMIT_CPU, limits.cpu_seconds);
  ::alarm(limits.seconds);
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

[[noreturn]] void RunFork(int pipe, absl::FunctionRef<absl::StatusOr<std::string>()> work) {
  const absl::StatusOr<std::string> result = work();
  const char code = static_cast<char>(result.status().code());
  const std::string error = result.ok() ? "" : ErrorToBytes(result.status());
  const std::string_view body = result.ok() ? *result : error;
  const bool written =
      WriteAll(pipe, {&code, 1}) && WriteAll(pipe, body) && WriteAll(pipe, {&kComplete, 1});
  ::_exit(written ? 0 : 1);
}

// Reads to the end of the pipe, or until there is more than may be.
std::string ReadAnswer(int pipe, uint64_t max_bytes) {
  std::string answer;
  std::array<char, 1 << 16> buffer;
  while (answer.size() <= max_bytes) {
    const ssize_t got = ::read(pipe, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    answer.append(buffer.data(), static_cast<size_t>(got));
  }
  return answer;
}

// Returns why a fork gave no answer.
absl::Status ErrorOf(int wait_status) {
  const auto damaged = absl::StatusCode::kDataLoss;
  if (!WIFSIGNALED(wait_status)) {
    return TextError(damaged, "reading it failed: the file is damaged; save or download it again");
  }
  const int signal = WTERMSIG(wait_status);
  if (signal == SIGALRM || signal == SIGXCPU) {
    return TextError(damaged,
                     "reading it took too long: the file is damaged; save or download it again");
  }
  return TextError(damaged,
                   "reading it crashed ($0): the file is damaged; save or download it again",
                   ::strsignal(signal));
}

absl::StatusOr<std::string> Decode(const std::string& what, std::string answer, int wait_status,
                                   uint64_t max_bytes) {
  if (answer.size() > max_bytes) {
    return TextError(absl::StatusCode::kDataLoss, "$0: holds more than $1 bytes", what, max_bytes);
  }
  if (answer.size() < 2 || answer.back() != kComplete) {
    return Annotate(ErrorOf(wait_status), what);
  }
  const char code = answer.front();
  answer.pop_back();
  answer.erase(0, 1);
  if (code == static_cast<char>(absl::StatusCode::kOk)) return answer;
  return ErrorFromBytes(static_cast<absl::StatusCode>(code), answer);
}

}  // namespace

absl::StatusOr<std::string> RunIsolated(const std::string& what, const IsolationLimits& limits,
                                        absl::FunctionRef<absl::StatusOr<std::string>()> work) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0)
    return ErrnoStatus(errno, "cannot make a pipe for", what);
  const uint64_t address_space_bytes = AddressSpaceBytes();
  const pid_t child = ::fork();
  if (child == 0) {
    PrepareFork(limits, address_space_bytes);
    RunFork(ends[1], work);
  }
  ::close(ends[1]);
  if (child < 0) {
    ::close(ends[0]);
    return TextError(absl::StatusCode::kResourceExhausted,
                     "$0: cannot start a process to read it: $1", what, std::strerror(errno));
  }
  std::string answer = ReadAnswer(ends[0], limits.result_bytes);
  ::close(ends[0]);
  if (answer.size() > limits.result_bytes) ::kill(child, SIGKILL);
  int wait_status = 0;
  while (::waitpid(child, &wait_status, 0) < 0 && errno == EINTR) {
  }
  return Decode(what, std::move(answer), wait_status, limits.result_bytes);
}

}  // namespace convoy::exports
