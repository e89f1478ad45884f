#include "worker/main/run_labels.h"

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "worker/report/reporting.h"

namespace convoy::trainer {

absl::Status LabelRun(const run::Labels& given, report::RunDirectory& directory) {
  if (given.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const run::Labels before, run::ReadLabels(directory.path()));
  if (before.time == absl::InfinitePast()) {
    run::Labels labels = given;
    labels.time = absl::Now();
    return run::WriteLabels(directory.path(), labels);
  }
  if (before.name != given.name || before.tags != given.tags || before.note != given.note) {
    report::Note(directory, i18n::MakeMessage("the run keeps the name, tags and note that it has; "
                                              "convoy note changes them"));
  }
  return absl::OkStatus();
}

}  // namespace convoy::trainer
