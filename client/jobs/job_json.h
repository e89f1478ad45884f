// Jobs as JSON, for programs. Keys are added, never changed.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "common/metrics/history.h"
#include "convoy/v1/job.pb.h"

namespace convoy::client {

// Returns the job's id: "first" for "jobs/first".
std::string JobId(const v1::Job& job);

// Returns at least name (the id), state, epoch, epochs, step, progress_percentage,
// estimated_remaining_seconds (null where unknown), metrics (an object), world_size, update_time
// (RFC 3339 in UTC; null where unknown).
nlohmann::ordered_json JobToJson(const v1::Job& job);

// Returns the metrics of the epochs as Keras's history has them.
metrics::History ToHistory(const std::vector<v1::MetricSample>& epochs);

}  // namespace convoy::client
