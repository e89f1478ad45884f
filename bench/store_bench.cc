// Measures the coordinator's store with 10,000 jobs in it: listing, reading, reporting. It first
// checks what it is answered and refuses to measure if that is wrong.
//
// The store lies in $TMPDIR (/tmp): on a disk, Report waits for it; in memory it does not.
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "common/base/check.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {
namespace {

constexpr int kJobs = 10'000;
constexpr int kPage = 50;

JobRecord MakeJob(int number) {
  JobRecord record;
  record.id = absl::StrCat("job-", number);
  record.run_id = absl::StrCat("run-", number);
  record.job.set_name(api::JobName(record.id));
  record.job.set_state(number % 10 == 0 ? v1::Job::FAILED : v1::Job::SUCCEEDED);
  *record.job.mutable_create_time() = ToProto(absl::FromUnixSeconds(number));
  for (const char* metric : {"loss", "accuracy", "val_loss", "val_accuracy"}) {
    record.job.add_metrics()->set_name(metric);
  }
  for (int rank = 0; rank < 8; ++rank) record.job.add_ranks()->set_host("pc");
  return record;
}

// A store with all jobs, filled on the first call; removed at the end of the program.
Store& Filled() {
  struct Temporary {
    Temporary()
        : directory(absl::StrCat(std::filesystem::temp_directory_path().string(),
                                 "/convoy-store-bench-", ::getpid())) {
      store = *Store::Open(directory);
      for (int number = 0; number < kJobs; ++number) {
        const JobRecord record = MakeJob(number);
        CONVOY_CHECK(store->Update({.record = &record}).ok());
      }
    }
    ~Temporary() {
      store.reset();
      std::filesystem::remove_all(directory);
    }
    std::string directory;
    std::unique_ptr<Store> store;
  };
  static Temporary temporary;
  return *temporary.store;
}

void ListJobs(benchmark::State& state) {
  Store& store = Filled();
  const auto page = store.ListJobs({}, kPage, "");
  CONVOY_CHECK_EQ(page->entries[0].name(), absl::StrCat("jobs/job-", kJobs - 1));
  for (auto _ : state) benchmark::DoNotOptimize(store.ListJobs({}, kPage, ""));
}
BENCHMARK(ListJobs)->Unit(benchmark::kMillisecond);

void ListFailedJobs(benchmark::State& state) {
  Store& store = Filled();
  CONVOY_CHECK_EQ(store.ListJobs({v1::Job::FAILED}, kPage, "")->entries.size(), size_t{kPage});
  for (auto _ : state) benchmark::DoNotOptimize(store.ListJobs({v1::Job::FAILED}, kPage, ""));
}
BENCHMARK(ListFailedJobs)->Unit(benchmark::kMillisecond);

void ListAllPages(benchmark::State& state) {
  Store& store = Filled();
  for (auto _ : state) {
    std::string token;
    int jobs = 0;
    do {
      const auto page = store.ListJobs({}, 1000, token);
      jobs += static_cast<int>(page->entries.size());
      token = page->next_token;
    } while (!token.empty());
    CONVOY_CHECK_EQ(jobs, kJobs);
  }
}
BENCHMARK(ListAllPages)->Unit(benchmark::kMillisecond);

void GetJob(benchmark::State& state) {
  Store& store = Filled();
  CONVOY_CHECK_EQ(store.GetJob("job-7")->job.ranks_size(), 8);
  for (auto _ : state) benchmark::DoNotOptimize(store.GetJob("job-7"));
}
BENCHMARK(GetJob)->Unit(benchmark::kMillisecond);

void Report(benchmark::State& state) {
  Store& store = Filled();
  const JobRecord record = MakeJob(7);
  v1::MetricSample sample;
  sample.set_scope(v1::MetricSample::STEP);
  for (auto _ : state) {
    sample.set_step(sample.step() + 1);
    CONVOY_CHECK(store.Update({.record = &record, .samples = {sample}}).ok());
  }
}
BENCHMARK(Report)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace convoy::coordinator

BENCHMARK_MAIN();
