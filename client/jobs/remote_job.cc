#include "client/jobs/remote_job.h"

#include <chrono>
#include <utility>

#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

// A watch is asked for anew that often, so that a connection that died without a word is noticed.
constexpr std::chrono::seconds kWatchLimit{30};
constexpr absl::Duration kRetryInterval = absl::Milliseconds(500);

class RemoteJob : public JobSource {
 public:
  RemoteJob(std::unique_ptr<Coordinator> coordinator, std::string name)
      : coordinator_(std::move(coordinator)), name_(std::move(name)) {}

  absl::StatusOr<v1::Job> Get() override { return coordinator_->GetJob(name_); }

  absl::Status Watch(absl::Duration patience, const std::function<void(const v1::Job&)>& on_change,
                     const std::function<void(const absl::Status&)>& on_trouble) override;

  absl::StatusOr<std::vector<v1::MetricSample>> Epochs() override {
    return coordinator_->ListMetrics(name_, v1::MetricSample::EPOCH);
  }

  absl::StatusOr<std::vector<v1::MetricSample>> Steps() override {
    return coordinator_->ListMetrics(name_, v1::MetricSample::STEP);
  }

 private:
  std::unique_ptr<Coordinator> coordinator_;
  std::string name_;
};

absl::Status RemoteJob::Watch(absl::Duration patience,
                              const std::function<void(const v1::Job&)>& on_change,
                              const std::function<void(const absl::Status&)>& on_trouble) {
  Stopwatch silence;   // since the job was last heard of and not lost
  bool heard = false;  // at all: an address where nobody is gets no patience
  bool in_trouble = false;
  v1::Job last;
  while (true) {
    const absl::Status status = coordinator_->WatchJob(name_, kWatchLimit, [&](const v1::Job& job) {
      on_change(job);
      heard = true;
      in_trouble = false;
      if (job.state() != v1::Job::LOST) silence = Stopwatch();
      last = job;
      return !HasEnded(job);
    });
    if (heard && HasEnded(last)) return absl::OkStatus();
    const bool passing = absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
                         absl::IsResourceExhausted(status);
    if (!status.ok() && (!passing || !heard)) return status;
    if (absl::IsDeadlineExceeded(status) && last.state() != v1::Job::LOST) {
      // Only the watch's own limit, if somebody answers again.
      if (coordinator_->GetJob(name_).ok()) silence = Stopwatch();
    }
    if (absl::Seconds(silence.Elapsed()) > patience) {
      if (last.state() != v1::Job::LOST) return status;
      return absl::DeadlineExceededError(
          Tr("$0: its trainer is not heard of any more; go on with trainer --resume", name_));
    }
    if (absl::IsUnavailable(status) && !in_trouble) {
      in_trouble = true;
      on_trouble(status);
    }
    absl::SleepFor(kRetryInterval);
  }
}

}  // namespace

std::unique_ptr<JobSource> NewRemoteJob(std::unique_ptr<Coordinator> coordinator,
                                        const std::string& name) {
  return std::make_unique<RemoteJob>(std::move(coordinator), name);
}

}  // namespace convoy::client
