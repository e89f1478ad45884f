// Jobs as text for people: one job in lines, many in a table, the ranks and the epochs in tables.
// Everything comes from a v1::Job, which has the same form whether it was read from a run directory
// or from a coordinator, so both look the same. A line without a value is left out.
#include "client/jobs/job_text.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/jobs/job_json.h"
#include "client/view/spark.h"
#include "client/view/text.h"
#include "client/view/time_text.h"
#include "common/api/job_description.h"
#include "common/api/job_progress.h"
#include "common/base/text.h"

namespace convoy::client {
namespace {

constexpr int kBarColumns = 30;

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
  std::string line = absl::StrFormat(
      "epoch %d of %d, step %s of %s  %s %d%%", job.epoch(), job.epochs(), Thousands(job.step()),
      Thousands(job.total_steps()), ProgressBar(fraction, kBarColumns), job.progress_percentage());
  const std::string left = TimeLeft(job);
  if (!left.empty()) absl::StrAppend(&line, "  ", left, " left");
  return line;
}

void AddLine(const char* title, const std::string& value, std::string* text) {
  if (!value.empty()) absl::StrAppend(text, absl::StrFormat("  %-9s %s\n", title, value));
}

std::string DataLine(const v1::JobSetup& setup) {
  if (setup.data_kind().empty()) return "";
  const std::string kind = setup.data_kind() == "mnist" ? "MNIST" : setup.data_kind();
  return absl::StrCat(kind, ": ", Thousands(setup.train_image_count()), " images to train on, ",
                      Thousands(setup.validation_image_count()), " for validation, ",
                      Thousands(setup.test_image_count()), " for the test");
}

std::string NetworkLine(const v1::JobSetup& setup) {
  if (setup.network().empty()) return "";
  return absl::StrCat(setup.network(), ", ", Thousands(setup.parameter_count()), " parameters");
}

std::string Warnings(const v1::Job& job) {
  std::string text;
  for (const v1::Event& event : job.events()) {
    if (event.severity() < v1::Event::WARNING) continue;
    absl::StrAppend(&text, "  ", TimeText(event.time().seconds()), "  ", event.message(), "\n");
  }
  return text.empty() ? "" : "\n" + text;
}

}  // namespace

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
  const std::string ranks =
      absl::StrCat(job.world_size(), job.world_size() == 1 ? " rank" : " ranks");
  return hosts.empty() ? ranks : absl::StrCat(ranks, " on ", absl::StrJoin(hosts, ", "));
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

std::string RanksTable(const v1::Job& job) {
  if (job.ranks().empty()) return "";
  std::vector<std::string> header = {"rank", "host", "threads"};
  std::vector<Align> aligns = {Align::kRight, Align::kLeft, Align::kRight};
  for (const metrics::Phase& phase : metrics::kPhases) {
    header.emplace_back(phase.name);
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
  return table.ToText(2);
}

std::string JobText(const v1::Job& job) {
  std::string text = absl::StrCat(JobId(job), ": ", api::StateName(job.state()),
                                  job.cancel_requested() ? ", asked to stop" : "", "\n");
  AddLine("error", job.error(), &text);
  AddLine("progress", ProgressLine(job), &text);
  AddLine("metrics", MetricsLine(job), &text);
  if (job.images_per_second() > 0) {
    AddLine("speed",
            absl::StrCat(Thousands(static_cast<int64_t>(job.images_per_second())), " images/s on ",
                         RanksOnHosts(job)),
            &text);
  }
  AddLine("network", NetworkLine(job.setup()), &text);
  AddLine("data", DataLine(job.setup()), &text);
  AddLine("owner", job.setup().owner(), &text);
  AddLine("directory", job.setup().run_directory(), &text);
  AddLine("weights", job.weights_sha256().empty() ? "" : "SHA-256 " + job.weights_sha256(), &text);
  if (job.has_update_time()) AddLine("heard of", TimeText(job.update_time().seconds()), &text);
  const std::string ranks = RanksTable(job);
  if (!ranks.empty()) absl::StrAppend(&text, "\n", ranks);
  return absl::StrCat(text, Warnings(job));
}

std::string JobsTable(const std::vector<v1::Job>& jobs) {
  Table table(
      {"job", "state", "network", "epoch", "done", "loss", "accuracy", "val_accuracy",
       "test_accuracy", "time", "heard of"},
      {Align::kLeft, Align::kLeft, Align::kLeft, Align::kRight, Align::kRight, Align::kRight,
       Align::kRight, Align::kRight, Align::kRight, Align::kRight, Align::kLeft});
  for (const v1::Job& job : jobs) {
    table.AddRow({JobId(job), api::StateName(job.state()),
                  job.setup().network().empty() ? "-" : job.setup().network(),
                  absl::StrCat(job.epoch(), "/", job.epochs()),
                  absl::StrCat(job.progress_percentage(), "%"), MetricCell(job, "loss"),
                  MetricCell(job, "accuracy"), MetricCell(job, "val_accuracy"),
                  MetricCell(job, "test_accuracy"), TimeTaken(job),
                  job.has_update_time() ? TimeText(job.update_time().seconds()) : "-"});
  }
  return table.ToText();
}

std::string HistoryTable(const metrics::History& history) {
  if (history.empty()) return "no epoch is complete yet\n";
  std::vector<std::string> headers = {"epoch"};
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
  return table.ToText();
}

}  // namespace convoy::client
