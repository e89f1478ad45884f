// libFuzzer program: whatever a trainer registers, reports and publishes, the registry neither
// crashes nor hangs, errors are one printable line, and the job can be listed and read afterwards.
// The store is in memory where there is /dev/shm; each input has a job of its own.
#include <fuzzer/FuzzedDataProvider.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/sha256.h"
#include "coordinator/jobs/job_registry.h"
#include "tests/fuzz/one_line.h"

namespace convoy::coordinator {
namespace {

constexpr char kProcess[] = "11111111111111111111111111111111";

void CheckError(const absl::Status& status) {
  CONVOY_CHECK(status.code() != absl::StatusCode::kInternal);
  if (!status.ok()) CheckOneLine(status);
}

// A registry over an empty store, which is gone with it.
class Fixture {
 public:
  Fixture() {
    std::filesystem::remove_all(directory_);
    store_ = *Store::Open(directory_);
    registry_ = *JobRegistry::Open(*store_, {});
  }
  ~Fixture() {
    registry_.reset();
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  JobRegistry& registry() { return *registry_; }

 private:
  const std::string directory_ = absl::StrCat(
      std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp", "/registry_fuzz-", ::getpid());
  std::unique_ptr<Store> store_;
  std::unique_ptr<JobRegistry> registry_;
};

std::string Registered(JobRegistry& registry) {
  worker::v1::RegisterJobRequest request;
  request.set_run_name("lesson");
  request.set_run_id("0123456789abcdef0123456789abcdef");
  request.set_process_id(kProcess);
  request.set_epochs(2);
  request.set_steps_per_epoch(10);
  request.add_ranks()->set_host("pc");
  return registry.Register(request)->job();
}

// The identity is right, so that the rest is looked at.
void Report(JobRegistry& registry, const std::string& job, const std::string& bytes) {
  worker::v1::ReportProgressRequest request;
  if (!request.ParseFromString(bytes)) return;
  request.set_job(job);
  request.set_process_id(kProcess);
  CheckError(registry.Report(request).status());
}

void Publish(JobRegistry& registry, const std::string& job, const std::string& bytes) {
  worker::v1::ModelHeader header;
  header.set_job(job);
  header.set_process_id(kProcess);
  header.set_epoch(1);
  header.set_size_bytes(static_cast<int64_t>(bytes.size()));
  header.set_sha256(Sha256Hex(bytes));
  CheckError(registry.Publish(header, bytes).status());
}

void Try(FuzzedDataProvider& provider) {
  Fixture fixture;
  JobRegistry& registry = fixture.registry();
  worker::v1::RegisterJobRequest request;
  const bool registers = provider.ConsumeBool();
  if (registers && request.ParseFromString(provider.ConsumeRandomLengthString())) {
    CheckError(registry.Register(request).status());
  }
  const std::string job = Registered(registry);
  while (provider.remaining_bytes() > 0) {
    const bool publishes = provider.ConsumeBool();
    const std::string bytes = provider.ConsumeRandomLengthString();
    publishes ? Publish(registry, job, bytes) : Report(registry, job, bytes);
  }
  registry.Tick();
  CONVOY_CHECK(registry.List({}).ok());
  CONVOY_CHECK(registry.ListMetrics(job.substr(job.find('/') + 1), {}).ok());
}

}  // namespace
}  // namespace convoy::coordinator

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  FuzzedDataProvider provider(data, size);
  convoy::coordinator::Try(provider);
  return 0;
}
