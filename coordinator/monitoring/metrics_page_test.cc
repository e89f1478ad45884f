#include "coordinator/monitoring/metrics_page.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

TEST(MetricsPageTest, HasALineForWhatRuns) {
  v1::Job job;
  job.set_name("jobs/lesson");
  job.set_step(7);
  job.add_metrics()->set_name("loss");
  job.mutable_metrics(0)->set_value(0.5);
  job.add_ranks()->set_host("pc\"1");
  job.mutable_ranks(0)->mutable_phase_seconds()->set_wait(2.5);
  const std::string page = MetricsPage({job}, {{v1::Job::RUNNING, 1}, {v1::Job::LOST, 3}});
  EXPECT_THAT(page, HasSubstr("convoy_jobs{state=\"lost\"} 3"));
  EXPECT_THAT(page, HasSubstr("convoy_job_step{job=\"lesson\"} 7"));
  EXPECT_THAT(page, HasSubstr("convoy_job_metric{job=\"lesson\",metric=\"loss\"} 0.5"));
  EXPECT_THAT(page, HasSubstr("convoy_rank_phase_seconds_total{job=\"lesson\",rank=\"0\","
                              "host=\"pc\\\"1\",phase=\"wait\"} 2.5"));
  EXPECT_EQ(page.back(), '\n');
}

}  // namespace
}  // namespace convoy::coordinator
