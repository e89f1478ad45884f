#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "client/commands/output.h"
#include "client/models/model_json.h"
#include "client/models/model_source.h"
#include "client/models/model_text.h"
#include "client/names/names.h"
#include "client/remote/coordinator.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

class Models : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.Positional("DIRECTORY", &directory_,
                         "list the models of the runs in it (./runs, or the coordinator's)");
    arguments.WholeNumber("--limit", &limit_, 1, 1000000, "only the newest N (50)");
  }

  std::string Details() const override {
    return Tr(
        "The newest first. With --model only that one.\n\n"
        "Examples:\n"
        "  convoy models             of the finished runs in ./runs\n"
        "  convoy models --coordinator server:50051    what the coordinator has\n"
        "  convoy models --model runs/first --json");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::TrainedModel> models, List(context));
    if (context.json) {
      auto list = nlohmann::ordered_json::array();
      for (const v1::TrainedModel& model : models) list.push_back(ModelToJson(model));
      Print(context, list);
    } else {
      Print(context,
            models.empty() ? Tr("no models yet\n") : ModelsTable(models, TableColumns(context)));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<std::vector<v1::TrainedModel>> List(const Context& context) const {
    if (directory_.empty() && !context.model.empty()) {
      CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel("", context));
      CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, source->Describe());
      return std::vector<v1::TrainedModel>{std::move(model)};
    }
    CONVOY_ASSIGN_OR_RETURN(const auto runs, FindRuns(directory_, context));
    if (runs) return Local(*runs, context);
    CONVOY_ASSIGN_OR_RETURN(const auto coordinator,
                            Coordinator::Open(context.connection, context.verbose));
    auto models = coordinator->ListModels(static_cast<size_t>(limit_));
    if (!models.ok()) return ExplainMissing(models.status(), "", context);
    return models;
  }

  absl::StatusOr<std::vector<v1::TrainedModel>> Local(const std::vector<std::string>& runs,
                                                      const Context& context) const {
    std::vector<v1::TrainedModel> models;
    for (const std::string& directory : runs) {
      if (models.size() == static_cast<size_t>(limit_)) break;
      if (!PathExists(run::PathIn(directory, run::kModelFile))) continue;  // not finished
      const auto source = OpenModel(run::PathIn(directory, run::kModelFile), Context{});
      const auto model = source.ok() ? (*source)->Describe() : source.status();
      if (model.ok()) {
        models.push_back(*model);
      } else {  // one damaged file must not hide the others
        PrintNote(context, i18n::InUsersLanguage(model.status()));
      }
    }
    return models;
  }

  std::string directory_;
  int64_t limit_ = 50;
};

}  // namespace

std::unique_ptr<Command> NewModels() { return std::make_unique<Models>(); }

}  // namespace convoy::client
