#include "client/commands/evaluation_flags.h"

#include "client/cli/shared_options.h"
#include "common/i18n/translate.h"

namespace convoy::client {

void EvaluationFlags::AddTo(Arguments& arguments) {
  AddModelArgument(arguments, &model_);
  arguments.Text("--data", &data_,
                 "directory of the IDX files, or 'generated' (found as by the trainer)");
  arguments.Choice("--split", &split_, {"test", "validation", "train"},
                   Tr("test, validation or train, as the model's recipe cut them (test)"));
}

EvaluationRequest EvaluationFlags::Request() const {
  const v1::Split split = split_ == "train"        ? v1::TRAIN
                          : split_ == "validation" ? v1::VALIDATION
                                                   : v1::TEST;
  return {.data = data_, .split = split};
}

}  // namespace convoy::client
