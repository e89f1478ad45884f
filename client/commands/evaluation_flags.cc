#include "client/commands/evaluation_flags.h"

#include "client/cli/shared_options.h"
#include "client/models/model_text.h"
#include "common/base/status.h"

namespace convoy::client {

void EvaluationFlags::AddTo(Arguments& arguments) {
  AddModelArgument(arguments, &model_);
  arguments.Text("--data", &data_,
                 "directory of the IDX files, or 'generated' (found as by the trainer)");
  arguments.Choice("--split", &split_, {"test", "validation", "train"},
                   "test, validation or train, as the model's recipe cut them (test)");
}

EvaluationRequest EvaluationFlags::Request() const {
  const v1::Split split = split_ == "train"        ? v1::TRAIN
                          : split_ == "validation" ? v1::VALIDATION
                                                   : v1::TEST;
  return {.data = data_, .split = split};
}

absl::StatusOr<std::optional<bool>> AskTrainedOn(ModelSource& source,
                                                 const v1::EvaluateModelResponse& evaluation) {
  CONVOY_ASSIGN_OR_RETURN(const v1::TrainedModel model, source.Describe());
  return TrainedOn(model, evaluation);
}

std::string OtherImagesLine(const std::optional<bool>& trained_on) {
  return trained_on.value_or(true) ? ""
                                   : "These are not the images that the model was trained on.\n";
}

}  // namespace convoy::client
