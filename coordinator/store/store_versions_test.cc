// Versions of models in the store: which are there after each epoch, who makes room, what an older
// store becomes, what damage does.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "common/base/sha256.h"
#include "coordinator/store/store.h"

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

class StoreVersionsTest : public ::testing::Test {
 protected:
  void SetUp() override {
    directory_ = absl::StrCat(::testing::TempDir(), "/versions-", ::getpid());
    std::filesystem::remove_all(directory_);
    Reopen(1 << 20);
  }
  void TearDown() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }

  void Reopen(int64_t versions_bytes) {
    store_.reset();
    auto store = Store::Open(directory_, kStandardPatience, versions_bytes);
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }

  void AddJob(const std::string& id, int64_t created) {
    JobRecord record{
        .id = id, .run_id = "run-of-" + id, .process_id = "process", .run_key = "key", .job = {}};
    record.job.set_name(api::JobName(id));
    *record.job.mutable_create_time() = ToProto(absl::FromUnixSeconds(created));
    ASSERT_TRUE(store_->Update({.record = &record}).ok());
  }

  static std::string BytesOf(const std::string& job, int epoch) {
    return absl::StrCat(job, " after epoch ", epoch + 1000);
  }

  void Publish(const std::string& job, int epoch, bool final = false) {
    const std::string bytes = absl::StrCat(BytesOf(job, epoch), final ? "!" : "");
    v1::TrainedModel model;
    model.set_name(api::ModelName(job));
    model.set_version(absl::StrCat(epoch));
    model.set_final(final);
    model.set_sha256(Sha256Hex(bytes));
    model.set_size_bytes(static_cast<int64_t>(bytes.size()));
    const auto put = store_->PutModel(job, model, bytes);
    ASSERT_TRUE(put.ok()) << put.status();
  }

  std::vector<std::string> Versions(const std::string& job) {
    const auto listed = store_->ListVersions(job);
    std::vector<std::string> versions;
    if (!listed.ok()) return versions;
    for (const v1::TrainedModel& model : *listed) {
      EXPECT_EQ(model.name(), absl::StrCat("models/", job, "/versions/", model.version()));
      versions.push_back(model.version());
    }
    return versions;
  }

  size_t Files() const {
    using Iterator = std::filesystem::directory_iterator;
    return static_cast<size_t>(std::distance(Iterator(directory_ + "/models"), Iterator()));
  }

  // Changes what the store has while it is closed.
  void Change(const std::string& sql) {
    store_.reset();
    ASSERT_TRUE(Database::Open(directory_ + "/coordinator.sqlite")->Execute(sql).ok());
    Reopen(1 << 20);
  }

  std::string directory_;
  std::unique_ptr<Store> store_;
};

TEST_F(StoreVersionsTest, EarlierModelsStayBesideTheLast) {
  AddJob("a", 1);
  EXPECT_EQ(store_->ListVersions("a").status().code(), absl::StatusCode::kNotFound);
  Publish("a", 0);
  EXPECT_THAT(Versions("a"), ElementsAre("0"));
  EXPECT_EQ(store_->GetModel("a").status().code(), absl::StatusCode::kNotFound);
  for (int epoch = 1; epoch <= 3; ++epoch) Publish("a", epoch);
  EXPECT_THAT(Versions("a"), ElementsAre("0", "1", "2", "3"));
  Publish("a", 3, /*final=*/true);
  EXPECT_THAT(Versions("a"), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(Files(), 4);
  EXPECT_TRUE(store_->GetModel("a/versions/3")->final());
  EXPECT_EQ(store_->GetModel("a")->name(), "models/a");
  for (int epoch = 0; epoch <= 2; ++epoch) {
    const auto read = store_->ReadModel(absl::StrCat("a/versions/", epoch));
    ASSERT_TRUE(read.ok()) << read.status();
    EXPECT_EQ(read->second, BytesOf("a", epoch));
    EXPECT_EQ(read->first.version(), absl::StrCat(epoch));
    EXPECT_FALSE(read->first.final());
  }
  const absl::Status missing = store_->ReadModel("a/versions/4").status();
  EXPECT_EQ(missing.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(missing.message()), HasSubstr("ListModelVersions"));
}

TEST_F(StoreVersionsTest, FilesOfThoseThatAreNotKeptAreRemoved) {
  AddJob("a", 1);
  for (int epoch = 0; epoch <= 40; ++epoch) {
    Publish("a", epoch);
    ASSERT_EQ(Files(), Versions("a").size()) << epoch;
  }
  EXPECT_THAT(Versions("a"),
              ElementsAre("0", "4", "8", "12", "16", "20", "24", "28", "32", "36", "40"));
  Reopen(1 << 20);
  EXPECT_EQ(Files(), 11);
  EXPECT_EQ(store_->ReadModel("a/versions/36")->second, BytesOf("a", 36));
  ASSERT_TRUE(store_->DeleteJob("a").ok());
  EXPECT_EQ(Files(), 0);
}

TEST_F(StoreVersionsTest, TrainingThatGoesOnFromBeforeForgetsWhatCameAfter) {
  AddJob("a", 1);
  for (int epoch = 0; epoch <= 6; ++epoch) Publish("a", epoch);
  Publish("a", 3);
  EXPECT_THAT(Versions("a"), ElementsAre("0", "1", "2", "3"));
  EXPECT_EQ(Files(), 4);
}

TEST_F(StoreVersionsTest, EqualModelsShareAFile) {
  AddJob("a", 1);
  v1::TrainedModel model;
  model.set_sha256(Sha256Hex("same"));
  model.set_size_bytes(4);
  for (int epoch = 0; epoch <= 20; ++epoch) {
    model.set_version(absl::StrCat(epoch));
    ASSERT_TRUE(store_->PutModel("a", model, "same").ok());
    ASSERT_EQ(Files(), 1);
  }
  EXPECT_EQ(store_->ReadModel("a/versions/0")->second, "same");
}

TEST_F(StoreVersionsTest, TheOldestJobsMakeRoom) {
  const auto each = static_cast<int64_t>(BytesOf("a", 0).size());
  Reopen(10 * each);
  for (const char* job : {"c", "b", "a"}) AddJob(job, 'z' - job[0]);  // c is the oldest
  for (const char* job : {"c", "b"}) {
    for (int epoch = 0; epoch <= 4; ++epoch) Publish(job, epoch);
  }
  EXPECT_EQ(Versions("c").size(), 5);  // four beside the last
  for (int epoch = 0; epoch <= 3; ++epoch) Publish("a", epoch);
  EXPECT_THAT(Versions("c"), ElementsAre("4"));
  EXPECT_EQ(Versions("b").size(), 5);
  EXPECT_EQ(Versions("a").size(), 4);
  EXPECT_EQ(Files(), 10);
  for (int epoch = 4; epoch <= 30; ++epoch) {
    Publish("a", epoch);
    ASSERT_LE(Versions("a").size(), 11);
  }
  EXPECT_THAT(Versions("b"), ElementsAre("4"));
  EXPECT_EQ(Versions("a").front(), "0");
  EXPECT_EQ(Versions("a").back(), "30");
}

TEST_F(StoreVersionsTest, NoneAreKeptWhereThereIsNoRoom) {
  Reopen(0);
  AddJob("a", 1);
  for (int epoch = 0; epoch <= 3; ++epoch) Publish("a", epoch);
  EXPECT_THAT(Versions("a"), ElementsAre("3"));
  EXPECT_EQ(Files(), 1);
}

TEST_F(StoreVersionsTest, AStoreOfBeforeIsBroughtUpToDate) {
  AddJob("a", 1);
  Publish("a", 2);
  Change("DROP TABLE versions; PRAGMA user_version=2");
  EXPECT_THAT(Versions("a"), ElementsAre("2"));
  EXPECT_EQ(store_->ReadModel("a")->second, BytesOf("a", 2));
  Publish("a", 3);
  EXPECT_THAT(Versions("a"), ElementsAre("2", "3"));
}

TEST_F(StoreVersionsTest, ADamagedVersionIsLeftOut) {
  AddJob("a", 1);
  for (int epoch = 0; epoch <= 3; ++epoch) Publish("a", epoch);
  Change("UPDATE versions SET model=x'ff' WHERE epoch=1");
  EXPECT_THAT(Versions("a"), ElementsAre("0", "2", "3"));
  EXPECT_THAT(store_->TakeDamaged(), ElementsAre("a"));
  EXPECT_EQ(store_->GetModel("a/versions/1").status().code(), absl::StatusCode::kDataLoss);
  const std::string file = store_->GetModel("a/versions/2")->sha256();
  std::ofstream(absl::StrCat(directory_, "/models/a-", file, ".convoy")) << "bad";
  EXPECT_EQ(store_->ReadModel("a/versions/2").status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(store_->ReadModel("a")->second, BytesOf("a", 3));
  Publish("a", 4);
  EXPECT_EQ(store_->ReadModel("a/versions/3")->second, BytesOf("a", 3));
  ASSERT_TRUE(store_->DeleteJob("a").ok());
  EXPECT_EQ(Files(), 0);
}

TEST_F(StoreVersionsTest, ADamagedModelBecomesNoVersion) {
  AddJob("a", 1);
  for (int epoch = 0; epoch <= 2; ++epoch) Publish("a", epoch);
  Change("UPDATE models SET model=x'ff'");
  EXPECT_THAT(Versions("a"), ElementsAre("0", "1"));
  Publish("a", 3);
  EXPECT_THAT(Versions("a"), ElementsAre("0", "1", "3"));
  EXPECT_EQ(Files(), 3);
}

}  // namespace
}  // namespace convoy::coordinator
