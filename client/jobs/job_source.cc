#include "client/jobs/job_source.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/jobs/local_job.h"
#include "client/jobs/remote_job.h"
#include "common/api/job_progress.h"
#include "common/base/status.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

absl::StatusOr<std::string> NewestJob(Coordinator& coordinator) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, coordinator.ListJobs(1));
  if (jobs.empty()) {
    return absl::NotFoundError(absl::StrCat("the coordinator at ", coordinator.address(),
                                            " has no jobs yet; train with trainer --coordinator ",
                                            coordinator.address()));
  }
  return jobs.front().name();
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobSource>> OpenJob(const std::string& named,
                                                   const Context& context) {
  if (run::IsRun(named) && !absl::StartsWith(named, kJobPrefix)) return NewLocalJob(named);
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<Coordinator> coordinator,
                          Coordinator::Open(context.connection));
  std::string name = JobName(named);
  if (named.empty()) {
    CONVOY_ASSIGN_OR_RETURN(name, NewestJob(*coordinator));
  }
  return NewRemoteJob(std::move(coordinator), name);
}

bool HasEnded(const v1::Job& job) { return api::IsTerminal(job.state()); }

void AddJobArgument(Arguments& arguments, std::string* job) {
  arguments.Positional("JOB", job, "run directory, or name at the coordinator (its newest job)");
}

}  // namespace convoy::client
