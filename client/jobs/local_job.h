// A job as its run directory tells it.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "client/jobs/job_source.h"

namespace convoy::client {

// Reads `directory` anew with every call. A run that says it is running though no trainer works
// there is LOST. Errors as run::ReadSummary.
std::unique_ptr<JobSource> NewLocalJob(const std::string& directory);

}  // namespace convoy::client
