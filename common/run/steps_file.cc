#include "common/run/steps_file.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

constexpr uint64_t kMaxStepsBytes = uint64_t{64} << 20;
constexpr int64_t kTailBytes = 4096;
constexpr char kHeader[] = "step,epoch,loss,accuracy,images_per_second\r\n";

std::string ToCsv(const std::vector<StepRow>& rows) {
  std::string text;
  for (const StepRow& row : rows) {
    absl::StrAppendFormat(&text, "%d,%d,%.9g,%.9g,%.0f\r\n", row.step, row.epoch, row.loss,
                          row.accuracy, row.images_per_second);
  }
  return text;
}

bool ReadRow(absl::string_view line, StepRow* row) {
  const std::vector<absl::string_view> cells = absl::StrSplit(line, ',');
  return cells.size() == 5 && absl::SimpleAtoi(cells[0], &row->step) &&
         absl::SimpleAtoi(cells[1], &row->epoch) && absl::SimpleAtod(cells[2], &row->loss) &&
         absl::SimpleAtod(cells[3], &row->accuracy) &&
         absl::SimpleAtod(cells[4], &row->images_per_second);
}

std::vector<StepRow> RowsOf(const std::string& text) {
  std::vector<StepRow> rows;
  std::vector<absl::string_view> lines = absl::StrSplit(text, "\r\n");
  lines.pop_back();  // not ended yet, or empty
  for (absl::string_view line : lines) {
    absl::ConsumePrefix(&line, "\n");
    StepRow row;
    if (ReadRow(line, &row)) rows.push_back(row);
  }
  return rows;
}

}  // namespace

absl::Status BeginSteps(const std::string& directory, int64_t step) {
  std::vector<StepRow> kept;
  for (const StepRow& row : ReadSteps(directory)) {
    if (row.step <= step) kept.push_back(row);
  }
  return WriteFileAtomically(PathIn(directory, kStepsFile), kHeader + ToCsv(kept));
}

absl::Status AppendSteps(const std::string& directory, const std::vector<StepRow>& rows) {
  return AppendToFile(PathIn(directory, kStepsFile), ToCsv(rows));
}

std::vector<StepRow> ReadSteps(const std::string& directory) {
  const absl::StatusOr<std::string> text = ReadFile(PathIn(directory, kStepsFile), kMaxStepsBytes);
  return text.ok() ? RowsOf(*text) : std::vector<StepRow>();
}

std::optional<StepRow> LastStep(const std::string& directory) {
  const std::string path = PathIn(directory, kStepsFile);
  std::error_code unknown;
  // A pipe in its place would keep us waiting.
  if (!std::filesystem::is_regular_file(path, unknown)) return std::nullopt;
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) return std::nullopt;
  const auto size = static_cast<int64_t>(file.tellg());
  std::string tail(static_cast<size_t>(std::clamp<int64_t>(size, 0, kTailBytes)), '\0');
  file.seekg(size - static_cast<int64_t>(tail.size()));
  file.read(tail.data(), static_cast<std::streamsize>(tail.size()));
  // The first line of the tail may be the end of one, which could look like a row.
  const size_t begin = size > kTailBytes ? tail.find('\n') : 0;
  if (!file || begin == std::string::npos) return std::nullopt;
  const std::vector<StepRow> rows = RowsOf(tail.substr(begin));
  return rows.empty() ? std::nullopt : std::optional<StepRow>(rows.back());
}

}  // namespace convoy::run
