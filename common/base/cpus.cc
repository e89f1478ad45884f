#include "common/base/cpus.h"

#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <limits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace convoy {
namespace {

constexpr double kInfinite = std::numeric_limits<double>::infinity();
constexpr char kGroups[] = "/sys/fs/cgroup";

// What a limit is called in the two versions of control groups, and how a folder's is read:
// infinite where there is none.
struct Limit {
  const char* controller;  // of version 1
  double (*of_folder)(const std::string& folder, bool version2);
};

// Returns the number at the beginning of a file; 0 where it is missing or another word, as "max".
double NumberIn(const std::string& file) {
  std::ifstream in(file);
  std::string number;
  in >> number;
  return std::atof(number.c_str());
}

double CoresOfFolder(const std::string& folder, bool version2) {
  double quota = 0;
  double period = 0;
  if (version2) {
    std::ifstream in(folder + "/cpu.max");
    std::string first;
    in >> first >> period;
    quota = std::atof(first.c_str());
  } else {
    quota = NumberIn(folder + "/cpu.cfs_quota_us");
    period = NumberIn(folder + "/cpu.cfs_period_us");
  }
  return quota > 0 && period > 0 ? quota / period : kInfinite;
}

double BytesOfFolder(const std::string& folder, bool version2) {
  const double bytes = NumberIn(folder + (version2 ? "/memory.max" : "/memory.limit_in_bytes"));
  return bytes > 0 ? bytes : kInfinite;
}

constexpr Limit kCores = {"cpu", CoresOfFolder};
constexpr Limit kBytes = {"memory", BytesOfFolder};

// The least limit of `group`, such as "/a/b", and the groups that it is in. In a container the path
// is often the host's, of which only the end or nothing is there: then the root is the group.
double LeastOfGroup(const Limit& limit, const std::string& root, std::string group, bool version2) {
  double least = limit.of_folder(root, version2);
  while (group.size() > 1) {
    least = std::min(least, limit.of_folder(root + group, version2));
    group.resize(group.rfind('/'));
  }
  return least;
}

// The least limit of the groups in `groups`, the content of /proc/self/cgroup, and of those that
// they are in.
double LeastOf(const Limit& limit, const std::string& groups, const std::string& root) {
  double least = kInfinite;
  for (const absl::string_view line : absl::StrSplit(groups, '\n', absl::SkipEmpty())) {
    // "ID:CONTROLLERS:PATH"; version 2 has no controllers.
    const std::vector<std::string> parts = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (parts.size() != 3 || parts[2].empty() || parts[2].front() != '/') continue;
    if (parts[1].empty()) {
      least = std::min(least, LeastOfGroup(limit, root, parts[2], /*version2=*/true));
      least = std::min(least, LeastOfGroup(limit, root + "/unified", parts[2], /*version2=*/true));
      continue;
    }
    const std::vector<std::string> all = absl::StrSplit(parts[1], ',');
    if (std::find(all.begin(), all.end(), limit.controller) == all.end()) continue;
    for (const std::string& mounted : {std::string(limit.controller), parts[1]}) {
      least =
          std::min(least, LeastOfGroup(limit, absl::StrCat(root, "/", mounted), parts[2], false));
    }
  }
  return least;
}

std::string OwnGroups() {
  std::ifstream in("/proc/self/cgroup");
  return std::string((std::istreambuf_iterator<char>(in)), {});
}

}  // namespace

int QuotaCoresOf(const std::string& groups, const std::string& root) {
  const double least = LeastOf(kCores, groups, root);
  if (!(least < INT_MAX)) return INT_MAX;
  return std::max(1, static_cast<int>(std::ceil(least)));
}

int64_t MemoryLimitOf(const std::string& groups, const std::string& root) {
  constexpr double kMost = 9e18;
  const double least = LeastOf(kBytes, groups, root);
  return least < kMost ? static_cast<int64_t>(least) : INT64_MAX;
}

int QuotaCores() { return QuotaCoresOf(OwnGroups(), kGroups); }

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

int64_t UsableMemoryBytes() {
  const int64_t computer = int64_t{::sysconf(_SC_PHYS_PAGES)} * ::sysconf(_SC_PAGESIZE);
  rlimit limit{};
  ::getrlimit(RLIMIT_AS, &limit);
  const int64_t process =
      limit.rlim_cur < INT64_MAX ? static_cast<int64_t>(limit.rlim_cur) : INT64_MAX;
  return std::min({computer, process, MemoryLimitOf(OwnGroups(), kGroups)});
}

int64_t PeakRssBytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return int64_t{usage.ru_maxrss} * 1024;
}

}  // namespace convoy
