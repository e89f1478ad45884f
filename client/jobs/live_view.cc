#include "client/jobs/live_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

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
#include "common/base/text.h"

namespace convoy::client {
namespace {

// Where a terminal does not tell its size.
constexpr int kColumns = 80;
constexpr int kRows = 23;

constexpr int kBarColumns = 30;
constexpr int kCurveColumns = 24;

std::string EpochBar(const v1::Job& job) {
  const int64_t steps = std::max<int64_t>(job.steps_per_epoch(), 1);
  const int64_t before = steps * std::max(job.epoch() - 1, 0);
  const auto done = std::clamp<int64_t>(job.step() - before, 0, steps);
  return absl::StrFormat(
      "epoch %d/%d  %s %s/%s\n", job.epoch(), job.epochs(),
      ProgressBar(static_cast<double>(done) / static_cast<double>(steps), kBarColumns),
      Thousands(done), Thousands(steps));
}

std::string JobBar(const v1::Job& job) {
  const int digits = static_cast<int>(absl::StrCat(job.epoch(), "/", job.epochs()).size());
  std::string line = absl::StrFormat("job   %*s  %s %d%%", digits, "",
                                     ProgressBar(job.progress_percentage() / 100.0, kBarColumns),
                                     job.progress_percentage());
  const std::string left = TimeLeft(job);
  if (!left.empty()) absl::StrAppend(&line, "  ", left, " left");
  if (job.images_per_second() > 0) {
    absl::StrAppend(&line, "  ", Thousands(static_cast<int64_t>(job.images_per_second())),
                    " images/s");
  }
  return line + "\n";
}

// "name  0.1234  ▇▅▃▁", "" where there are no values.
std::string Curve(const char* name, const std::vector<double>& values) {
  if (values.empty()) return "";
  const std::string value = absl::EndsWith(name, "accuracy")
                                ? PercentText(values.back())
                                : absl::StrFormat("%.4f", values.back());
  return absl::StrFormat("%-13s%8s  %s\n", name, value, Sparkline(values, kCurveColumns));
}

std::string NewestWarning(const v1::Job& job) {
  for (auto event = job.events().rbegin(); event != job.events().rend(); ++event) {
    if (event->severity() >= v1::Event::WARNING) return absl::StrCat("! ", event->message(), "\n");
  }
  return "";
}

std::string EpochLine(const v1::Job& job, const v1::MetricSample& sample) {
  std::string line = absl::StrCat("Epoch ", sample.epoch(), "/", job.epochs());
  for (const v1::Metric& metric : sample.metrics()) {
    absl::StrAppend(&line, " - ", metric.name(), ": ", absl::StrFormat("%.4f", metric.value()));
  }
  return line + "\n";
}

std::string StateLine(const v1::Job& job) {
  std::string line = absl::StrCat(JobId(job), ": ", api::StateName(job.state()));
  if (job.state() == v1::Job::RUNNING) absl::StrAppend(&line, " with ", RanksOnHosts(job));
  if (job.state() == v1::Job::SUCCEEDED) absl::StrAppend(&line, ", ", MetricsLine(job));
  if (!job.error().empty()) absl::StrAppend(&line, ": ", job.error());
  return line + "\n";
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

std::string LivePicture(const v1::Job& job, const Curves& curves, const std::string& trouble) {
  std::string text = StateLine(job);
  absl::StrAppend(&text, EpochBar(job), JobBar(job));
  absl::StrAppend(&text, Curve("loss", curves.loss), Curve("accuracy", curves.accuracy),
                  Curve("val_loss", curves.val_loss), Curve("val_accuracy", curves.val_accuracy));
  absl::StrAppend(&text, trouble.empty() ? NewestWarning(job) : absl::StrCat("! ", trouble, "\n"));
  return absl::StrCat(text, RanksTable(job));
}

void LiveView::Draw(const std::string& text) {
  struct winsize size = {};
  const bool known = ::ioctl(::fileno(terminal_), TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  // One row less, so that the line feed at the end does not scroll the first one away.
  const std::string picture = known ? CutText(text, size.ws_col, std::max(size.ws_row - 1, 1))
                                    : CutText(text, kColumns, kRows);
  // To the first line of the last picture, and everything below it away.
  if (lines_ > 0) std::fprintf(terminal_, "\033[%dA\r\033[J", lines_);
  std::fputs(picture.c_str(), terminal_);
  std::fflush(terminal_);
  lines_ = static_cast<int>(std::count(picture.begin(), picture.end(), '\n'));
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
      absl::StrAppend(&text, "warning: ", event.message(), "\n");
    }
  }
  return text;
}

}  // namespace convoy::client
