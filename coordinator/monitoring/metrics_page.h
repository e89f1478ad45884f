// What Prometheus reads.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "convoy/v1/job.pb.h"

namespace convoy::coordinator {

// Returns the page in Prometheus's text format, version 0.0.4. Only `running` jobs have lines of
// their own, so that their number stays small; of the others `counts` tells how many there are in
// each state.
std::string MetricsPage(const std::vector<v1::Job>& running,
                        const std::vector<std::pair<v1::Job::State, int64_t>>& counts);

}  // namespace convoy::coordinator
