// A job as a coordinator knows it.
#pragma once

#include <memory>
#include <string>

#include "client/jobs/job_source.h"
#include "client/remote/coordinator.h"

namespace convoy::client {

// `name` is whole: "jobs/first".
std::unique_ptr<JobSource> NewRemoteJob(std::unique_ptr<Coordinator> coordinator,
                                        const std::string& name);

}  // namespace convoy::client
