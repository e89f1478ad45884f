#include "common/figures/report/run_files.h"

#include <filesystem>
#include <limits>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::gallery {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxTextBytes = uint64_t{1} << 26;

absl::Status Broken(const std::string& path, const char* wanted) {
  return absl::DataLossError(
      absl::StrCat(path, ": is not ", wanted, " as trainer writes it; copy the run again"));
}

absl::StatusOr<std::string> ReadPart(const std::string& directory, const char* name) {
  const std::string path = absl::StrCat(directory, "/", name);
  absl::StatusOr<std::string> text = ReadFile(path, kMaxTextBytes);
  if (!absl::IsNotFound(text.status())) return text;
  return absl::NotFoundError(absl::StrCat(
      path, ": is missing; name the directory of a finished training (trainer --run-dir)"));
}

// "a/b/" -> "b", "." -> the current directory's name.
std::string NameOf(const std::string& directory) {
  std::error_code error;
  std::filesystem::path path = std::filesystem::absolute(directory, error).lexically_normal();
  if (path.filename().empty()) path = path.parent_path();
  return path.filename().string();
}

}  // namespace

absl::StatusOr<metrics::History> ParseHistory(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) return Broken(path, "a history");
  metrics::History history;
  for (const auto& [name, values] : json.items()) {
    if (!values.is_array()) return Broken(path, "a history");
    if (history.empty()) history.resize(values.size());
    if (values.size() != history.size()) return Broken(path, "a history");
    for (size_t epoch = 0; epoch < values.size(); ++epoch) {
      const Json& value = values[epoch];
      if (!value.is_number() && !value.is_null()) return Broken(path, "a history");
      history[epoch].emplace_back(
          name, value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>());
    }
  }
  return history;
}

absl::StatusOr<metrics::History> ReadHistory(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadPart(directory, "history.json"));
  return ParseHistory(text, directory + "/history.json");
}

absl::StatusOr<RunFiles> ReadRun(const std::string& directory) {
  RunFiles run{.name = NameOf(directory), .summary = {}, .recipe = {}, .history = {}, .model = {}};
  CONVOY_ASSIGN_OR_RETURN(const std::string summary, ReadPart(directory, "summary.json"));
  run.summary = Json::parse(summary, nullptr, /*allow_exceptions=*/false);
  if (!run.summary.is_object()) return Broken(directory + "/summary.json", "a summary");
  CONVOY_ASSIGN_OR_RETURN(run.recipe, ReadPart(directory, "recipe.textproto"));
  CONVOY_ASSIGN_OR_RETURN(run.history, ReadHistory(directory));
  const std::string model = directory + "/model.convoy";
  if (!PathExists(model)) {
    return absl::NotFoundError(absl::StrCat(
        model, ": is missing, as the training is not finished; go on with trainer --run-dir ",
        directory, " --resume"));
  }
  CONVOY_ASSIGN_OR_RETURN(run.model, evaluate::LoadedModel::Load(model));
  return run;
}

}  // namespace convoy::gallery
