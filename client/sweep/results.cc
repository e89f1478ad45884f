// Runs that differ in nothing but the seed are a group, with mean and deviation of its metrics. The
// best run is judged by the validation images: to choose by the test images would make their
// accuracy no measure any more.
#include "client/sweep/results.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/view/text.h"
#include "common/api/job_progress.h"
#include "common/base/printable.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kMetrics[] = {"val_accuracy", "test_accuracy"};

bool Succeeded(const TrialResult& result) {
  return result.job.state() == v1::Job::SUCCEEDED && !result.ending;
}

std::optional<double> MetricOf(const TrialResult& result, const std::string& name) {
  for (const v1::Metric& metric : result.job.metrics()) {
    if (metric.name() == name) return metric.value();
  }
  return std::nullopt;
}

// Results that differ in nothing but the seed, in the sweep's order.
using Group = std::vector<const TrialResult*>;

std::vector<Group> GroupsOf(const std::vector<TrialResult>& results) {
  std::vector<Group> groups;
  for (const TrialResult& result : results) {
    const bool same =
        !groups.empty() && groups.back().front()->trial.settings == result.trial.settings;
    if (!same) groups.emplace_back();
    groups.back().push_back(&result);
  }
  return groups;
}

// The metric after the epoch, or after the last one where there are fewer.
std::optional<double> ValueAfter(int epoch, const TrialResult& result, const std::string& metric) {
  if (result.epochs.empty()) return std::nullopt;
  const size_t number = std::min(result.epochs.size(), static_cast<size_t>(epoch));
  for (const v1::Metric& one : result.epochs[number - 1].metrics()) {
    if (one.name() == metric) return one.value();
  }
  return std::nullopt;
}

std::optional<double> MeanAfter(int epoch, const Group& group, const std::string& metric) {
  double sum = 0;
  for (const TrialResult* result : group) {
    const std::optional<double> value = ValueAfter(epoch, *result, metric);
    if (!value || !result->error.empty()) return std::nullopt;
    sum += *value;
  }
  return sum / static_cast<double>(group.size());
}

std::optional<Spread> SpreadIn(const Group& group, const std::string& metric) {
  std::vector<double> values;
  for (const TrialResult* result : group) {
    const std::optional<double> value = MetricOf(*result, metric);
    if (Succeeded(*result) && value) values.push_back(*value);
  }
  if (values.empty()) return std::nullopt;
  return SpreadOf(values);
}

std::string SpreadText(const std::optional<Spread>& spread) {
  if (!spread) return "-";
  if (!spread->deviation) return PercentText(spread->mean);
  return Tr("$0 +- $1 ($2 to $3)", PercentText(spread->mean),
            absl::StrFormat("%.2f", 100 * *spread->deviation),
            absl::StrFormat("%.2f", 100 * spread->least),
            absl::StrFormat("%.2f", 100 * spread->greatest));
}

Json SpreadJson(const std::optional<Spread>& spread) {
  if (!spread) return Json();
  return {{"mean", spread->mean},
          {"deviation", spread->deviation ? Json(*spread->deviation) : Json()},
          {"least", spread->least},
          {"greatest", spread->greatest},
          {"count", spread->count}};
}

Json EndingJson(const std::optional<Ending>& ending) {
  if (!ending) return Json();
  return {{"epoch", ending->epoch},
          {"value", ending->value},
          {"least_kept", ending->least_kept},
          {"place", ending->place},
          {"of", ending->of}};
}

std::string EndingText(const std::optional<Ending>& ending) {
  if (!ending) return "-";
  return Tr("after epoch $0: $1, place $2 of $3", ending->epoch, PercentText(ending->value),
            ending->place, ending->of);
}

Json SettingsJson(const Trial& trial) {
  Json settings = Json::object();
  for (const auto& [field, value] : trial.settings) settings[field] = value;
  return settings;
}

Json RunJson(const TrialResult& result) {
  Json json = {{"name", result.trial.name},
               {"run_directory", result.directory},
               {"settings", SettingsJson(result.trial)},
               {"seed", result.trial.seed},
               {"state", result.job.name().empty() ? "failed" : api::StateName(result.job.state())},
               {"error", result.error.empty() ? Json() : Json(result.error)},
               {"ended", EndingJson(result.ending)},
               {"metrics", Json::object()}};
  for (const v1::Metric& metric : result.job.metrics()) {
    json["metrics"][metric.name()] = metric.value();
  }
  return json;
}

int CountSucceeded(const Group& group) {
  return static_cast<int>(std::count_if(group.begin(), group.end(),
                                        [](const TrialResult* r) { return Succeeded(*r); }));
}

std::string BestText(const std::vector<TrialResult>& results) {
  const TrialResult* best = Best(results);
  if (best == nullptr) return "";
  std::string text = Tr("\nBest by $0: $1", JudgedBy(results), Printable(best->directory));
  for (const char* metric : kMetrics) {
    if (const auto value = MetricOf(*best, metric)) {
      absl::StrAppend(&text, ", ", metric, " ", PercentText(*value));
    }
  }
  return text + "\n";
}

}  // namespace

Spread SpreadOf(const std::vector<double>& values) {
  const auto count = static_cast<double>(values.size());
  Spread spread{.count = static_cast<int>(values.size()),
                .mean = std::accumulate(values.begin(), values.end(), 0.0) / count,
                .deviation = {},
                .least = *std::min_element(values.begin(), values.end()),
                .greatest = *std::max_element(values.begin(), values.end())};
  if (values.size() < 2) return spread;
  double squares = 0;
  for (const double value : values) squares += (value - spread.mean) * (value - spread.mean);
  spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

Round HalveCombinations(int epoch, std::vector<TrialResult>* results) {
  const std::vector<Group> groups = GroupsOf(*results);
  const bool validated = std::all_of(groups.begin(), groups.end(), [epoch](const Group& group) {
    return group.front()->ending || MeanAfter(epoch, group, "val_accuracy") ||
           !MeanAfter(epoch, group, "accuracy");
  });
  Round round{.epoch = epoch, .metric = validated ? "val_accuracy" : "accuracy"};
  std::vector<const Group*> judged;
  std::vector<double> values;
  for (const Group& group : groups) {
    const std::optional<double> mean = MeanAfter(epoch, group, round.metric);
    if (group.front()->ending || !mean) continue;
    judged.push_back(&group);
    values.push_back(*mean);
  }
  const std::vector<std::optional<Ending>> endings = Halve(values, epoch);
  round.combinations = static_cast<int>(judged.size());
  for (size_t i = 0; i < judged.size(); ++i) {
    for (const TrialResult* result : *judged[i]) {
      (*results)[static_cast<size_t>(result - results->data())].ending = endings[i];
    }
    if (endings[i]) {
      round.least_kept = endings[i]->least_kept;
    } else {
      ++round.kept;
    }
  }
  return round;
}

std::string JudgedBy(const std::vector<TrialResult>& results) {
  const bool validated = std::all_of(results.begin(), results.end(), [](const TrialResult& one) {
    return !Succeeded(one) || MetricOf(one, "val_accuracy").has_value();
  });
  return validated ? "val_accuracy" : "test_accuracy";
}

const TrialResult* Best(const std::vector<TrialResult>& results) {
  const std::string metric = JudgedBy(results);
  const TrialResult* best = nullptr;
  for (const TrialResult& result : results) {
    if (!Succeeded(result) || !MetricOf(result, metric)) continue;
    if (best == nullptr || *MetricOf(result, metric) > *MetricOf(*best, metric)) best = &result;
  }
  return best;
}

std::string ResultsText(const std::vector<TrialResult>& results, int columns) {
  std::vector<std::string> headers;
  for (const auto& [field, value] : results.front().trial.settings) headers.push_back(field);
  headers.push_back(Tr("runs"));
  for (const char* metric : kMetrics) headers.emplace_back(metric);
  const bool halved = std::any_of(results.begin(), results.end(),
                                  [](const TrialResult& one) { return one.ending.has_value(); });
  if (halved) headers.push_back(Tr("ended"));
  Table table(headers, std::vector<Align>(headers.size(), Align::kLeft));
  for (const Group& group : GroupsOf(results)) {
    std::vector<std::string> row;
    for (const auto& [field, value] : group.front()->trial.settings)
      row.push_back(Printable(value));
    const int succeeded = CountSucceeded(group);
    row.push_back(succeeded == static_cast<int>(group.size())
                      ? absl::StrCat(succeeded)
                      : Tr("$0 of $1", succeeded, group.size()));
    for (const char* metric : kMetrics) row.push_back(SpreadText(SpreadIn(group, metric)));
    if (halved) row.push_back(EndingText(group.front()->ending));
    table.AddRow(std::move(row));
  }
  return absl::StrCat(table.ToText(columns), BestText(results));
}

Json ResultsJson(const std::vector<TrialResult>& results, const std::vector<Round>& rounds) {
  Json json = {{"judged_by", JudgedBy(results)},
               {"runs", Json::array()},
               {"groups", Json::array()},
               {"halving", Json::array()}};
  for (const Round& round : rounds) {
    json["halving"].push_back({{"epoch", round.epoch},
                               {"metric", round.metric},
                               {"combinations", round.combinations},
                               {"kept", round.kept}});
  }
  for (const TrialResult& result : results) json["runs"].push_back(RunJson(result));
  for (const Group& group : GroupsOf(results)) {
    Json one = {{"settings", SettingsJson(group.front()->trial)}, {"runs", CountSucceeded(group)}};
    for (const char* metric : kMetrics) one[metric] = SpreadJson(SpreadIn(group, metric));
    one["ended"] = EndingJson(group.front()->ending);
    json["groups"].push_back(std::move(one));
  }
  const TrialResult* best = Best(results);
  json["best"] = best == nullptr ? Json() : RunJson(*best);
  return json;
}

}  // namespace convoy::client
