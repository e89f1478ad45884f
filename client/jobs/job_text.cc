// Jobs as text for people: one job in lines, many in a table, the ranks and the epochs in tables.
// Everything comes from a v1::Job, which has the same form whether it was read from a run directory
// or from a coordinator, so both look the same. A line without a value is left out.
#include "client/jobs/job_text.h"

#include <algorithm>
#include <iterator>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "client/jobs/job_json.h"
#include "client/view/spark.h"
#include "client/view/text.h"
#include "client/view/time_text.h"
#include "common/api/job_description.h"
#include "common/api/job_progress.h"
#include "common/base/printable.h"
#include "common/base/text.h"
#include "common/i18n/translate.h"
#include "common/terminal/fit.h"

namespace convoy::client {
namespace {

constexpr int kBarColumns = 30;
constexpr size_t kMaxLineBytes = 8000;  // a note of any script is shown whole

// The names of api::StateName and of metrics::kPhases, which programs know in English.
constexpr const char* kWords[] = {Marked("running"), Marked("succeeded"), Marked("failed"),
                                  Marked("stopped"), Marked("cancelled"), Marked("lost"),
                                  Marked("data"),    Marked("forward"),   Marked("backward"),
                                  Marked("reduce"),  Marked("update"),    Marked("wait")};

std::string Word(std::string_view name) {
  const auto known = std::find(std::begin(kWords), std::end(kWords), name);
  return known == std::end(kWords) ? std::string(name) : Tr(*known);
}

std::string NamedMetricText(const std::string& name, double value) {
  if (absl::EndsWith(name, "accuracy")) return PercentText(value);
  return MetricText(value);
}

double ValueOf(const v1::Job& job, const std::string& name, bool* found) {
  for (const v1::Metric& metric : job.metrics()) {
    if (metric.name() != name) continue;
    *found = true;
    return metric.value();
  }
  *found = false;
  return 0;
}

std::string MetricCell(const v1::Job& job, const std::string& name) {
  bool found = false;
  const double value = ValueOf(job, name, &found);
  return found ? NamedMetricText(name, value) : "-";
}

std::string ProgressLine(const v1::Job& job) {
  const double fraction = job.progress_percentage() / 100.0;
  std::string line = Tr("epoch $0 of $1, step $2 of $3  $4 $5%", job.epoch(), job.epochs(),
                        TrThousands(job.step()), TrThousands(job.total_steps()),
                        ProgressBar(fraction, kBarColumns), job.progress_percentage());
  const std::string left = TimeLeft(job);
  if (!left.empty()) absl::StrAppend(&line, "  ", Tr("$0 left", left));
  return line;
}

void AddLine(const std::string& title, const std::string& value, std::string* text) {
  constexpr int kTitleColumns = 9;
  const auto gap = static_cast<size_t>(std::max(kTitleColumns - terminal::Columns(title), 0));
  if (value.empty()) return;
  absl::StrAppend(text, "  ", title, std::string(gap, ' '), " ", Printable(value, kMaxLineBytes),
                  "\n");
}

// Of a run whose trainer was killed, or cannot be reached: what is typed on its host.
std::string HowToGoOn(const v1::JobSetup& setup) {
  const std::pair<std::string, std::string> place =
      absl::StrSplit(setup.run_directory(), absl::MaxSplits(':', 1));
  return Tr("trainer --run-dir $0 --resume (on $1, if it does not run there)", place.second,
            place.first);
}

void AddLabels(const v1::Job& job, std::string* text) {
  AddLine(Tr("name"), DisplayName(job), text);
  AddLine(Tr("tags"), TagsText(job), text);
  AddLine(Tr("note"), job.labels().note(), text);
}

std::string DataLine(const v1::JobSetup& setup) {
  if (setup.data_kind().empty()) return "";
  const std::string kind = setup.data_kind() == "mnist" ? "MNIST" : setup.data_kind();
  return Tr("$0: $1 images to train on, $2 for validation, $3 for the test", kind,
            TrThousands(setup.train_image_count()), TrThousands(setup.validation_image_count()),
            TrThousands(setup.test_image_count()));
}

std::string NetworkLine(const v1::JobSetup& setup) {
  if (setup.network().empty()) return "";
  return Tr("$0, $1 parameters", setup.network(), TrThousands(setup.parameter_count()));
}

std::string Warnings(const v1::Job& job) {
  std::string text;
  for (const v1::Event& event : job.events()) {
    if (event.severity() < v1::Event::WARNING) continue;
    absl::StrAppend(&text, "  ", TimeText(event.time().seconds()), "  ", Printable(event.message()),
                    "\n");
  }
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

std::string DisplayName(const v1::Job& job) { return job.labels().display_name(); }

std::string TagsText(const v1::Job& job) { return absl::StrJoin(job.labels().tags(), ", "); }

std::string StateText(v1::Job::State state) { return Word(api::StateName(state)); }

std::string TimeLeft(const v1::Job& job) {
  if (!job.has_estimated_remaining_duration()) return "";
  return DurationText(static_cast<double>(job.estimated_remaining_duration().seconds()));
}

std::string RanksOnHosts(const v1::Job& job) {
  std::vector<std::string> hosts;
  for (const v1::Rank& rank : job.ranks()) {
    if (!rank.host().empty() && std::find(hosts.begin(), hosts.end(), rank.host()) == hosts.end()) {
      hosts.push_back(rank.host());
    }
  }
  const int count = job.world_size();
  if (hosts.empty()) return TrPlural("$0 rank", "$0 ranks", count, count);
  return TrPlural("$0 rank on $1", "$0 ranks on $1", count, count, absl::StrJoin(hosts, ", "));
}

std::string TimeTaken(const v1::Job& job) {
  const int64_t until = job.has_end_time() ? job.end_time().seconds() : job.update_time().seconds();
  if (!job.has_start_time() || until < job.start_time().seconds()) return "-";
  return DurationText(static_cast<double>(until - job.start_time().seconds()));
}

std::string MetricsLine(const v1::Job& job) {
  std::vector<std::string> parts;
  for (const v1::Metric& metric : job.metrics()) {
    parts.push_back(
        absl::StrCat(metric.name(), " ", NamedMetricText(metric.name(), metric.value())));
  }
  return absl::StrJoin(parts, ", ");
}

std::string RanksTable(const v1::Job& job, int columns) {
  if (job.ranks().empty()) return "";
  std::vector<std::string> header = {Tr("rank"), Tr("host"), Tr("threads")};
  std::vector<Align> aligns = {Align::kRight, Align::kLeft, Align::kRight};
  for (const metrics::Phase& phase : metrics::kPhases) {
    header.push_back(Word(phase.name));
    aligns.push_back(Align::kRight);
  }
  Table table(std::move(header), std::move(aligns));
  for (const v1::Rank& rank : job.ranks()) {
    std::vector<std::string> row = {absl::StrCat(rank.rank()),
                                    rank.host().empty() ? "-" : rank.host(),
                                    absl::StrCat(rank.threads())};
    const metrics::PhaseSeconds seconds = api::FromProto(rank.phase_seconds());
    for (const metrics::Phase& phase : metrics::kPhases) {
      row.push_back(absl::StrFormat("%.2fs", seconds.*phase.seconds));
    }
    table.AddRow(std::move(row));
  }
  return table.ToText(columns, 2);
}

std::string JobText(const v1::Job& job, int columns) {
  const std::string state = StateText(job.state());
  std::string text = job.cancel_requested() ? Tr("$0: $1, asked to stop\n", JobId(job), state)
                                            : Tr("$0: $1\n", JobId(job), state);
  AddLabels(job, &text);
  AddLine(Tr("error"), job.error(), &text);
  AddLine(Tr("progress"), ProgressLine(job), &text);
  AddLine(Tr("metrics"), MetricsLine(job), &text);
  if (job.images_per_second() > 0) {
    AddLine(Tr("speed"),
            Tr("$0 images/s on $1", TrThousands(static_cast<int64_t>(job.images_per_second())),
               RanksOnHosts(job)),
            &text);
  }
  AddLine(Tr("network"), NetworkLine(job.setup()), &text);
  AddLine(Tr("data"), DataLine(job.setup()), &text);
  AddLine(Tr("owner"), job.setup().owner(), &text);
  AddLine(Tr("directory"), job.setup().run_directory(), &text);
  if (job.state() == v1::Job::LOST) AddLine(Tr("go on"), HowToGoOn(job.setup()), &text);
  AddLine(Tr("weights"), job.weights_sha256().empty() ? "" : "SHA-256 " + job.weights_sha256(),
          &text);
  if (job.has_update_time()) AddLine(Tr("heard of"), TimeText(job.update_time().seconds()), &text);
  const std::string ranks = RanksTable(job, columns);
  if (!ranks.empty()) absl::StrAppend(&text, "\n", ranks);
  return absl::StrCat(text, Warnings(job));
}

std::string LabelsText(const v1::Job& job) {
  std::string lines;
  AddLabels(job, &lines);
  if (lines.empty()) return Tr("$0: has no name, tags or note\n", JobId(job));
  return absl::StrCat(Printable(JobId(job)), ":\n", lines);
}

std::string JobsTable(const std::vector<v1::Job>& jobs, int columns) {
  const auto any = [&jobs](std::string (*text)(const v1::Job&)) {
    return std::any_of(jobs.begin(), jobs.end(),
                       [text](const auto& j) { return !text(j).empty(); });
  };
  const bool names = any(DisplayName);
  const bool tags = any(TagsText);
  const bool owners = std::any_of(jobs.begin(), jobs.end(), [&jobs](const v1::Job& job) {
    return job.setup().owner() != jobs.front().setup().owner();
  });
  std::vector<std::string> headers = {Tr("job")};
  if (names) headers.push_back(Tr("name"));
  if (tags) headers.push_back(Tr("tags"));
  if (owners) headers.push_back(Tr("owner"));
  headers.insert(headers.end(),
                 {Tr("state"), Tr("network"), Tr("epoch"), Tr("done"), "loss", "accuracy",
                  "val_accuracy", "test_accuracy", Tr("time"), Tr("heard of")});
  std::vector<Align> aligns(headers.size(), Align::kLeft);
  std::fill(aligns.end() - 8, aligns.end() - 1, Align::kRight);
  Table table(std::move(headers), std::move(aligns));
  for (const v1::Job& job : jobs) {
    std::vector<std::string> row = {JobId(job)};
    if (names) row.push_back(DisplayName(job));
    if (tags) row.push_back(TagsText(job));
    if (owners) row.push_back(job.setup().owner());
    row.insert(
        row.end(),
        {StateText(job.state()), job.setup().network().empty() ? "-" : job.setup().network(),
         absl::StrCat(job.epoch(), "/", job.epochs()), absl::StrCat(job.progress_percentage(), "%"),
         MetricCell(job, "loss"), MetricCell(job, "accuracy"), MetricCell(job, "val_accuracy"),
         MetricCell(job, "test_accuracy"), TimeTaken(job),
         job.has_update_time() ? TimeText(job.update_time().seconds()) : "-"});
    table.AddRow(std::move(row));
  }
  return table.ToText(columns);
}

std::string HistoryTable(const metrics::History& history, int columns) {
  if (history.empty()) return Tr("no epoch is complete yet\n");
  std::vector<std::string> headers = {Tr("epoch")};
  for (const auto& [name, value] : history.front()) headers.push_back(name);
  Table table(headers, std::vector<Align>(headers.size(), Align::kRight));
  for (size_t epoch = 0; epoch < history.size(); ++epoch) {
    std::vector<std::string> row = {absl::StrCat(epoch + 1)};
    for (const auto& [name, value] : history[epoch]) {
      row.push_back(MetricText(value));
    }
    row.resize(headers.size(), "-");
    table.AddRow(std::move(row));
  }
  return table.ToText(columns);
}

}  // namespace convoy::client
