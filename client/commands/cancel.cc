#include "client/commands/commands.h"

#include <string>

#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/remote_job.h"
#include "client/remote/coordinator.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

class Cancel : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("JOB", &job_, "name of a job at the coordinator");
  }

  std::string Details() const override {
    return Tr(
        "The trainer writes a checkpoint and ends within two seconds (exit code 76); the job "
        "is\n"
        "not to be resumed. Calling it again changes nothing.\n\n"
        "Example:\n"
        "  convoy cancel first");
  }

  absl::Status Run(const Context& context) override {
    if (run::IsPath(job_) && !api::IsWholeName(job_)) {
      return absl::InvalidArgumentError(
          Tr("$0: is a directory; a training without a coordinator is stopped by a signal: kill "
             "-TERM to trainer, kill -USR1 to mpirun",
             job_));
    }
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator,
                            Coordinator::Open(context.connection, context.verbose));
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job, coordinator->CancelJob(api::WholeJobName(job_)));
    if (context.json) {
      Print(context, JobToJson(job));
    } else if (job.state() == v1::Job::CANCELLED) {
      Print(context, Tr("$0: cancelled\n", JobId(job)));
    } else {
      Print(context, Tr("$0: asked to stop; convoy watch $0 shows when it has\n", JobId(job)));
    }
    return absl::OkStatus();
  }

 private:
  std::string job_;
};

}  // namespace

std::unique_ptr<Command> NewCancel() { return std::make_unique<Cancel>(); }

}  // namespace convoy::client
