// The story of a finished run, in the notebook's order: all figures and report.html.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/figures/report/run_files.h"
#include "common/figures/texts.h"

namespace convoy::gallery {

struct ReportFile {
  std::string name;  // "report.html", "figures/confusion.svg"
  std::string content;
};

struct ReportOptions {
  figures::Language language = figures::Language::kEnglish;
  int threads = 1;  // to evaluate with; the report does not depend on it
  // Is told before each step what it draws, a figure's name, and how many of all steps are done;
  // may be empty.
  std::function<void(const std::string& figure, int done, int total)> progress;
};

// Draws every figure, as PNG and SVG, and writes the page that holds them all: one file that needs
// no other. `data` are those of the run. Errors as Gallery's.
absl::StatusOr<std::vector<ReportFile>> MakeReport(const RunFiles& run,
                                                   const data::DatasetView& train,
                                                   const data::DatasetView& test,
                                                   const ReportOptions& options);

// Reads the run, makes its report and writes the files into `directory`, each atomically. Returns
// the errors of ReadRun, MakeReport and of writing.
absl::Status WriteReport(const std::string& directory, const data::DatasetView& train,
                         const data::DatasetView& test, const ReportOptions& options);

}  // namespace convoy::gallery
