// What a trainer may tell: checked before anything is done with it.
#pragma once

#include "absl/status/status.h"
#include "convoy/worker/v1/worker_service.pb.h"

namespace convoy::coordinator {

// Return INVALID_ARGUMENT, naming the field, for what cannot be right.
absl::Status Check(const worker::v1::RegisterJobRequest& request);
absl::Status Check(const worker::v1::ReportProgressRequest& request);
absl::Status Check(const worker::v1::HeartbeatRequest& request);
absl::Status Check(const worker::v1::ModelHeader& header);

}  // namespace convoy::coordinator
