#include "coordinator/jobs/requests.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
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
  refuse([](auto& r) { r.mutable_setup()->set_network(std::string(5000, 'x')); }, "setup.network");
  refuse([](auto& r) { r.mutable_setup()->set_owner(std::string(5000, 'x')); }, "setup.owner");
  refuse([](auto& r) { r.mutable_recipe()->mutable_model()->set_name(std::string(300000, 'x')); },
         "recipe");
  // A field that this version does not know, number 1000, of 20,000 bytes.
  refuse(
      [](auto& r) {
        r.mutable_setup()->MergeFromString("\xc2\x3e\xa0\x9c\x01" + std::string(20000, 'x'));
      },
      "setup");
  refuse([](auto& r) { r.mutable_labels()->set_display_name(std::string(101, 'x')); },
         "labels: display_name");
  refuse([](auto& r) { r.mutable_labels()->add_tags("a\nb"); }, "labels: tags");
  refuse([](auto& r) { r.mutable_labels()->set_note(std::string(20000, 'x')); }, "labels");
  refuse([](auto& r) { r.mutable_labels()->mutable_update_time()->set_nanos(-1); },
         "labels.update_time");
  refuse([](auto& r) { r.set_epochs(INT32_MAX); }, "epochs");
  refuse([](auto& r) { r.set_run_key("short"); }, "run_key");
  refuse([](auto& r) { r.set_restarts(-1); }, "restarts");
  refuse([](auto& r) { r.mutable_start_time()->set_seconds(int64_t{1} << 60); }, "start_time");
  refuse([](auto& r) { r.mutable_start_time()->set_nanos(-1); }, "start_time");
  refuse([](auto& r) { r.mutable_ranks(0)->set_host(std::string(256, 'x')); }, "ranks.host");
  refuse([](auto& r) { r.mutable_ranks(0)->mutable_phase_seconds()->set_wait(std::nan("")); },
         "ranks.phase_seconds.wait");
  refuse([](auto& r) { r.clear_ranks(); }, "number of ranks");
  refuse([](auto& r) { r.mutable_ranks(1)->set_rank(7); }, "ranks.rank");
  refuse([](auto& r) { r.mutable_ranks(0)->set_host(std::string(5000, 'x')); }, "ranks.host");
}

TEST(RequestsTest, RegistrationsTellWhatASupervisorNotedAndNoMore) {
  RegisterJobRequest request = Registration();
  v1::Event* event = request.add_run_events();
  event->set_type(v1::Event::HOST_LOST);
  event->set_message("pc03 is left out");
  EXPECT_TRUE(Check(request).ok());
  const auto refuse = [&](const std::function<void(RegisterJobRequest&)>& spoil,
                          const std::string& field) { ExpectRefused(request, spoil, field); };
  refuse([](auto& r) { r.mutable_run_events(0)->set_type(v1::Event::SUCCEEDED); },
         "run_events.type");
  refuse([](auto& r) { r.mutable_run_events(0)->set_message(std::string(5000, 'x')); },
         "run_events.message");
  refuse([](auto& r) { r.mutable_run_events(0)->mutable_time()->set_nanos(-1); },
         "run_events.time");
  refuse(
      [&](auto& r) {
        for (int i = 0; i < 100; ++i) *r.add_run_events() = *event;
      },
      "number of run_events");
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
  for (const char* name : {"", "Loss", "val loss", "\x1b[2J", "l\xc3\xb6ss"}) {
    refuse([name](auto& r) { r.mutable_samples(0)->mutable_metrics(0)->set_name(name); },
           "metrics.name");
  }
  const double infinite = std::numeric_limits<double>::infinity();
  refuse([=](auto& r) { r.mutable_samples(0)->set_validation_seconds(infinite); },
         "samples.validation_seconds");
  refuse([](auto& r) { r.mutable_samples(0)->set_train_seconds(std::nan("")); },
         "samples.train_seconds");
  refuse([=](auto& r) { r.mutable_samples(0)->set_images_per_second(-infinite); },
         "samples.images_per_second");
  refuse([=](auto& r) { r.mutable_progress()->set_images_per_second(infinite); },
         "progress.images_per_second");
  refuse([](auto& r) { r.mutable_samples(0)->mutable_time()->set_nanos(-1); }, "samples.time");
  refuse([](auto& r) { r.mutable_conclusion()->set_weights_sha256("x"); }, "conclusion.weights");
  refuse([](auto& r) { r.mutable_conclusion()->set_state(v1::Job::RUNNING); }, "conclusion.state");
  refuse([](auto& r) { r.mutable_conclusion()->set_error(std::string(5000, 'x')); },
         "conclusion.error");
}

TEST(RequestsTest, ALossThatIsNotANumberIsReportedAsItIs) {
  ReportProgressRequest report = Report();
  report.mutable_samples(0)->mutable_metrics(0)->set_value(std::nan(""));
  report.mutable_progress()->set_loss(std::nan(""));
  EXPECT_TRUE(Check(report).ok());
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
