#include "coordinator/monitoring/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/time/clock.h"

namespace convoy::monitoring {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

TEST(MetricsPageTest, HasALineForWhatRuns) {
  v1::Job job;
  job.set_name("jobs/lesson");
  job.set_step(7);
  job.mutable_start_time()->set_seconds(1000);
  job.add_metrics()->set_name("loss");
  job.mutable_metrics(0)->set_value(0.5);
  job.add_ranks()->set_host("pc\"1");
  job.mutable_ranks(0)->mutable_phase_seconds()->set_wait(2.5);
  const std::string page = MetricsPage({.running = {job}});
  EXPECT_THAT(page, HasSubstr("convoy_job_step{run=\"lesson\"} 7"));
  EXPECT_THAT(page, HasSubstr("convoy_job_start_time_seconds{run=\"lesson\"} 1000"));
  EXPECT_THAT(page, HasSubstr("convoy_job_metric{run=\"lesson\",metric=\"loss\"} 0.5"));
  EXPECT_THAT(page, HasSubstr("convoy_rank_phase_seconds_total{run=\"lesson\",rank=\"0\","
                              "host=\"pc\\\"1\",phase=\"wait\"} 2.5"));
  EXPECT_EQ(page.find("job=\""), std::string::npos);
  EXPECT_EQ(page.back(), '\n');
}

TEST(MetricsPageTest, CountsStatesWithoutJobs) {
  const std::string page = MetricsPage({.running = {}, .jobs_by_state = {{v1::Job::LOST, 3}}});
  EXPECT_THAT(page, AllOf(HasSubstr("convoy_jobs{state=\"lost\"} 3"),
                          HasSubstr("convoy_jobs{state=\"running\"} 0"),
                          HasSubstr("convoy_jobs{state=\"succeeded\"} 0")));
}

TEST(MetricsPageTest, HasAHistogramOfRequests) {
  coordinator::ModelCounters counters;
  for (const int milliseconds : {1, 4, 4, 20'000}) {
    counters.AddSuccess(absl::UnixEpoch(), absl::Milliseconds(milliseconds), absl::ZeroDuration(),
                        absl::ZeroDuration());
  }
  counters.AddFailure(absl::ZeroDuration());
  counters.AddBatch(5, absl::ZeroDuration());
  const std::string page = MetricsPage(
      {.models = {{.id = "lesson", .counters = counters.values()}}, .queued_images = 9});
  const std::string histogram = "convoy_inference_request_duration_seconds";
  EXPECT_THAT(page, AllOf(HasSubstr(histogram + "_bucket{model=\"lesson\",le=\"0.001\"} 1"),
                          HasSubstr(histogram + "_bucket{model=\"lesson\",le=\"0.005\"} 3"),
                          HasSubstr(histogram + "_bucket{model=\"lesson\",le=\"10\"} 3"),
                          HasSubstr(histogram + "_bucket{model=\"lesson\",le=\"+Inf\"} 4"),
                          HasSubstr(histogram + "_count{model=\"lesson\"} 4")));
  EXPECT_THAT(page, HasSubstr("requests_total{model=\"lesson\",result=\"failure\"} 1"));
  EXPECT_THAT(page, HasSubstr("convoy_inference_images_total{model=\"lesson\"} 5"));
  EXPECT_THAT(page, HasSubstr("convoy_inference_queued_images 9"));
}

TEST(ProcessMetricsTest, AreThoseOfThisProcess) {
  const ProcessMetrics metrics = ReadProcessMetrics();
  EXPECT_GE(metrics.threads, 1);
  EXPECT_GE(metrics.open_fds, 3);
  EXPECT_GE(metrics.max_fds, metrics.open_fds);
  EXPECT_GT(metrics.resident_bytes, 1e5);
  EXPECT_GT(metrics.virtual_bytes, metrics.resident_bytes);
  const double now = absl::ToDoubleSeconds(absl::Now() - absl::UnixEpoch());
  EXPECT_NEAR(metrics.start_time_seconds, now, 3600);
}

}  // namespace
}  // namespace convoy::monitoring
