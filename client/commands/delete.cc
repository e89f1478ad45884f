#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/commands/output.h"
#include "client/jobs/remote_job.h"
#include "client/remote/coordinator.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

class Delete : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositionals("JOB", &jobs_, "names of jobs at the coordinator");
  }

  std::string Details() const override {
    return Tr(
        "Removes jobs with their metrics, events and models from the coordinator. What a "
        "training\n"
        "left in its run directory stays. A running job must be cancelled first.\n\n"
        "Example:\n"
        "  convoy delete first second");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator,
                            Coordinator::Open(context.connection, context.verbose));
    auto deleted = nlohmann::ordered_json::array();
    for (const std::string& job : jobs_) {
      CONVOY_RETURN_IF_ERROR(Annotate(coordinator->DeleteJob(api::WholeJobName(job)), job));
      deleted.push_back(job);
      if (!context.json) Print(context, Tr("$0: deleted\n", job));
    }
    if (context.json) Print(context, nlohmann::ordered_json{{"deleted", deleted}});
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> jobs_;
};

}  // namespace

std::unique_ptr<Command> NewDelete() { return std::make_unique<Delete>(); }

}  // namespace convoy::client
