#include "common/metrics/history.h"

#include <map>
#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"

namespace convoy::metrics {
namespace {

// The shortest decimal that reads back to the same double.
std::string Exact(double value) { return nlohmann::json(value).dump(); }

}  // namespace

std::string HistoryToJson(const History& history) {
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  for (const EpochMetrics& epoch : history) {
    for (const auto& [name, value] : epoch) json[name].push_back(value);
  }
  return json.dump(2) + "\n";
}

std::string HistoryToCsv(const History& history) {
  std::string csv;
  int number = 0;
  for (const EpochMetrics& epoch : history) {
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

}  // namespace convoy::metrics
