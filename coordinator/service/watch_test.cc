// Those who watch a job: fast, slow, and many.
#include "absl/time/clock.h"
#include "common/base/stopwatch.h"
#include "coordinator/service/service_testing.h"

namespace convoy::coordinator {
namespace {

using WatchTest = ServiceTest;

TEST_F(WatchTest, WatchEndsWithTheJob) {
  Register();
  Context context;
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  const auto reader = jobs_->WatchJob(&context, request);
  v1::WatchJobResponse response;
  ASSERT_TRUE(reader->Read(&response));
  EXPECT_EQ(response.job().state(), v1::Job::RUNNING);
  worker::v1::ReportProgressRequest end = Report(20);
  end.mutable_conclusion()->set_state(v1::Job::SUCCEEDED);
  ASSERT_TRUE(Tell(end).ok());
  while (reader->Read(&response)) {
  }
  EXPECT_EQ(response.job().state(), v1::Job::SUCCEEDED);
  EXPECT_TRUE(reader->Finish().ok());
}

// A reader that reads nothing neither delays reports nor makes messages pile up: at its end it has
// far fewer to read than there were states.
TEST_F(WatchTest, SlowWatchMissesStatesButNotTheLast) {
  constexpr int kReports = 200;
  Register(kReports / kStepsPerEpoch);
  Context context;
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  const auto reader = jobs_->WatchJob(&context, request);
  for (int step = 1; step <= kReports; ++step) {
    Context beat_context;
    worker::v1::HeartbeatRequest beat;
    beat.set_job("jobs/lesson");
    beat.set_process_id(kProcess);
    beat.mutable_progress()->set_step(step);
    worker::v1::HeartbeatResponse response;
    ASSERT_TRUE(workers_->Heartbeat(&beat_context, beat, &response).ok());
  }
  worker::v1::ReportProgressRequest end = Report(kReports);
  end.mutable_conclusion()->set_state(v1::Job::STOPPED);
  ASSERT_TRUE(Tell(end).ok());
  v1::WatchJobResponse response;
  int messages = 0;
  while (reader->Read(&response)) ++messages;
  EXPECT_LT(messages, kReports / 4);
  EXPECT_EQ(response.job().state(), v1::Job::STOPPED);
  EXPECT_EQ(response.job().step(), kReports);
}

TEST_F(WatchTest, WatchesAreLimitedAndEndWithTheServer) {
  Register();
  v1::WatchJobRequest request;
  request.set_name("jobs/lesson");
  v1::WatchJobResponse response;
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  for (int i = 0; i < kMaxWatches; ++i) {
    readers.push_back(jobs_->WatchJob(contexts.emplace_back(new Context).get(), request));
    ASSERT_TRUE(readers.back()->Read(&response));
  }
  Context one_more;
  const auto refused = jobs_->WatchJob(&one_more, request);
  EXPECT_FALSE(refused->Read(&response));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  registry_->Stop();
  for (const auto& reader : readers) {
    while (reader->Read(&response)) {
    }
    EXPECT_EQ(reader->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  }
}

// People's calls take every thread that gRPC has, and those that find none are refused.
TEST_F(WatchTest, HeartbeatsAreHeardWhateverWaits) {
  Register();
  CallGate gate(authenticator_, {.watches = 1000});
  JobService watched(*registry_, gate);
  const auto crowded =
      Server::Start({.listen = "127.0.0.1:0", .max_threads = 6}, {&watched, worker_service_.get()})
          .value();
  const auto channel = grpc::CreateChannel(crowded->address(), grpc::InsecureChannelCredentials());
  const auto jobs = v1::JobService::NewStub(channel);
  v1::WatchJobRequest watch;
  watch.set_name("jobs/lesson");
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  for (int i = 0; i < 100; ++i) {
    readers.push_back(jobs->WatchJob(contexts.emplace_back(new Context).get(), watch));
  }
  Context context;
  worker::v1::HeartbeatRequest beat;
  beat.set_job("jobs/lesson");
  beat.set_process_id(kProcess);
  worker::v1::HeartbeatResponse heard;
  const grpc::Status status =
      worker::v1::WorkerService::NewStub(channel)->Heartbeat(&context, beat, &heard);
  EXPECT_TRUE(status.ok()) << status.error_message();
  // Every call has its answer before the registry stops: the job's state, or that it is refused.
  int refused = 0;
  v1::WatchJobResponse response;
  for (const auto& reader : readers) {
    if (!reader->Read(&response)) {
      refused += reader->Finish().error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ? 1 : 0;
    }
  }
  EXPECT_GE(refused, 90);
  EXPECT_LT(refused, 100);
  registry_->Stop();
}

// A training on the same machine must not feel how many watch it.
TEST_F(WatchTest, TheMoreWatchTheLessOftenEachIsToldAStateButAllHearTheLast) {
  constexpr int kWatchers = 100;
  constexpr int kReports = 60;
  Register(kReports / kStepsPerEpoch);
  CallGate gate(authenticator_, {.watches = kWatchers});
  JobService watched(*registry_, gate);
  const auto server =
      Server::Start({.listen = "127.0.0.1:0", .max_threads = 2 * kWatchers}, {&watched}).value();
  const auto jobs = v1::JobService::NewStub(
      grpc::CreateChannel(server->address(), grpc::InsecureChannelCredentials()));
  v1::WatchJobRequest watch;
  watch.set_name("jobs/lesson");
  std::vector<std::unique_ptr<Context>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchJobResponse>>> readers;
  v1::WatchJobResponse response;
  const Stopwatch stopwatch;
  for (int i = 0; i < kWatchers; ++i) {
    readers.push_back(jobs->WatchJob(contexts.emplace_back(new Context).get(), watch));
    ASSERT_TRUE(readers.back()->Read(&response));
  }
  for (int step = 1; step < kReports; ++step) {
    ASSERT_TRUE(Tell(Report(step)).ok());
    absl::SleepFor(absl::Milliseconds(10));
  }
  worker::v1::ReportProgressRequest end = Report(kReports);
  end.mutable_conclusion()->set_state(v1::Job::STOPPED);
  ASSERT_TRUE(Tell(end).ok());
  int messages = 0;
  for (const auto& reader : readers) {
    while (reader->Read(&response)) ++messages;
    EXPECT_EQ(response.job().state(), v1::Job::STOPPED);
  }
  // Once a second each while all watch, one more at the beginning, and the last.
  EXPECT_LE(messages, kWatchers * (2 + stopwatch.Elapsed()));
}

}  // namespace
}  // namespace convoy::coordinator
