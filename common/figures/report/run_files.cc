#include "common/figures/report/run_files.h"

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/run/run_files.h"

namespace convoy::gallery {

absl::StatusOr<RunFiles> ReadRun(const std::string& directory) {
  RunFiles run;
  run.directory = directory;
  run.name = run::RunName(directory);
  run.labels = run::ReadLabels(directory).value_or(run::Labels());
  CONVOY_ASSIGN_OR_RETURN(run.summary, run::ReadSummary(directory));
  CONVOY_ASSIGN_OR_RETURN(run.recipe, run::ReadRecipe(directory));
  CONVOY_ASSIGN_OR_RETURN(run.history, run::ReadHistory(directory));
  const std::string model = run::PathIn(directory, run::kModelFile);
  if (!PathExists(model)) {
    return TextError(
        absl::StatusCode::kNotFound,
        "$0: is missing, as the training is not finished; go on with trainer --run-dir $1 --resume",
        model, directory);
  }
  CONVOY_ASSIGN_OR_RETURN(run.model, evaluate::LoadedModel::Load(model));
  return run;
}

}  // namespace convoy::gallery
