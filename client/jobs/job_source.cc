#include "client/jobs/job_source.h"

#include "client/jobs/local_job.h"
#include "client/jobs/remote_job.h"
#include "client/names/names.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

// Returns `named`, or the newest job where it is empty; in both cases the coordinator has it.
absl::StatusOr<std::string> FindJob(Coordinator& coordinator, const std::string& named) {
  if (!named.empty()) {
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job, coordinator.GetJob(api::WholeJobName(named)));
    return job.name();
  }
  CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::Job> jobs, coordinator.ListJobs(1));
  if (jobs.empty()) {
    return absl::NotFoundError(
        Tr("the coordinator at $0 has no jobs yet; train with trainer --coordinator $0",
           coordinator.address()));
  }
  return jobs.front().name();
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobSource>> OpenJob(const std::string& named,
                                                   const Context& context) {
  const std::string& asked = named.empty() ? context.model : named;
  CONVOY_ASSIGN_OR_RETURN(const Place place, FindPlace(asked, WantedThing::kJob, context));
  if (place.here) return NewLocalJob(place.name);
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<Coordinator> coordinator,
                          Coordinator::Open(context.connection, context.verbose));
  const absl::StatusOr<std::string> name = FindJob(*coordinator, place.name);
  if (!name.ok()) return ExplainMissing(name.status(), place.name, context);
  return NewRemoteJob(std::move(coordinator), *name);
}

bool HasEnded(const v1::Job& job) { return api::IsTerminal(job.state()); }

void AddJobArgument(Arguments& arguments, std::string* job) {
  arguments.Positional("JOB", job, "run directory, or name at the coordinator (the newest)");
}

}  // namespace convoy::client
