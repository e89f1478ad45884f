// What a trainer may tell, and people may change: checked before anything is done with it.
#pragma once

#include <set>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "convoy/v1/job_service.pb.h"
#include "convoy/worker/v1/worker_service.pb.h"

namespace convoy::coordinator {

// Return INVALID_ARGUMENT, naming the field, for what cannot be right.
absl::Status Check(const worker::v1::RegisterJobRequest& request);
absl::Status Check(const worker::v1::ReportProgressRequest& request);
absl::Status Check(const worker::v1::HeartbeatRequest& request);
absl::Status Check(const worker::v1::ModelHeader& header);

// Returns what becomes of a job's labels by the request. Returns INVALID_ARGUMENT, naming the
// field, for one that cannot be changed, and for labels beyond their bounds.
absl::StatusOr<v1::JobLabels> ChangedLabels(const v1::JobLabels& before,
                                            const v1::UpdateJobRequest& request);

// Whether `convoy run` notes events of its type.
bool IsOfSupervisor(const v1::Event& event);

// Returns the names of the metrics in the samples, INVALID_ARGUMENT if they are more than a job may
// have.
absl::StatusOr<std::set<std::string>> MetricNames(const worker::v1::ReportProgressRequest& request);

}  // namespace convoy::coordinator
