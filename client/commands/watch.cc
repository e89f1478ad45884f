// `convoy watch`: a picture that is drawn over itself on a terminal, lines elsewhere, JSON for
// programs. States of the job come as often as they change, from its run directory or its
// coordinator; the curves grow with them.
#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "client/commands/output.h"
#include "client/jobs/job_json.h"
#include "client/jobs/job_source.h"
#include "client/jobs/job_text.h"
#include "client/jobs/live_view.h"
#include "client/names/names.h"
#include "common/api/job_progress.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/i18n/translate.h"
#include "common/terminal/terminal.h"

namespace convoy::client {
namespace {

constexpr absl::Duration kLookAgain = absl::Milliseconds(500);

// Whether the metric is only known once an epoch is complete.
bool IsOfEpoch(const v1::Metric& metric) { return metric.name().rfind("val_", 0) == 0; }

// What ends the program: an error unless the job succeeded.
absl::Status Verdict(const v1::Job& job) {
  if (job.state() == v1::Job::SUCCEEDED) return absl::OkStatus();
  const std::string state = StateText(job.state());
  return absl::AbortedError(job.error().empty()
                                ? Tr("job $0 ended: $1", JobId(job), state)
                                : Tr("job $0 ended: $1: $2", JobId(job), state, job.error()));
}

class Watch : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    AddJobArgument(arguments, &job_);
    arguments.WholeNumber("--patience", &patience_seconds_, 0, 1 << 20,
                          "seconds to wait for a lost job or coordinator (60)");
  }

  std::string Details() const override {
    return Tr(
        "Bars of the epoch and of the job, curves, and a line a rank, until the job has ended;\n"
        "lines instead where the output is no terminal; with --json a line of JSON a change.\n"
        "Ends with 0 if the job succeeded, else with 1.\n\n"
        "Examples:\n"
        "  convoy watch                  the newest run of ./runs\n"
        "  convoy watch runs/first && convoy evaluate runs/first");
  }

  absl::Status Run(const Context& context) override;

 private:
  absl::Status Open(const Context& context);
  absl::Status BeginCurves();
  void Show(const Context& context, const v1::Job& job);
  void ShowTrouble(const Context& context, const std::string& trouble);
  void ShowLive(const v1::Job& job);
  void ShowLines(const Context& context, const v1::Job& job);

  std::string job_;
  int64_t patience_seconds_ = 60;
  std::unique_ptr<JobSource> source_;
  std::unique_ptr<LiveView> live_;  // null where the output is no terminal
  Curves curves_;
  PlainLines lines_;
  v1::Job last_;
};

absl::Status Watch::Run(const Context& context) {
  CONVOY_RETURN_IF_ERROR(Open(context));
  if (!context.json && terminal::TerminalOf(context.out).can_redraw) {
    live_ = std::make_unique<LiveView>(context.out);
    CONVOY_RETURN_IF_ERROR(BeginCurves());
  }
  CONVOY_RETURN_IF_ERROR(source_->Watch(
      absl::Seconds(patience_seconds_), [&](const v1::Job& job) { Show(context, job); },
      [&](const absl::Status& trouble) {
        ShowTrouble(context, Tr("$0; trying again", trouble.message()));
      }));
  return Verdict(last_);
}

// People type this beside the training, perhaps a moment before it has made its directory.
absl::Status Watch::Open(const Context& context) {
  const Stopwatch waited;
  bool told = false;
  while (true) {
    absl::StatusOr<std::unique_ptr<JobSource>> source = OpenJob(job_, context);
    absl::Status status = source.ok() ? (*source)->Get().status() : source.status();
    if (source.ok() && !absl::IsNotFound(status)) source_ = *std::move(source);
    if (source_ != nullptr) return status;
    const ThingKind here = FindHere(job_).kind;
    const bool may_come = !job_.empty() && (here == ThingKind::kNothing || here == ThingKind::kRun);
    if (!absl::IsNotFound(status) || !may_come ||
        waited.Elapsed() >= static_cast<double>(patience_seconds_))
      return status;
    if (!told) {
      PrintNote(context, Tr("$0; waiting for it up to $1 s (--patience)", status.message(),
                            patience_seconds_));
    }
    told = true;
    absl::SleepFor(kLookAgain);
  }
}

// What the job has told so far: losses and accuracies within epochs where they are kept, otherwise
// of epochs; the validation's of epochs.
absl::Status Watch::BeginCurves() {
  CONVOY_ASSIGN_OR_RETURN(last_, source_->Get());
  CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::MetricSample> steps, source_->Steps());
  CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::MetricSample> epochs, source_->Epochs());
  for (const v1::MetricSample& sample : steps) curves_.Add(sample);
  for (const v1::MetricSample& sample : epochs) {
    v1::MetricSample known;
    for (const v1::Metric& metric : sample.metrics()) {
      if (steps.empty() || IsOfEpoch(metric)) *known.add_metrics() = metric;
    }
    curves_.Add(known);
  }
  return absl::OkStatus();
}

void Watch::Show(const Context& context, const v1::Job& job) {
  if (context.json) {
    PrintLine(context, JobToJson(job));
  } else if (live_ != nullptr) {
    ShowLive(job);
  } else {
    ShowLines(context, job);
  }
  last_ = job;
}

// Within epochs the curves grow with the states that are shown; what an epoch gave is added once.
void Watch::ShowLive(const v1::Job& job) {
  v1::MetricSample sample;
  const bool epoch_done = job.completed_epochs() != last_.completed_epochs();
  for (const v1::Metric& metric : job.metrics()) {
    if (IsOfEpoch(metric) ? epoch_done : job.step() != last_.step()) *sample.add_metrics() = metric;
  }
  curves_.Add(sample);
  live_->Draw([&](int columns) { return LivePicture(job, curves_, "", columns); });
}

void Watch::ShowTrouble(const Context& context, const std::string& trouble) {
  if (live_ != nullptr) {
    live_->Draw([&](int columns) { return LivePicture(last_, curves_, trouble, columns); });
  } else {
    PrintNote(context, trouble);
  }
}

void Watch::ShowLines(const Context& context, const v1::Job& job) {
  std::vector<v1::MetricSample> epochs;
  if (job.completed_epochs() > lines_.epochs_told()) {
    auto known = source_->Epochs();
    if (known.ok()) epochs = *std::move(known);  // else with the next change
  }
  Print(context, lines_.Update(job, epochs));
  std::fflush(context.out);
}

}  // namespace

std::unique_ptr<Command> NewWatch() { return std::make_unique<Watch>(); }

}  // namespace convoy::client
