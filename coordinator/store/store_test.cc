#include "coordinator/store/store.h"
#include "common/api/resource_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <set>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/check.h"
#include "common/base/sha256.h"

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

JobRecord MakeJob(const std::string& id, int64_t created_seconds,
                  v1::Job::State state = v1::Job::RUNNING) {
  JobRecord record{
      .id = id, .run_id = "run-of-" + id, .process_id = "process", .run_key = "key", .job = {}};
  record.job.set_name(api::JobName(id));
  record.job.set_state(state);
  *record.job.mutable_create_time() = ToProto(absl::FromUnixSeconds(created_seconds));
  v1::Recipe recipe;
  recipe.set_seed(7);
  record.recipe = std::make_shared<v1::Recipe>(recipe);
  record.job.add_ranks()->set_host("somewhere");
  return record;
}

v1::MetricSample Sample(v1::MetricSample::Scope scope, int epoch, int64_t step, double loss) {
  v1::MetricSample sample;
  sample.set_scope(scope);
  sample.set_epoch(epoch);
  sample.set_step(step);
  v1::Metric* metric = sample.add_metrics();
  metric->set_name("loss");
  metric->set_value(loss);
  return sample;
}

v1::TrainedModel ModelOf(const std::string& bytes) {
  v1::TrainedModel model;
  model.set_name("models/a");
  model.set_sha256(Sha256Hex(bytes));
  model.set_size_bytes(static_cast<int64_t>(bytes.size()));
  return model;
}

class StoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/store-", ::getpid());
    std::filesystem::remove_all(directory_);
    Reopen();
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Reopen() {
    store_.reset();
    auto store = Store::Open(directory_);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void Put(const JobRecord& record) {
    const absl::Status status = store_->Update({.record = &record});
    ASSERT_TRUE(status.ok()) << status;
  }

  std::vector<std::string> ModelFiles() const {
    std::vector<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/models")) {
      names.push_back(entry.path().filename());
    }
    return names;
  }

  uintmax_t StoredBytes() const {
    uintmax_t bytes = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(directory_)) {
      if (entry.is_regular_file()) bytes += entry.file_size();
    }
    return bytes;
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreTest, KeepsAJobWhole) {
  Put(MakeJob("a", 5));
  Reopen();
  const auto record = store_->GetJob("a");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ(record->job.SerializeAsString(), MakeJob("a", 5).job.SerializeAsString());
  EXPECT_EQ(record->recipe->seed(), 7);
  EXPECT_EQ(record->run_id, "run-of-a");
  EXPECT_EQ(store_->GetJob("b").status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ((*store_->FindRun("run-of-a"))->id, "a");
  EXPECT_EQ((*store_->FindRun("run-of-a"))->run_key, "key");
  EXPECT_FALSE(store_->FindRun("run-of-b")->has_value());
}

TEST_F(StoreTest, ListsTheNewestFirstInPages) {
  for (int i = 0; i < 5; ++i) {
    Put(MakeJob(absl::StrCat("job", i), i, i == 2 ? v1::Job::FAILED : v1::Job::SUCCEEDED));
  }
  const auto first = store_->ListJobs({}, 3, "");
  ASSERT_TRUE(first.ok());
  ASSERT_EQ(first->entries.size(), 3);
  EXPECT_EQ(first->entries[0].name(), "jobs/job4");
  EXPECT_FALSE(first->entries[0].has_recipe());
  EXPECT_EQ(first->entries[0].ranks_size(), 0);
  const auto second = store_->ListJobs({}, 3, first->next_token);
  ASSERT_EQ(second->entries.size(), 2);
  EXPECT_EQ(second->entries[1].name(), "jobs/job0");
  EXPECT_EQ(second->next_token, "");
  const auto failed = store_->ListJobs({v1::Job::FAILED}, 3, "");
  ASSERT_EQ(failed->entries.size(), 1);
  EXPECT_EQ(failed->entries[0].name(), "jobs/job2");
  EXPECT_EQ(store_->ListJobs({}, 3, "rubbish").status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(store_->JobsInState(v1::Job::SUCCEEDED)->size(), 4);
}

TEST_F(StoreTest, KeepsEpochsExactlyAndRepeatedReportsOnce) {
  const JobRecord record = MakeJob("a", 1);
  const double exact = 0.1 + 0.2;
  for (int repeat = 0; repeat < 2; ++repeat) {
    ASSERT_TRUE(store_
                    ->Update({.record = &record,
                              .samples = {Sample(v1::MetricSample::EPOCH, 1, 10, exact),
                                          Sample(v1::MetricSample::STEP, 1, 10, 0.5),
                                          Sample(v1::MetricSample::EPOCH, 2, 20, 0.2)}})
                    .ok());
  }
  Reopen();
  EXPECT_EQ(*store_->CompletedEpochs("a"), 2);
  const auto first = store_->ListSamples("a", v1::MetricSample::SCOPE_UNSPECIFIED, 2, "");
  ASSERT_EQ(first->entries.size(), 2);
  EXPECT_EQ(first->entries[0].scope(), v1::MetricSample::STEP);
  EXPECT_EQ(first->entries[1].metrics(0).value(), exact);
  const auto rest =
      store_->ListSamples("a", v1::MetricSample::SCOPE_UNSPECIFIED, 2, first->next_token);
  ASSERT_EQ(rest->entries.size(), 1);
  EXPECT_EQ(rest->entries[0].step(), 20);
  EXPECT_EQ(store_->ListSamples("a", v1::MetricSample::EPOCH, 9, "")->entries.size(), 2);
}

TEST_F(StoreTest, ForgetsStepsThatAreDoneAgain) {
  const JobRecord record = MakeJob("a", 1);
  ASSERT_TRUE(store_
                  ->Update({.record = &record,
                            .samples = {Sample(v1::MetricSample::EPOCH, 1, 10, 1),
                                        Sample(v1::MetricSample::EPOCH, 2, 20, 1)}})
                  .ok());
  ASSERT_TRUE(store_->Update({.record = &record, .forget_after_step = 12}).ok());
  EXPECT_EQ(*store_->CompletedEpochs("a"), 1);
}

TEST_F(StoreTest, ThinsStepsEvenlyAndKeepsEpochs) {
  const JobRecord record = MakeJob("a", 1);
  std::vector<v1::MetricSample> samples;
  for (int64_t step = 1; step <= 2500; ++step) {
    samples.push_back(Sample(v1::MetricSample::STEP, 1, step, 1));
    if (step % 100 == 0) {
      samples.push_back(Sample(v1::MetricSample::EPOCH, static_cast<int>(step / 100), step, 1));
    }
  }
  ASSERT_TRUE(store_->Update({.record = &record, .samples = samples}).ok());
  const auto steps = store_->ListSamples("a", v1::MetricSample::STEP, 10000, "")->entries;
  ASSERT_EQ(steps.size(), 625);  // 2500 / 4
  for (size_t i = 0; i < steps.size(); ++i) ASSERT_EQ(steps[i].step(), 4 * (i + 1));
  EXPECT_EQ(*store_->CompletedEpochs("a"), 25);
}

TEST_F(StoreTest, KeepsTheNewestEvents) {
  const JobRecord record = MakeJob("a", 1);
  std::vector<v1::Event> events(kMaxEvents + 5);
  for (size_t i = 0; i < events.size(); ++i) events[i].set_step(static_cast<int64_t>(i));
  ASSERT_TRUE(store_->Update({.record = &record, .events = events}).ok());
  const auto kept = store_->Events("a");
  ASSERT_EQ(kept->size(), kMaxEvents);
  EXPECT_EQ(kept->front().step(), 5);
  EXPECT_EQ(kept->back().step(), kMaxEvents + 4);
}

TEST_F(StoreTest, ReplacesAndChecksModels) {
  Put(MakeJob("a", 1));
  EXPECT_EQ(store_->GetModel("a").status().code(), absl::StatusCode::kNotFound);
  ASSERT_TRUE(store_->PutModel("a", ModelOf("old"), "old").ok());
  ASSERT_TRUE(store_->PutModel("a", ModelOf("new bytes"), "new bytes").ok());
  ASSERT_TRUE(store_->PutModel("a", ModelOf("new bytes"), "new bytes").ok());  // told again
  EXPECT_EQ(store_->ReadModel("a")->second, "new bytes");
  ASSERT_EQ(ModelFiles().size(), 1);
  EXPECT_EQ(store_->ListModels(10, "")->entries.size(), 1);
  std::ofstream(directory_ + "/models/" + ModelFiles()[0]) << "bad bytes";
  EXPECT_EQ(store_->ReadModel("a").status().code(), absl::StatusCode::kDataLoss);
}

// Models of 1,000 classes with long names: pages that gRPC's clients take.
TEST_F(StoreTest, PagesOfLargeEntriesAreShorter) {
  constexpr size_t kModels = 120;
  for (size_t i = 0; i < kModels; ++i) {
    const std::string id = absl::StrCat("job", i);
    Put(MakeJob(id, 1));
    v1::TrainedModel model = ModelOf("bytes");
    model.set_name(absl::StrCat("models/", id));
    for (int label = 0; label < 1000; ++label) model.add_class_names(std::string(64, 'n'));
    ASSERT_TRUE(store_->PutModel(id, model, "bytes").ok());
  }
  std::set<std::string> names;
  std::string token;
  int pages = 0;
  do {
    const auto page = store_->ListModels(1000, token);
    ASSERT_TRUE(page.ok()) << page.status();
    size_t bytes = 0;
    for (const v1::TrainedModel& model : page->entries) {
      bytes += model.ByteSizeLong();
      EXPECT_TRUE(names.insert(model.name()).second) << model.name();
    }
    EXPECT_LT(bytes, size_t{4} << 20);
    token = page->next_token;
    ++pages;
  } while (!token.empty());
  EXPECT_EQ(names.size(), kModels);
  EXPECT_EQ(pages, 3);
}

TEST_F(StoreTest, RemovesFilesThatACrashLeft) {
  Put(MakeJob("a", 1));
  ASSERT_TRUE(store_->PutModel("a", ModelOf("bytes"), "bytes").ok());
  const std::string stray = directory_ + "/models/b-" + std::string(64, 'a') + ".convoy";
  std::ofstream(stray) << "never recorded";
  std::ofstream(stray + ".123.tmp") << "never renamed";
  Reopen();
  EXPECT_EQ(ModelFiles().size(), 1);
  EXPECT_EQ(store_->ReadModel("a")->second, "bytes");
}

TEST_F(StoreTest, DeleteFreesSpace) {
  Put(MakeJob("kept", 1));
  store_.reset();
  const uintmax_t before = StoredBytes();
  Reopen();
  const JobRecord record = MakeJob("a", 2);
  std::vector<v1::MetricSample> epochs;
  for (int epoch = 1; epoch <= 20000; ++epoch) {
    epochs.push_back(Sample(v1::MetricSample::EPOCH, epoch, epoch, 1));
  }
  ASSERT_TRUE(store_->Update({.record = &record, .samples = epochs}).ok());
  ASSERT_TRUE(store_->PutModel("a", ModelOf("bytes"), "bytes").ok());
  EXPECT_GT(StoredBytes(), before + 500'000);
  ASSERT_TRUE(store_->DeleteJob("a").ok());
  EXPECT_EQ(store_->DeleteJob("a").code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(ModelFiles().empty());
  store_.reset();
  EXPECT_LT(StoredBytes(), before + 20'000);
}

TEST_F(StoreTest, IsForOneProcess) {
  const auto second = Store::Open(directory_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(second.status().message(), HasSubstr("another coordinator"));
}

TEST_F(StoreTest, RefusesWhatANewerVersionWrote) {
  store_.reset();
  ASSERT_TRUE(
      Database::Open(directory_ + "/coordinator.sqlite")->Execute("PRAGMA user_version=99").ok());
  const auto opened = Store::Open(directory_);
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(opened.status().message(), HasSubstr("newer"));
}

TEST_F(StoreTest, DamagedDatabaseIsDataLoss) {
  store_.reset();
  std::ofstream(directory_ + "/coordinator.sqlite") << std::string(5000, 'x');
  EXPECT_EQ(Store::Open(directory_).status().code(), absl::StatusCode::kDataLoss);
}

// The header is whole, a page in the middle is not.
TEST_F(StoreTest, DamageInsideTheDatabaseIsFoundAtTheStart) {
  for (int i = 0; i < 200; ++i) Put(MakeJob(absl::StrCat("job", i), i));
  store_.reset();
  std::fstream file(directory_ + "/coordinator.sqlite");
  file.seekp(3 * 4096);
  file << std::string(4096, 'x');
  file.close();
  const absl::Status status = Store::Open(directory_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(std::string(status.message()), HasSubstr("restore it from a copy"));
}

TEST_F(StoreTest, ADamagedEntryHarmsNoOtherAndCanBeDeleted) {
  for (int i = 0; i < 5; ++i) Put(MakeJob(absl::StrCat("job", i), i));
  ASSERT_TRUE(store_->PutModel("job1", ModelOf("bytes"), "bytes").ok());
  store_.reset();
  ASSERT_TRUE(Database::Open(directory_ + "/coordinator.sqlite")
                  ->Execute("UPDATE jobs SET summary=x'ff' WHERE id='job1';"
                            "UPDATE jobs SET details=x'ff' WHERE id='job3';"
                            "UPDATE models SET model=x'ff'")
                  .ok());
  Reopen();
  EXPECT_THAT(store_->TakeDamaged(), ElementsAre("job1", "job3"));
  EXPECT_THAT(store_->TakeDamaged(), ElementsAre());
  EXPECT_EQ(store_->GetJob("job1").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_->JobsInState(v1::Job::RUNNING)->size(), 3);
  EXPECT_EQ(store_->ListModels(9, "")->entries.size(), 0);
  std::vector<std::string> names;
  for (std::string token, next = "first"; !next.empty(); token = next) {
    const auto page = store_->ListJobs({}, 2, token);
    ASSERT_TRUE(page.ok()) << page.status();
    for (const v1::Job& job : page->entries) names.push_back(job.name());
    next = page->next_token;
  }
  EXPECT_THAT(names, ElementsAre("jobs/job4", "jobs/job3", "jobs/job2", "jobs/job0"));
  EXPECT_EQ((*store_->FindRun("run-of-job1"))->id, "job1");
  EXPECT_TRUE(store_->DeleteJob("job1").ok());
  EXPECT_TRUE(ModelFiles().empty());
  Put(MakeJob("job3", 3));  // told anew
  EXPECT_TRUE(store_->GetJob("job3").ok());
}

TEST_F(StoreTest, DamagedMetricsAndEventsAreLeftOut) {
  const JobRecord record = MakeJob("a", 1);
  ASSERT_TRUE(store_
                  ->Update({.record = &record,
                            .samples = {Sample(v1::MetricSample::EPOCH, 1, 10, 1),
                                        Sample(v1::MetricSample::EPOCH, 2, 20, 1),
                                        Sample(v1::MetricSample::EPOCH, 3, 30, 1)},
                            .events = {v1::Event(), v1::Event()}})
                  .ok());
  store_.reset();
  ASSERT_TRUE(Database::Open(directory_ + "/coordinator.sqlite")
                  ->Execute("UPDATE samples SET sample=x'ff' WHERE epoch=2;"
                            "UPDATE events SET event=x'ff' WHERE number=1")
                  .ok());
  Reopen();
  EXPECT_EQ(store_->Events("a")->size(), 1);
  const auto first = store_->ListSamples("a", v1::MetricSample::EPOCH, 2, "");
  EXPECT_EQ(first->entries.size(), 1);
  EXPECT_EQ(store_->ListSamples("a", v1::MetricSample::EPOCH, 2, first->next_token)->entries.size(),
            1);
  EXPECT_THAT(store_->TakeDamaged(), ElementsAre("a"));
}

TEST_F(StoreTest, ModelThatIsNotWantedAnyMoreLeavesTheOther) {
  Put(MakeJob("a", 1));
  ASSERT_TRUE(store_->PutModel("a", ModelOf("new"), "new").ok());
  EXPECT_FALSE(*store_->PutModel("a", ModelOf("old"), "old", [] { return false; }));
  EXPECT_FALSE(*store_->PutModel("a", ModelOf("new"), "new", [] { return false; }));
  EXPECT_EQ(store_->ReadModel("a")->second, "new");
  EXPECT_EQ(ModelFiles().size(), 1);
}

TEST_F(StoreTest, NumbersOfEqualNamesGoOn) {
  EXPECT_EQ(*store_->FreeNumber("a"), 2);
  EXPECT_FALSE(*store_->HasJob("a"));
  Put(MakeJob("a-7", 1));
  Put(MakeJob("a", 1));
  EXPECT_TRUE(*store_->HasJob("a"));
  EXPECT_EQ(*store_->FreeNumber("a"), 8);
  for (const char* other : {"a-10b", "a.99", "ab-50", "a-"}) Put(MakeJob(other, 1));
  EXPECT_EQ(*store_->FreeNumber("a"), 8);
  Put(MakeJob("a-9223372036854775807", 1));
  EXPECT_EQ(*store_->FreeNumber("a"), 8);
}

TEST_F(StoreTest, AFullDiskIsSaidSoAndHarmsNothing) {
  store_.reset();
  auto database = Database::Open(directory_ + "/full.sqlite");
  ASSERT_TRUE(database.ok());
  ASSERT_TRUE(database->Execute("CREATE TABLE t(x); PRAGMA max_page_count=20").ok());
  const auto insert = [&database] {
    return database->Execute("INSERT INTO t VALUES(zeroblob(4000))");
  };
  int rows = 0;
  absl::Status status;
  while (rows < 100 && (status = insert()).ok()) ++rows;
  EXPECT_EQ(status.code(), absl::StatusCode::kUnavailable);
  EXPECT_THAT(std::string(status.message()), HasSubstr("make room"));
  EXPECT_EQ(*database->QueryInt("SELECT COUNT(*) FROM t"), rows);
}

// A child stores jobs and says each one that was acknowledged; it is killed in the middle.
TEST_F(StoreTest, NothingAcknowledgedIsLostByAKill) {
  store_.reset();
  int pipe_ends[2];
  ASSERT_EQ(::pipe(pipe_ends), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    auto store = Store::Open(directory_);
    for (int32_t i = 0;; ++i) {
      const JobRecord record = MakeJob(absl::StrCat("job", i), i);
      CONVOY_CHECK((*store)->Update({.record = &record}).ok());
      CONVOY_CHECK_EQ(::write(pipe_ends[1], &i, sizeof(i)), ssize_t{sizeof(i)});
    }
  }
  ::close(pipe_ends[1]);
  int32_t acknowledged = -1;
  while (acknowledged < 40) {
    ASSERT_EQ(::read(pipe_ends[0], &acknowledged, sizeof(acknowledged)),
              ssize_t{sizeof(acknowledged)});
  }
  ::kill(child, SIGKILL);
  while (::read(pipe_ends[0], &acknowledged, sizeof(acknowledged)) > 0) {
  }
  ::close(pipe_ends[0]);
  ::waitpid(child, nullptr, 0);
  Reopen();
  for (int32_t i = 0; i <= acknowledged; ++i) {
    EXPECT_TRUE(store_->GetJob(absl::StrCat("job", i)).ok()) << i;
  }
}

}  // namespace
}  // namespace convoy::coordinator
