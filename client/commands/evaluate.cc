#include "client/commands/commands.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "client/commands/evaluation_flags.h"
#include "client/commands/output.h"
#include "client/models/model_json.h"
#include "client/models/model_text.h"
#include "common/base/status.h"
#include "common/data/noise.h"
#include "common/i18n/translate.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

class Evaluate : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    flags_.AddTo(arguments);
    arguments.WholeNumber("--mistakes", &mistakes_, 0, 1000, "worst mistakes to list (10)");
    arguments.Number("--noise", &noise_, 0, data::kMaxNoiseLevel,
                     "standard deviation of noise on the pixels, which go from 0 to 1 (0)");
    arguments.WholeNumber("--seed", &seed_, 0, INT64_MAX, "of the noise (42)");
  }

  std::string Details() const override {
    return Tr(
        "Loss, accuracy, each class's precision and recall, and the worst mistakes. On the "
        "images\n"
        "that it was trained with this is the trainer's own test accuracy, to the bit. Of more "
        "than\n"
        "100 classes those with the lowest F1 are listed, with --json all.\n\n"
        "Examples:\n"
        "  convoy evaluate runs/first\n"
        "  convoy evaluate --model model.convoy --data data/mnist --split validation\n"
        "  convoy evaluate first --noise 0.3 --json");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(flags_.model(), context));
    EvaluationRequest request = flags_.Request();
    request.max_mistakes = static_cast<int>(mistakes_);
    request.noise_level = noise_;
    request.noise_seed = static_cast<uint64_t>(seed_);
    terminal::Activity activity(context.err, !context.json);
    activity.Show(Tr("Evaluating $0", source->Where()));
    CONVOY_ASSIGN_OR_RETURN(const v1::EvaluateModelResponse evaluation, source->Evaluate(request));
    activity.Clear();
    if (context.json) {
      nlohmann::ordered_json json = {{"model", source->Where()}, {"noise_level", noise_}};
      json.update(EvaluationToJson(evaluation));
      Print(context, json);
    } else {
      Print(context, absl::StrCat(Tr("$0: ", source->Where()),
                                  EvaluationText(evaluation, TableColumns(context))));
    }
    return absl::OkStatus();
  }

 private:
  EvaluationFlags flags_;
  int64_t mistakes_ = 10;
  double noise_ = 0;
  int64_t seed_ = 42;
};

}  // namespace

std::unique_ptr<Command> NewEvaluate() { return std::make_unique<Evaluate>(); }

}  // namespace convoy::client
