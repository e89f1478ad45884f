// --name, --tag and --note: what people call a run.
#pragma once

#include "absl/status/status.h"
#include "common/run/labels_file.h"
#include "worker/report/run_directory.h"

namespace convoy::trainer {

// Writes the labels into the directory of a run that has none. One that has some keeps them,
// because `convoy run` gives the same flags with each start and `convoy note` may have changed them
// since; where they are others, a note says so. Returns the errors of reading and writing them.
absl::Status LabelRun(const run::Labels& given, report::RunDirectory& directory);

}  // namespace convoy::trainer
