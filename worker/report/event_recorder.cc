#include "worker/report/event_recorder.h"

#include <chrono>
#include <utility>

#include "common/base/files.h"

namespace convoy::report {
namespace {

double SecondsSince1970() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

}  // namespace

EventRecorder::EventRecorder(RunDirectory& directory, metrics::History finished_epochs,
                             double learning_rate)
    : directory_(directory),
      finished_epochs_(std::move(finished_epochs)),
      learning_rate_(learning_rate),
      events_(std::make_shared<formats::KerasEvents>(directory.path())) {}

void EventRecorder::OnStart(const JobFacts& facts) {
  // A run may also begin afresh where an earlier one left no checkpoint.
  if (facts.restarts == 0 && !PathExists(directory_.FilePath("train"))) return;
  Do([now = SecondsSince1970(), finished = std::move(finished_epochs_), rate = learning_rate_](
         formats::KerasEvents& events) { return events.Resume(now, finished, rate); });
}

void EventRecorder::OnEpoch(const EpochReport& report) {
  const formats::EventTime time{SecondsSince1970(), report.epoch};
  Do([time, metrics = report.metrics, rate = learning_rate_](formats::KerasEvents& events) {
    return events.AddEpoch(time, metrics, rate);
  });
}

void EventRecorder::AddImage(int64_t epoch, std::string tag, std::string png) {
  const formats::EventTime time{SecondsSince1970(), epoch};
  Do([time, tag = std::move(tag), png = std::move(png)](formats::KerasEvents& events) {
    return events.AddImage(time, tag, png);
  });
}

void EventRecorder::Do(std::function<absl::Status(formats::KerasEvents&)> task) {
  directory_.Do([events = events_, task = std::move(task)] { return task(*events); });
}

}  // namespace convoy::report
