// A picture is a text made anew from the job's state; on a terminal it is drawn over the last one,
// whose number of lines is known. Elsewhere, what changed becomes lines.
#include "client/jobs/live_view.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_text.h"
#include "client/view/spark.h"
#include "client/view/text.h"
#include "common/api/job_progress.h"
#include "common/base/printable.h"
#include "common/base/text.h"
#include "common/i18n/translate.h"
#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy::client {
namespace {

constexpr int kNameColumns = 14;  // of a curve, with the gap behind it
constexpr int kValueColumns = 8;

std::string EpochTitle(const v1::Job& job) { return Tr("epoch $0/$1", job.epoch(), job.epochs()); }

std::string EpochBar(const v1::Job& job, int columns) {
  const int64_t steps = std::max<int64_t>(job.steps_per_epoch(), 1);
  const int64_t before = steps * std::max(job.epoch() - 1, 0);
  const auto done = std::clamp<int64_t>(job.step() - before, 0, steps);
  return terminal::ProgressLine(
      EpochTitle(job), static_cast<double>(done) / static_cast<double>(steps),
      {{absl::StrCat(TrThousands(done), "/", TrThousands(steps)), 1}}, columns);
}

std::string JobBar(const v1::Job& job, int columns) {
  // As wide as the title of the other bar.
  std::string title = Tr("job");
  const int gap = terminal::Columns(EpochTitle(job)) - terminal::Columns(title);
  title.append(static_cast<size_t>(std::max(gap, 0)), ' ');
  std::vector<terminal::Part> parts = {{absl::StrCat(job.progress_percentage(), "%"), 2}};
  const std::string left = TimeLeft(job);
  if (!left.empty()) parts.push_back({Tr("$0 left", left), 1});
  if (job.images_per_second() > 0) {
    const auto rate = static_cast<int64_t>(job.images_per_second());
    parts.push_back({Tr("$0 images/s", TrThousands(rate)), 0});
  }
  return terminal::ProgressLine(title, job.progress_percentage() / 100.0, parts, columns);
}

// "name  0.1234  ▇▅▃▁", "" where there are no values.
std::string Curve(const char* name, const std::vector<double>& values, int columns) {
  if (values.empty()) return "";
  const std::string value =
      absl::EndsWith(name, "accuracy") ? PercentText(values.back()) : MetricText(values.back());
  const int room = columns - kNameColumns - kValueColumns - 2;
  return absl::StrFormat("%-*s%*s  %s\n", kNameColumns, name, kValueColumns, value,
                         Sparkline(values, std::max(room, 0)));
}

std::string NewestWarning(const v1::Job& job) {
  for (auto event = job.events().rbegin(); event != job.events().rend(); ++event) {
    if (event->severity() >= v1::Event::WARNING) {
      return absl::StrCat("! ", Printable(event->message()), "\n");
    }
  }
  return "";
}

std::string EpochLine(const v1::Job& job, const v1::MetricSample& sample) {
  std::string line = Tr("Epoch $0/$1", sample.epoch(), job.epochs());
  for (const v1::Metric& metric : sample.metrics()) {
    absl::StrAppend(&line, " - ", metric.name(), ": ", MetricText(metric.value()));
  }
  return Printable(line) + "\n";
}

std::string StateLine(const v1::Job& job) {
  const std::string state = StateText(job.state());
  std::string line = job.state() == v1::Job::RUNNING
                         ? Tr("$0: $1 with $2", JobId(job), state, RanksOnHosts(job))
                         : Tr("$0: $1", JobId(job), state);
  if (job.state() == v1::Job::SUCCEEDED) absl::StrAppend(&line, ", ", MetricsLine(job));
  if (!job.error().empty()) absl::StrAppend(&line, ": ", job.error());
  return Printable(line) + "\n";
}

}  // namespace

void Curves::Add(const v1::MetricSample& sample) {
  const std::pair<const char*, std::vector<double>*> curves[] = {{"loss", &loss},
                                                                 {"accuracy", &accuracy},
                                                                 {"val_loss", &val_loss},
                                                                 {"val_accuracy", &val_accuracy}};
  for (const v1::Metric& metric : sample.metrics()) {
    for (const auto& [name, values] : curves) {
      if (metric.name() == name) values->push_back(metric.value());
    }
  }
}

std::string LivePicture(const v1::Job& job, const Curves& curves, const std::string& trouble,
                        int columns) {
  std::string text = StateLine(job);
  absl::StrAppend(&text, EpochBar(job, columns), "\n", JobBar(job, columns), "\n");
  for (const auto& [name, values] :
       {std::pair("loss", &curves.loss), std::pair("accuracy", &curves.accuracy),
        std::pair("val_loss", &curves.val_loss), std::pair("val_accuracy", &curves.val_accuracy)}) {
    text += Curve(name, *values, columns);
  }
  absl::StrAppend(&text, trouble.empty() ? NewestWarning(job) : absl::StrCat("! ", trouble, "\n"));
  return absl::StrCat(text, RanksTable(job, columns));
}

void LiveView::Draw(const std::function<std::string(int columns)>& picture) {
  const terminal::Terminal terminal = terminal::TerminalOf(terminal_);
  // One column less, so that a full line does not go on in the next; one row less, so that the line
  // feed at the end does not scroll the first one away.
  terminal::Terminal room = terminal;
  room.columns = std::max(terminal.columns - 1, 1);
  const std::string text = terminal::CutLines(terminal::Fit(picture(room.columns), room),
                                              room.columns, std::max(terminal.rows - 1, 1));
  // To the first line of the last picture, and everything below it away.
  if (lines_ > 0) std::fprintf(terminal_, "\033[%dA\r\033[J", lines_);
  std::fputs(text.c_str(), terminal_);
  std::fflush(terminal_);
  lines_ = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
}

std::string PlainLines::Update(const v1::Job& job, const std::vector<v1::MetricSample>& epochs) {
  std::string text;
  const bool ended = job.state() != v1::Job::RUNNING && job.state() != v1::Job::LOST;
  const bool changed = job.state() != state_;
  state_ = job.state();
  // The end comes after its epochs, everything else before.
  if (changed && !ended) text += StateLine(job);
  for (const v1::MetricSample& sample : epochs) {
    if (sample.epoch() <= epochs_told_) continue;
    text += EpochLine(job, sample);
    epochs_told_ = sample.epoch();
  }
  text += NewWarnings(job);
  if (changed && ended) text += StateLine(job);
  return text;
}

std::string PlainLines::NewWarnings(const v1::Job& job) {
  std::string text;
  for (const v1::Event& event : job.events()) {
    if (event.severity() < v1::Event::WARNING) continue;
    if (told_.insert(event.SerializeAsString()).second) {
      absl::StrAppend(&text, Tr("warning: $0", event.message()), "\n");
    }
  }
  return text;
}

}  // namespace convoy::client
