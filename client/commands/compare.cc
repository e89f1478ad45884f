// `convoy compare`: several jobs side by side. Each fact is a row and each job a column, so that
// two jobs fit an ordinary terminal; below it, what differs in the recipes, the layers that differ
// from those of the first job, and a curve a job on one scale.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/commands/commands.h"
#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/jobs/job_text.h"
#include "client/jobs/recipe_difference.h"
#include "client/view/spark.h"
#include "client/view/text.h"
#include "common/api/job_progress.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/figures/comparison_figure.h"
#include "common/figures/texts.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostCompared = 8;
constexpr int kCurveColumns = 40;

struct Compared {
  std::string name;  // as it was typed
  v1::Job job;
  metrics::History history;
};

// The metric at each epoch; epochs without it are left out.
std::vector<double> MetricValues(const metrics::History& history, const std::string& metric) {
  std::vector<double> values;
  for (const metrics::EpochMetrics& epoch : history) {
    for (const auto& [name, value] : epoch) {
      if (name == metric && std::isfinite(value)) values.push_back(value);
    }
  }
  return values;
}

// What is best is judged by: validation where every job has it, else training.
std::string JudgedBy(const std::vector<Compared>& jobs) {
  const bool validated = std::all_of(jobs.begin(), jobs.end(), [](const Compared& one) {
    return !MetricValues(one.history, "val_accuracy").empty();
  });
  return validated ? "val_accuracy" : "accuracy";
}

std::string MetricCellOf(const v1::Job& job, const std::string& name) {
  for (const v1::Metric& metric : job.metrics()) {
    if (metric.name() != name) continue;
    return absl::EndsWith(name, "accuracy") ? PercentText(metric.value())
                                            : MetricText(metric.value());
  }
  return "-";
}

std::string BestText(const metrics::History& history, const std::string& metric) {
  const std::vector<double> values = MetricValues(history, metric);
  if (values.empty()) return "-";
  const auto best = std::max_element(values.begin(), values.end());
  return Tr("$0 (epoch $1)", PercentText(*best), best - values.begin() + 1);
}

template <typename Text>
void AddRow(const std::vector<Compared>& jobs, const std::string& title, Text text, Table* table) {
  std::vector<std::string> row = {title};
  for (const Compared& one : jobs) row.push_back(text(one));
  table->AddRow(std::move(row));
}

Table TableOf(const std::string& corner, const std::vector<Compared>& jobs) {
  std::vector<std::string> headers = {corner};
  for (const Compared& one : jobs) headers.push_back(one.name);
  return Table(headers, std::vector<Align>(headers.size(), Align::kLeft));
}

std::string FactsText(const std::vector<Compared>& jobs, int columns) {
  const std::string judged_by = JudgedBy(jobs);
  Table table = TableOf("", jobs);
  const auto add_if_any = [&](const std::string& title, std::string (*text)(const v1::Job&)) {
    if (std::none_of(jobs.begin(), jobs.end(), [&](const auto& c) { return !text(c.job).empty(); }))
      return;
    AddRow(
        jobs, title, [&](const Compared& c) { return text(c.job); }, &table);
  };
  add_if_any(Tr("name"), DisplayName);
  add_if_any(Tr("tags"), TagsText);
  AddRow(
      jobs, Tr("state"), [](const Compared& c) { return StateText(c.job.state()); }, &table);
  AddRow(
      jobs, Tr("network"), [](const Compared& c) { return c.job.setup().network(); }, &table);
  AddRow(
      jobs, Tr("parameters"),
      [](const Compared& c) { return TrThousands(c.job.setup().parameter_count()); }, &table);
  AddRow(
      jobs, Tr("epochs"),
      [](const Compared& c) { return Tr("$0 of $1", c.job.completed_epochs(), c.job.epochs()); },
      &table);
  AddRow(
      jobs, Tr("time"), [](const Compared& c) { return TimeTaken(c.job); }, &table);
  AddRow(
      jobs, "images/s",
      [](const Compared& c) {
        return TrThousands(static_cast<int64_t>(c.job.images_per_second()));
      },
      &table);
  for (const char* metric : {"loss", "accuracy", "val_loss", "val_accuracy", "test_accuracy"}) {
    AddRow(
        jobs, metric, [metric](const Compared& c) { return MetricCellOf(c.job, metric); }, &table);
  }
  AddRow(
      jobs, Tr("best $0", judged_by),
      [&](const Compared& c) { return BestText(c.history, judged_by); }, &table);
  return table.ToText(columns);
}

std::vector<v1::Recipe> Recipes(const std::vector<Compared>& jobs) {
  std::vector<v1::Recipe> recipes;
  for (const Compared& one : jobs) recipes.push_back(one.job.recipe());
  return recipes;
}

std::string RecipesText(const std::vector<Compared>& jobs, int columns) {
  const std::vector<RecipeDifference> differences = DifferingValues(Recipes(jobs));
  if (differences.empty()) return Tr("\nThe recipes differ in nothing but perhaps the network.\n");
  Table table = TableOf(Tr("recipe"), jobs);
  for (const RecipeDifference& difference : differences) {
    std::vector<std::string> row = {difference.field};
    row.insert(row.end(), difference.values.begin(), difference.values.end());
    table.AddRow(std::move(row));
  }
  return absl::StrCat("\n", table.ToText(columns));
}

std::string NetworksText(const std::vector<Compared>& jobs) {
  std::string text;
  for (size_t i = 1; i < jobs.size(); ++i) {
    const auto lines = DifferingLayers(jobs[0].job.recipe().model(), jobs[i].job.recipe().model());
    if (lines.empty()) continue;
    absl::StrAppend(&text, Tr("\nLayers of $0 (-) and $1 (+):\n", jobs[0].name, jobs[i].name));
    for (const std::string& line : lines) absl::StrAppend(&text, "  ", Printable(line), "\n");
  }
  return text;
}

// A curve a job, all from the least to the greatest value of any.
std::string CurvesText(const std::vector<Compared>& jobs, int columns) {
  const std::string metric = JudgedBy(jobs);
  double low = 1;
  double high = 0;
  for (const Compared& one : jobs) {
    for (const double value : MetricValues(one.history, metric)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (high < low) return "";
  Table table({metric, "", ""}, {Align::kLeft, Align::kLeft, Align::kRight});
  for (const Compared& one : jobs) {
    const std::vector<double> values = MetricValues(one.history, metric);
    table.AddRow({one.name, Sparkline(values, kCurveColumns, low, high),
                  values.empty() ? "-" : PercentText(values.back())});
  }
  return absl::StrCat("\n", table.ToText(columns));
}

Json ToJson(const std::vector<Compared>& jobs) {
  Json json = {{"jobs", Json::array()}, {"recipe_differences", Json::object()}};
  for (size_t i = 0; i < jobs.size(); ++i) {
    Json job = JobToJson(jobs[i].job);
    job["history"] = Json::object();
    for (const metrics::EpochMetrics& epoch : jobs[i].history) {
      for (const auto& [name, value] : epoch) job["history"][name].push_back(value);
    }
    job["layers_against_first"] =
        DifferingLayers(jobs[0].job.recipe().model(), jobs[i].job.recipe().model());
    json["jobs"].push_back(std::move(job));
  }
  for (const RecipeDifference& difference : DifferingValues(Recipes(jobs))) {
    json["recipe_differences"][difference.field] = difference.values;
  }
  return json;
}

class Compare : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositionals("JOB", &names_,
                                  "two to eight run directories, or names at the coordinator");
    arguments.Text("--figure", &figure_,
                   "also draw their curves on common axes (FILE.png or FILE.svg)");
    AddLangArgument(arguments, &options_);
  }

  std::string Details() const override {
    return Tr(
        "Results side by side, what differs in recipes and networks, and the curves on one\n"
        "scale. A job may be a run directory or a name at the coordinator.\n\n"
        "Examples:\n"
        "  convoy compare first second              runs/first and runs/second\n"
        "  convoy compare runs/* --figure curves.png\n"
        "  convoy compare first second --json");
  }

  absl::Status Run(const Context& context) override {
    if (names_.size() < 2 || names_.size() > kMostCompared) {
      return absl::InvalidArgumentError(
          Tr("JOB: name two to $0 jobs to compare, not $1", kMostCompared, names_.size()));
    }
    if (!figure_.empty()) {
      CONVOY_RETURN_IF_ERROR(Annotate(figures::FormatOfPath(figure_).status(), "--figure"));
    }
    std::vector<Compared> jobs;
    for (const std::string& name : names_) {
      CONVOY_ASSIGN_OR_RETURN(const auto source, OpenJob(name, context));
      CONVOY_ASSIGN_OR_RETURN(v1::Job job, source->Get());
      CONVOY_ASSIGN_OR_RETURN(const auto epochs, source->Epochs());
      jobs.push_back({JobId(job), std::move(job), ToHistory(epochs)});
    }
    if (!figure_.empty()) CONVOY_RETURN_IF_ERROR(Draw(jobs));
    if (context.json) {
      Print(context, ToJson(jobs));
      return absl::OkStatus();
    }
    const int columns = TableColumns(context);
    Print(context, absl::StrCat(FactsText(jobs, columns), RecipesText(jobs, columns),
                                NetworksText(jobs), CurvesText(jobs, columns),
                                figure_.empty() ? "" : absl::StrCat("\n", figure_, "\n")));
    return absl::OkStatus();
  }

 private:
  absl::Status Draw(const std::vector<Compared>& jobs) const {
    CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(options_.lang));
    std::vector<figures::NamedHistory> histories;
    for (const Compared& one : jobs) histories.push_back({one.name, one.history});
    return WritePicture(figures::DrawComparison(histories, language), figure_, "--figure");
  }

  std::vector<std::string> names_;
  std::string figure_;
  PictureOptions options_;
};

}  // namespace

std::unique_ptr<Command> NewCompare() { return std::make_unique<Compare>(); }

}  // namespace convoy::client
