#include "client/commands/commands.h"

#include <string>

#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/jobs/job_text.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

class Status : public Command {
 public:
  void AddArguments(Arguments& arguments) override { AddJobArgument(arguments, &job_); }

  std::string Details() const override {
    return Tr(
        "State, progress, newest metrics, what each rank's time goes to, and warnings.\n\n"
        "Examples:\n"
        "  convoy status                 the newest run of ./runs\n"
        "  convoy status first           the run directory runs/first\n"
        "  convoy status first --json    for programs");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenJob(job_, context));
    CONVOY_ASSIGN_OR_RETURN(const v1::Job job, source->Get());
    if (context.json) {
      Print(context, JobToJson(job));
    } else {
      Print(context, JobText(job, TableColumns(context)));
    }
    return absl::OkStatus();
  }

 private:
  std::string job_;
};

}  // namespace

std::unique_ptr<Command> NewStatus() { return std::make_unique<Status>(); }

}  // namespace convoy::client
