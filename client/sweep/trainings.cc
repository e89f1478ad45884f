// Each training is a process in a session of its own, so that the terminal's Ctrl-C comes to this
// process alone, which passes it on once: a trainer that hears a second one ends without waiting
// for its checkpoint.
#include "client/sweep/trainings.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(50);
constexpr int kCannotStart = 127;

volatile std::sig_atomic_t asked_to_stop = 0;

// Takes the signals that ask to stop, as long as it lives.
class StopSignals {
 public:
  StopSignals() {
    asked_to_stop = 0;
    struct sigaction action = {};
    action.sa_handler = [](int) { asked_to_stop = 1; };
    for (size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &action, &before_[i]);
  }
  ~StopSignals() {
    for (size_t i = 0; i < std::size(kSignals); ++i) ::sigaction(kSignals[i], &before_[i], nullptr);
  }
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  static constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
  struct sigaction before_[std::size(kSignals)];
};

// In the new process: calls nothing that may wait for a lock of the old one's.
[[noreturn]] void Become(char* const* words, int log) {
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  const int nothing = ::open("/dev/null", O_RDWR);
  ::dup2(nothing, STDIN_FILENO);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  ::execvp(words[0], words);
  ::_exit(kCannotStart);
}

absl::StatusOr<pid_t> Start(const Training& training) {
  const int log = ::open(training.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (log < 0) return ErrnoStatus(errno, "cannot write", training.log);
  std::vector<char*> words;
  for (const std::string& word : training.command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  const pid_t pid = ::fork();
  if (pid == 0) Become(words.data(), log);
  const int error = errno;
  ::close(log);
  if (pid < 0) return ErrnoStatus(error, "cannot start", training.command[0]);
  return pid;
}

class Crew {
 public:
  Crew(const std::vector<Training>& trainings, size_t at_once,
       const std::function<absl::Status(size_t, int)>& on_end)
      : trainings_(trainings), at_once_(at_once), on_end_(on_end) {}

  bool done() const { return running_.empty() && (!status_.ok() || next_ == trainings_.size()); }
  const absl::Status& status() const { return status_; }

  void StartMore() {
    while (status_.ok() && running_.size() < at_once_ && next_ < trainings_.size()) {
      const absl::StatusOr<pid_t> pid = Start(trainings_[next_]);
      if (!pid.ok()) return Stop(pid.status());
      running_[*pid] = next_++;
    }
  }

  void Reap() {
    for (auto one = running_.begin(); one != running_.end();) {
      int state = 0;
      if (::waitpid(one->first, &state, WNOHANG) != one->first) {
        ++one;
        continue;
      }
      const int code = WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
      const size_t number = one->second;
      one = running_.erase(one);
      if (absl::Status told = on_end_(number, code); !told.ok()) Stop(told);
    }
  }

  // The first reason is the one that counts; the trainings are asked once.
  void Stop(const absl::Status& why) {
    if (!status_.ok()) return;
    status_ = why;
    for (const auto& [pid, number] : running_) ::kill(pid, SIGTERM);
  }

 private:
  const std::vector<Training>& trainings_;
  const size_t at_once_;
  const std::function<absl::Status(size_t, int)>& on_end_;
  std::map<pid_t, size_t> running_;
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace

std::string TrainerProgram() {
  std::error_code unknown;
  const std::filesystem::path self = std::filesystem::read_symlink("/proc/self/exe", unknown);
  const std::string beside = (self.parent_path() / "trainer").string();
  return !unknown && PathExists(beside) ? beside : "trainer";
}

absl::Status RunTrainings(const std::vector<Training>& trainings, int at_once,
                          const std::function<absl::Status(size_t number, int code)>& on_end) {
  const StopSignals signals;
  Crew crew(trainings, static_cast<size_t>(at_once), on_end);
  while (!crew.done()) {
    if (asked_to_stop != 0) crew.Stop(absl::AbortedError("stopped"));
    crew.StartMore();
    absl::SleepFor(kLook);
    crew.Reap();
  }
  return crew.status();
}

}  // namespace convoy::client
