// A registry with its store, and what a trainer tells it, for tests.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <cmath>
#include <filesystem>
#include <thread>

#include "absl/strings/str_cat.h"
#include "coordinator/jobs/job_registry.h"

namespace convoy::coordinator {

inline constexpr char kRun[] = "0123456789abcdef0123456789abcdef";
inline constexpr char kFirst[] = "11111111111111111111111111111111";
inline constexpr char kSecond[] = "22222222222222222222222222222222";

inline worker::v1::RegisterJobRequest Registration(const std::string& process = kFirst) {
  worker::v1::RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id(kRun);
  request.set_process_id(process);
  request.set_epochs(3);
  request.set_steps_per_epoch(100);
  request.mutable_setup()->set_train_image_count(12800);
  request.mutable_recipe()->set_batch_size(128);
  for (int rank = 0; rank < 3; ++rank) {
    request.add_ranks()->set_rank(rank);
    request.mutable_ranks(rank)->set_host(absl::StrCat("pc", rank));
  }
  return request;
}

inline worker::v1::HeartbeatRequest Beat(int64_t step,
                                         v1::Job::Activity activity = v1::Job::TRAINING) {
  worker::v1::HeartbeatRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  request.mutable_progress()->set_step(step);
  request.mutable_progress()->set_epoch(static_cast<int32_t>(step / 100 + 1));
  request.mutable_progress()->set_activity(activity);
  request.mutable_progress()->set_images_per_second(1280);
  return request;
}

inline worker::v1::ReportProgressRequest EpochReport(int epoch,
                                                     double slowest_forward_seconds = 1) {
  worker::v1::ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  *request.mutable_progress() = Beat(epoch * 100).progress();
  v1::MetricSample* sample = request.add_samples();
  sample->set_scope(v1::MetricSample::EPOCH);
  sample->set_epoch(epoch);
  sample->set_step(epoch * 100);
  sample->add_metrics()->set_name("val_loss");
  sample->mutable_metrics(0)->set_value(1.0 / epoch);
  for (int rank = 0; rank < 3; ++rank) {
    v1::Rank* times = request.add_ranks();
    times->set_rank(rank);
    times->set_host(absl::StrCat("pc", rank));
    times->mutable_epoch_phase_seconds()->set_backward(1);
    times->mutable_epoch_phase_seconds()->set_forward(rank == 2 ? slowest_forward_seconds : 1);
  }
  return request;
}

inline worker::v1::ReportProgressRequest End(v1::Job::State state) {
  worker::v1::ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kFirst);
  request.mutable_conclusion()->set_state(state);
  return request;
}

class JobRegistryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/registry-", ::getpid());
    std::filesystem::remove_all(directory_);
    Restart();
  }
  void TearDown() override {
    registry_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  // As after a kill -9: what is only in memory is gone.
  void Restart(absl::Duration patience = absl::Seconds(2)) {
    registry_.reset();
    store_.reset();
    store_ = *Store::Open(directory_, patience);
    const auto now = [this] {
      const absl::Duration past = absl::Nanoseconds(past_.load());
      return Moment{.wall = absl::FromUnixSeconds(1'700'000'000) + past + set_by_, .steady = past};
    };
    const auto on_event = [this](const std::string& job, const v1::Event& event) {
      const absl::MutexLock lock(&mutex_);
      told_.emplace_back(job, event.type());
    };
    registry_ = *JobRegistry::Open(*store_, {.now = now, .on_event = on_event});
  }

  void Pass(absl::Duration time) {
    past_ += absl::ToInt64Nanoseconds(time);
    registry_->Tick();
  }

  v1::Job Job() {
    auto job = registry_->Get("lesson");
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : v1::Job();
  }

  std::vector<v1::Event::Type> Events() {
    std::vector<v1::Event::Type> types;
    const v1::Job job = Job();
    for (const v1::Event& event : job.events()) types.push_back(event.type());
    return types;
  }

  std::atomic<int64_t> past_{0};  // nanoseconds since the test began; watches read it, too
  absl::Duration set_by_;         // how far somebody set the wall clock
  absl::Mutex mutex_;
  std::vector<std::pair<std::string, v1::Event::Type>> told_ ABSL_GUARDED_BY(mutex_);
  std::string directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobRegistry> registry_;
};

}  // namespace convoy::coordinator
