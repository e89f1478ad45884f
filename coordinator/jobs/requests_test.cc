#include "coordinator/jobs/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <string>

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;
using worker::v1::HeartbeatRequest;
using worker::v1::ModelHeader;
using worker::v1::RegisterJobRequest;
using worker::v1::ReportProgressRequest;

const std::string kId(32, 'a');

RegisterJobRequest Registration() {
  RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id(kId);
  request.set_process_id(kId);
  request.set_epochs(3);
  request.set_steps_per_epoch(100);
  request.add_ranks()->set_host("pc0");
  request.add_ranks()->set_rank(1);
  return request;
}

ReportProgressRequest Report() {
  ReportProgressRequest request;
  request.set_job("jobs/lesson");
  request.set_process_id(kId);
  v1::MetricSample* sample = request.add_samples();
  sample->set_scope(v1::MetricSample::EPOCH);
  sample->set_epoch(1);
  sample->add_metrics()->set_name("loss");
  request.mutable_conclusion()->set_state(v1::Job::SUCCEEDED);
  return request;
}

ModelHeader Header() {
  ModelHeader header;
  header.set_job("jobs/lesson");
  header.set_process_id(kId);
  header.set_sha256(std::string(64, 'f'));
  return header;
}

template <typename Request>
void ExpectRefused(Request request, const std::function<void(Request&)>& spoil,
                   const std::string& field) {
  ASSERT_TRUE(Check(request).ok()) << Check(request);
  spoil(request);
  const absl::Status refused = Check(request);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument) << field;
  EXPECT_THAT(std::string(refused.message()), HasSubstr(field));
}

TEST(RequestsTest, RegistrationsNameTheFieldThatIsWrong) {
  const auto refuse = [](const std::function<void(RegisterJobRequest&)>& spoil,
                         const std::string& field) { ExpectRefused(Registration(), spoil, field); };
  refuse([](auto& r) { r.set_run_name(std::string(5000, 'x')); }, "run_name");
  refuse([](auto& r) { r.set_run_id("short"); }, "run_id");
  refuse([](auto& r) { r.set_process_id(std::string(32, 'g')); }, "process_id");
  refuse([](auto& r) { r.set_epochs(0); }, "epochs");
  refuse([](auto& r) { r.set_steps_per_epoch(-1); }, "steps_per_epoch");
  refuse([](auto& r) { r.set_resumed_at_step(-1); }, "resumed_at_step");
  refuse([](auto& r) { r.set_completed_epochs(4); }, "completed_epochs");
  refuse([](auto& r) { r.mutable_setup()->set_run_directory(std::string(5000, 'x')); },
         "setup.run_directory");
  refuse([](auto& r) { r.clear_ranks(); }, "number of ranks");
  refuse([](auto& r) { r.mutable_ranks(1)->set_rank(7); }, "ranks.rank");
  refuse([](auto& r) { r.mutable_ranks(0)->set_host(std::string(5000, 'x')); }, "ranks.host");
}

TEST(RequestsTest, ReportsNameTheFieldThatIsWrong) {
  const auto refuse = [](const std::function<void(ReportProgressRequest&)>& spoil,
                         const std::string& field) { ExpectRefused(Report(), spoil, field); };
  refuse([](auto& r) { r.set_job("lesson"); }, "job");
  refuse([](auto& r) { r.set_process_id(""); }, "process_id");
  refuse([](auto& r) { r.mutable_progress()->set_step(-1); }, "progress.step");
  refuse([](auto& r) { r.mutable_progress()->set_epoch(-1); }, "progress.epoch");
  refuse([](auto& r) { r.mutable_samples(0)->clear_scope(); }, "samples.scope");
  refuse([](auto& r) { r.mutable_samples(0)->set_epoch(0); }, "samples.epoch");
  refuse([](auto& r) { r.mutable_samples(0)->set_step(std::numeric_limits<int64_t>::max()); },
         "samples.step");
  refuse(
      [](auto& r) { r.mutable_samples(0)->mutable_metrics(0)->set_name(std::string(5000, 'x')); },
      "metrics.name");
  refuse([](auto& r) { r.mutable_conclusion()->set_state(v1::Job::RUNNING); }, "conclusion.state");
  refuse([](auto& r) { r.mutable_conclusion()->set_error(std::string(5000, 'x')); },
         "conclusion.error");
}

TEST(RequestsTest, ModelHeadersNameTheFieldThatIsWrong) {
  const auto refuse = [](const std::function<void(ModelHeader&)>& spoil, const std::string& field) {
    ExpectRefused(Header(), spoil, field);
  };
  refuse([](auto& h) { h.set_sha256("ff"); }, "header.sha256");
  refuse([](auto& h) { h.set_epoch(-1); }, "header.epoch");
  refuse([](auto& h) { h.set_job("models/lesson"); }, "job");
}

}  // namespace
}  // namespace convoy::coordinator
