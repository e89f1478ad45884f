#include "common/run/history_file.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "common/base/text_error.h"

namespace convoy::run {
namespace {

using Json = nlohmann::ordered_json;

// The shortest decimal that reads back to the same double.
std::string Exact(double value) {
  return std::isfinite(value) ? nlohmann::json(value).dump() : absl::StrCat(value);
}

// Whether every entry is a list of numbers or nulls, all of one length, as Keras's history is.
bool IsHistory(const Json& json) {
  const auto is_number = [](const Json& value) { return value.is_number() || value.is_null(); };
  return json.is_object() && std::all_of(json.begin(), json.end(), [&](const Json& values) {
           return values.is_array() && values.size() == json.begin()->size() &&
                  std::all_of(values.begin(), values.end(), is_number);
         });
}

}  // namespace

std::string HistoryToJson(const metrics::History& history) {
  Json json = Json::object();
  for (const metrics::EpochMetrics& epoch : history) {
    for (const auto& [name, value] : epoch) json[name].push_back(value);
  }
  return json.dump(2) + "\n";
}

absl::StatusOr<metrics::History> HistoryFromJson(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!IsHistory(json)) {
    return TextError(absl::StatusCode::kDataLoss,
                     "$0: is damaged, it holds no lists of numbers of one length; trainer --resume "
                     "writes it anew",
                     path);
  }
  metrics::History history(json.empty() ? 0 : json.begin()->size());
  for (const auto& [name, values] : json.items()) {
    for (size_t epoch = 0; epoch < history.size(); ++epoch) {
      history[epoch].emplace_back(name, values[epoch].is_null()
                                            ? std::numeric_limits<double>::quiet_NaN()
                                            : values[epoch].get<double>());
    }
  }
  return history;
}

std::string HistoryToCsv(const metrics::History& history) {
  std::string csv;
  int number = 0;
  for (const metrics::EpochMetrics& epoch : history) {
    const std::map<std::string, double> sorted(epoch.begin(), epoch.end());
    if (number == 0) {
      csv = "epoch";
      for (const auto& [name, value] : sorted) absl::StrAppend(&csv, ",", name);
      csv += "\r\n";
    }
    absl::StrAppend(&csv, number++);
    for (const auto& [name, value] : sorted) absl::StrAppend(&csv, ",", Exact(value));
    csv += "\r\n";
  }
  return csv;
}

}  // namespace convoy::run
