#include "common/run/job_facts.h"

#include <algorithm>
#include <numeric>

namespace convoy::run {

std::vector<std::string> JobFacts::DistinctHosts() const {
  std::vector<std::string> distinct;
  for (const std::string& host : hosts) {
    if (std::find(distinct.begin(), distinct.end(), host) == distinct.end()) {
      distinct.push_back(host);
    }
  }
  return distinct;
}

int JobFacts::TotalThreads() const { return std::accumulate(threads.begin(), threads.end(), 0); }

}  // namespace convoy::run
