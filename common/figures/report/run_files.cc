#include "common/figures/report/run_files.h"

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/run/run_files.h"

namespace convoy::gallery {

absl::StatusOr<RunFiles> ReadRun(const std::string& directory) {
  RunFiles run{
      .name = run::RunName(directory), .summary = {}, .recipe = {}, .history = {}, .model = {}};
  CONVOY_ASSIGN_OR_RETURN(run.summary, run::ReadSummary(directory));
  CONVOY_ASSIGN_OR_RETURN(run.recipe, run::ReadRecipe(directory));
  CONVOY_ASSIGN_OR_RETURN(run.history, run::ReadHistory(directory));
  const std::string model = run::PathIn(directory, run::kModelFile);
  if (!PathExists(model)) {
    return absl::NotFoundError(absl::StrCat(
        model, ": is missing, as the training is not finished; go on with trainer --run-dir ",
        directory, " --resume"));
  }
  CONVOY_ASSIGN_OR_RETURN(run.model, evaluate::LoadedModel::Load(model));
  return run;
}

}  // namespace convoy::gallery
