#include "client/commands/commands.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/evaluation_flags.h"
#include "client/commands/output.h"
#include "client/models/model_json.h"
#include "client/models/model_text.h"
#include "client/view/text.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

class Confusion : public Command {
 public:
  void AddArguments(Arguments& arguments) override { flags_.AddTo(arguments); }

  std::string Details() const override {
    return Tr(
        "A row a true class, a column what it was taken for: what stands off the diagonal are "
        "the\n"
        "mistakes. Of more than 100 classes the most frequent mistakes, as a list. With --json "
        "all\n"
        "numbers of convoy evaluate.\n\n"
        "Examples:\n"
        "  convoy confusion runs/first\n"
        "  convoy confusion first --split validation");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(flags_.model(), context));
    terminal::Activity activity(context.err, !context.json);
    activity.Show(Tr("Evaluating $0", source->Where()));
    CONVOY_ASSIGN_OR_RETURN(const v1::EvaluateModelResponse evaluation,
                            source->Evaluate(flags_.Request()));
    activity.Clear();
    if (context.json) {
      nlohmann::ordered_json json = {{"model", source->Where()}};
      json.update(EvaluationToJson(evaluation));
      Print(context, json);
    } else {
      Print(context, Tr("$0: $1, $2 right\n", source->Where(), ImagesText(evaluation),
                        PercentText(evaluation.accuracy())) +
                         "\n" + ConfusionText(evaluation, TableColumns(context)));
    }
    return absl::OkStatus();
  }

 private:
  EvaluationFlags flags_;
};

}  // namespace

std::unique_ptr<Command> NewConfusion() { return std::make_unique<Confusion>(); }

}  // namespace convoy::client
