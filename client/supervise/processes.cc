#include "client/supervise/processes.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/files.h"
#include "common/base/text_error.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds kPatience{20};
constexpr std::chrono::milliseconds kPoll{10};
constexpr char kRankVariable[] = "OMPI_COMM_WORLD_RANK=";

// Files of /proc have no size that ReadFile could go by. Empty for a process that has ended.
std::string ReadProc(pid_t pid, const char* name) {
  std::ifstream file(absl::StrCat("/proc/", pid, "/", name), std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// "1234 (name with ) and blanks) T 1 ...".
bool IsStopped(pid_t pid) {
  const std::string stat = ReadProc(pid, "stat");
  const size_t name_end = stat.rfind(") ");
  return name_end != std::string::npos && stat.compare(name_end + 2, 2, "T ") == 0;
}

std::vector<pid_t> AllProcesses() {
  std::vector<pid_t> pids;
  std::error_code error;
  for (fs::directory_iterator entry("/proc", error), end; !error && entry != end;
       entry.increment(error)) {
    pid_t pid = 0;
    if (absl::SimpleAtoi(entry->path().filename().string(), &pid)) pids.push_back(pid);
  }
  return pids;
}

// Children that have ended stay until somebody asks how.
void Reap() {
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
  }
}

}  // namespace

absl::StatusOr<std::string> MarkOf(const std::string& run_dir) {
  std::error_code error;
  const std::string path = fs::canonical(run_dir, error).string();
  struct stat directory = {};
  if (error || ::stat(path.c_str(), &directory) != 0) {
    return ErrnoStatus(error ? error.value() : errno, "cannot read", run_dir);
  }
  return absl::StrCat("CONVOY_SUPERVISED=", directory.st_dev, ":", directory.st_ino, ":", path);
}

std::vector<MarkedProcess> FindMarked(const std::string& mark) {
  std::vector<MarkedProcess> found;
  for (const pid_t pid : AllProcesses()) {
    MarkedProcess process{.pid = pid};
    bool marked = false;
    const std::string environment = ReadProc(pid, "environ");
    for (const absl::string_view variable : absl::StrSplit(environment, '\0')) {
      marked = marked || variable == mark;
      if (absl::StartsWith(variable, kRankVariable)) {
        process.rank = std::string(variable.substr(sizeof(kRankVariable) - 1));
      }
    }
    if (!marked || pid == ::getpid()) continue;
    process.stopped = IsStopped(pid);
    found.push_back(process);
  }
  return found;
}

absl::Status EndMarked(const std::string& mark) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  for (;;) {
    Reap();
    const std::vector<MarkedProcess> left = FindMarked(mark);
    if (left.empty()) return absl::OkStatus();
    if (std::chrono::steady_clock::now() > deadline) {
      return TextError(absl::StatusCode::kDeadlineExceeded,
                       "process $0 of an earlier start does not die; is its disk or network gone?",
                       left.front().pid);
    }
    for (const MarkedProcess& process : left) ::kill(process.pid, SIGKILL);
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace convoy::client
