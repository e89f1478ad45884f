#include "common/base/cpus.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace convoy {
namespace {

// Reads whole numbers; one that is missing or "max" is 0.
std::pair<double, double> TwoNumbers(const std::string& first_file,
                                     const std::string& second_file = "") {
  std::ifstream first(first_file);
  std::string quota;
  double period = 0;
  first >> quota;
  if (second_file.empty()) {
    first >> period;
  } else {
    std::ifstream(second_file) >> period;
  }
  return {std::atof(quota.c_str()), period};
}

// The quota in cores of one group, whose folder this is; infinite where there is none.
double QuotaOfFolder(const std::string& folder, bool version2) {
  const auto [quota, period] =
      version2 ? TwoNumbers(folder + "/cpu.max")
               : TwoNumbers(folder + "/cpu.cfs_quota_us", folder + "/cpu.cfs_period_us");
  return quota > 0 && period > 0 ? quota / period : std::numeric_limits<double>::infinity();
}

// The least quota of `group`, such as "/a/b", and the groups that it is in. In a container the path
// is often the host's, of which only the end or nothing is there: then the root is the group.
double QuotaOfGroup(const std::string& root, std::string group, bool version2) {
  double least = QuotaOfFolder(root, version2);
  while (group.size() > 1) {
    least = std::min(least, QuotaOfFolder(root + group, version2));
    group.resize(group.rfind('/'));
  }
  return least;
}

}  // namespace

int QuotaCoresOf(const std::string& groups, const std::string& root) {
  double least = std::numeric_limits<double>::infinity();
  for (const absl::string_view line : absl::StrSplit(groups, '\n', absl::SkipEmpty())) {
    // "ID:CONTROLLERS:PATH"; version 2 has no controllers.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3 || parts[2].empty() || parts[2].front() != '/') continue;
    if (parts[1].empty()) {
      least = std::min(least, QuotaOfGroup(root, parts[2], /*version2=*/true));
      least = std::min(least, QuotaOfGroup(root + "/unified", parts[2], /*version2=*/true));
      continue;
    }
    const std::vector<std::string> controllers = absl::StrSplit(parts[1], ',');
    if (std::find(controllers.begin(), controllers.end(), "cpu") == controllers.end()) continue;
    for (const std::string& mounted : {std::string("cpu"), parts[1]}) {
      least = std::min(least, QuotaOfGroup(absl::StrCat(root, "/", mounted), parts[2], false));
    }
  }
  if (!(least < INT_MAX)) return INT_MAX;
  return std::max(1, static_cast<int>(std::ceil(least)));
}

int QuotaCores() {
  std::ifstream in("/proc/self/cgroup");
  const std::string groups((std::istreambuf_iterator<char>(in)), {});
  return QuotaCoresOf(groups, "/sys/fs/cgroup");
}

int UsableCores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  int cores = 1;
  if (::sched_getaffinity(0, sizeof(set), &set) == 0) cores = CPU_COUNT(&set);
  return std::max(std::min(cores, QuotaCores()), 1);
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "localhost";
  return name.data();
}

int64_t PhysicalMemoryBytes() {
  return int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
}

int64_t PeakRssBytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace convoy
