#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/jobs/job_text.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"
#include "common/run/history_file.h"

namespace convoy::client {
namespace {

class History : public Command {
 public:
  void AddArguments(Arguments& arguments) override { AddJobArgument(arguments, &job_); }

  std::string Details() const override {
    return Tr(
        "Loss and accuracy of each completed epoch. With --json the object that Keras returns "
        "as\n"
        "History.history: {\"loss\": [...], \"accuracy\": [...], \"val_loss\": [...], ...}.\n\n"
        "Examples:\n"
        "  convoy history runs/first\n"
        "  convoy history runs/first --json > history.json");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenJob(job_, context));
    CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::MetricSample> epochs, source->Epochs());
    const metrics::History history = ToHistory(epochs);
    Print(context, context.json ? run::HistoryToJson(history)
                                : HistoryTable(history, TableColumns(context)));
    return absl::OkStatus();
  }

 private:
  std::string job_;
};

}  // namespace

std::unique_ptr<Command> NewHistory() { return std::make_unique<History>(); }

}  // namespace convoy::client
