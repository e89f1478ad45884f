#include "coordinator/monitoring/process_metrics.h"

#include <sys/resource.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"

namespace convoy::monitoring {
namespace {

std::string Read(const char* path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Field `number` of /proc/self/stat as proc(5) counts them, of those behind the program's name.
double Field(const std::vector<std::string>& fields, size_t number) {
  double value = 0;
  const size_t index = number - 3;
  return index < fields.size() && absl::SimpleAtod(fields[index], &value) ? value : 0;
}

// When the machine started, in seconds since 1970.
double BootTime() {
  const std::vector<std::string> lines = absl::StrSplit(Read("/proc/stat"), '\n');
  double seconds = 0;
  for (const std::string& line : lines) {
    if (line.starts_with("btime ")) (void)absl::SimpleAtod(line.substr(6), &seconds);
  }
  return seconds;
}

double CountFds() {
  std::error_code error;
  const std::filesystem::directory_iterator begin("/proc/self/fd", error);
  // One of them reads the directory.
  return error ? 0 : static_cast<double>(std::distance(begin, {}) - 1);
}

}  // namespace

ProcessMetrics ReadProcessMetrics() {
  const std::string stat = Read("/proc/self/stat");
  const size_t name_end = stat.rfind(')');
  const std::vector<std::string> fields =
      absl::StrSplit(name_end == std::string::npos ? "" : stat.substr(name_end + 2), ' ');
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  ProcessMetrics metrics;
  metrics.cpu_seconds = (Field(fields, 14) + Field(fields, 15)) / ticks;
  metrics.threads = Field(fields, 20);
  metrics.start_time_seconds = BootTime() + Field(fields, 22) / ticks;
  metrics.virtual_bytes = Field(fields, 23);
  metrics.resident_bytes = Field(fields, 24) * static_cast<double>(::sysconf(_SC_PAGESIZE));
  metrics.open_fds = CountFds();
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    metrics.max_fds = static_cast<double>(limit.rlim_cur);
  }
  return metrics;
}

}  // namespace convoy::monitoring
