// What people call a run, as the API's message.
#pragma once

#include "absl/status/status.h"
#include "common/run/labels_file.h"
#include "convoy/v1/job.pb.h"

namespace convoy::api {

// The time that is unknown (InfinitePast) is absent in the message.
v1::JobLabels ToProto(const run::Labels& labels);
run::Labels FromProto(const v1::JobLabels& labels);

// As run::CheckLabels.
absl::Status CheckLabels(const v1::JobLabels& labels);

}  // namespace convoy::api
