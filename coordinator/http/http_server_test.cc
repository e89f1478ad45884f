#include "coordinator/http/http_server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <httplib.h>
#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "coordinator/http/metrics_page.h"

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

class HttpServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/http-", ::getpid());
    std::filesystem::remove_all(directory_);
    store_ = *Store::Open(directory_);
    registry_ = *JobRegistry::Open(*store_, {});
  }
  void TearDown() override { std::filesystem::remove_all(directory_); }

  std::string directory_;
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobRegistry> registry_;
};

TEST_F(HttpServerTest, AnswersPrometheusAndHealthChecks) {
  const auto server = HttpServer::Start("127.0.0.1:0", *registry_, *store_);
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto metrics = client.Get("/metrics");
  ASSERT_TRUE(metrics);
  EXPECT_EQ(metrics->status, 200);
  EXPECT_THAT(metrics->get_header_value("Content-Type"), HasSubstr("version=0.0.4"));
  EXPECT_THAT(metrics->body, HasSubstr("# TYPE convoy_build_info gauge"));
  EXPECT_EQ(client.Get("/healthz")->body, "ok\n");
  EXPECT_EQ(client.Get("/other")->status, 404);
}

TEST_F(HttpServerTest, RefusesATakenPortAndABadAddress) {
  const auto server = HttpServer::Start("127.0.0.1:0", *registry_, *store_);
  ASSERT_TRUE(server.ok());
  const std::string same = absl::StrCat("127.0.0.1:", (*server)->port());
  const auto second = HttpServer::Start(same, *registry_, *store_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(HttpServer::Start("nowhere", *registry_, *store_).status().code(),
            absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoy::coordinator
