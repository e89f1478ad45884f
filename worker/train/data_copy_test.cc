#include "worker/train/data_copy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/data/idx.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/container.h"
#include "common/formats/model_file.h"
#include "common/run/run_files.h"
#include "common/run/start_file.h"
#include "tests/support/thread_ranks.h"
#include "worker/train/job_testing.h"
#include "worker/train/trainer.h"

namespace convoy::train {
namespace {

using ::testing::ElementsAre;
using ::testing::ElementsAreArray;
using ::testing::Field;
using ::testing::HasSubstr;

class DataCopyTest : public ::testing::Test {
 protected:
  DataCopyTest() : data_(WriteTestData(absl::StrCat("data_copy_test_", getpid()))) {}
  ~DataCopyTest() override { std::filesystem::remove_all(data_); }

  // Calls `use` with the job of one rank.
  template <typename Use>
  void WithJob(const JobRequest& request, Use use) {
    testing::RunRanks(1, [&](comm::Communicator& comm) {
      const absl::StatusOr<Job> job = PrepareJob(comm, request);
      ASSERT_TRUE(job.ok()) << job.status();
      use(comm, *job);
    });
  }

  const std::string data_;
  const std::string copy_ = data_ + "/data.copy";
};

TEST_F(DataCopyTest, HasAllThatWasRead) {
  WithJob({.asked = TestRecipe(), .data = data_}, [&](comm::Communicator&, const Job& job) {
    ASSERT_TRUE(WriteDataCopy(copy_, job).ok());
    const data::DataSource read = ReadDataCopy(copy_, job.data_sha256).value();
    EXPECT_EQ(read.kind, job.data_kind);
    EXPECT_EQ(read.where, job.data_where);
    EXPECT_EQ(read.sha256, job.data_sha256);
    EXPECT_EQ(read.train.count, job.train.count + job.validation.count);
    EXPECT_EQ(read.train.num_classes, kTestClasses);
    EXPECT_EQ(read.test.count, job.test.count);
  });
}

// As runs of before labels had 16 bits wrote it, and as whoever goes on with one reads it.
TEST_F(DataCopyTest, OfFewClassesALabelIsAByte) {
  WithJob({.asked = TestRecipe(), .data = data_}, [&](comm::Communicator&, const Job& job) {
    ASSERT_TRUE(WriteDataCopy(copy_, job).ok());
    const auto container = formats::ContainerReader::Parse(ReadFile(copy_, 1 << 20).value(), copy_);
    const std::string_view images = container->SectionBytes("images").value();
    const int64_t count = job.train.count + job.validation.count + job.test.count;
    const int64_t pixels = count * job.train.image_bytes();
    ASSERT_EQ(static_cast<int64_t>(images.size()), pixels + count);
    EXPECT_EQ(DataCopyBytes(job), pixels + count);
    for (int64_t i = 0; i < job.train.count; ++i) {
      ASSERT_EQ(images[static_cast<size_t>(pixels + i)], job.train.labels[i]) << i;
    }
  });
}

// With an odd number of pixels before them, labels of two bytes still stand where they may.
TEST_F(DataCopyTest, KeepsLabelsAboveAByte) {
  constexpr int kClasses = 1000;
  const std::vector<Label> labels = {999, 0, 255, 256, 3, 512, 998, 1, 257};
  const std::vector<Label> test_labels = {999, 300};
  const auto write = [&](const std::string& name, const std::string& content) {
    ASSERT_TRUE(WriteFileAtomically(data_ + "/" + name, content).ok());
  };
  write("train-images-idx3-ubyte", data::IdxImagesHeader(9, 5, 5) + std::string(9 * 25, 'x'));
  write("train-labels-idx1-ubyte", data::EncodeIdxLabels(labels, kClasses));
  write("t10k-images-idx3-ubyte", data::IdxImagesHeader(2, 5, 5) + std::string(2 * 25, 'y'));
  write("t10k-labels-idx1-ubyte", data::EncodeIdxLabels(test_labels, kClasses));
  v1::Recipe recipe = TestRecipe();
  recipe.mutable_model()->mutable_input()->set_height(5);
  recipe.mutable_model()->mutable_input()->set_width(5);
  recipe.mutable_model()->mutable_layers()->rbegin()->mutable_dense()->set_units(kClasses);
  for (const int ranks : {1, 2, 3, 4}) {
    testing::RunRanks(ranks, [&](comm::Communicator& comm) {
      const absl::StatusOr<Job> job = PrepareJob(comm, {.asked = recipe, .data = data_});
      ASSERT_TRUE(job.ok()) << job.status();
      const int64_t count = job->train.count + job->validation.count;
      EXPECT_THAT(std::vector(job->train.labels, job->train.labels + count),
                  ElementsAreArray(labels));
      EXPECT_THAT(std::vector(job->test.labels, job->test.labels + job->test.count),
                  ElementsAreArray(test_labels));
      EXPECT_EQ(*job->test.pixels, 'y');
      EXPECT_EQ(reinterpret_cast<uintptr_t>(job->train.labels) % alignof(Label), 0U);
      if (comm.rank() > 0) return;
      ASSERT_TRUE(WriteDataCopy(copy_, *job).ok());
      const absl::StatusOr<data::DataSource> read = ReadDataCopy(copy_, job->data_sha256);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(read->train.labels, labels);
      EXPECT_EQ(read->test.labels, test_labels);
      EXPECT_EQ(read->train.num_classes, kClasses);
    });
  }
}

TEST_F(DataCopyTest, WhatIsNotWholeOrOfOtherDataIsRefused) {
  WithJob({.asked = TestRecipe(), .data = data_}, [&](comm::Communicator&, const Job& job) {
    EXPECT_TRUE(absl::IsNotFound(ReadDataCopy(copy_, job.data_sha256).status()));
    ASSERT_TRUE(WriteDataCopy(copy_, job).ok());
    EXPECT_TRUE(absl::IsFailedPrecondition(ReadDataCopy(copy_, std::string(64, '0')).status()));
    EXPECT_THAT(std::string(formats::ReadModel(copy_).status().message()),
                HasSubstr("is a copy of a run's data, not a model"));
    std::string bytes = ReadFile(copy_, 1 << 20).value();
    bytes[bytes.size() / 2] ^= 1;
    ASSERT_TRUE(WriteFileAtomically(copy_, bytes).ok());
    EXPECT_TRUE(absl::IsDataLoss(ReadDataCopy(copy_, job.data_sha256).status()));
    ASSERT_TRUE(WriteFileAtomically(copy_, bytes.substr(0, bytes.size() / 2)).ok());
    EXPECT_TRUE(absl::IsDataLoss(ReadDataCopy(copy_, job.data_sha256).status()));
  });
}

// A description that contradicts the bytes beside it, with right checksums.
TEST_F(DataCopyTest, SizesThatLieAreRefused) {
  WithJob({.asked = TestRecipe(), .data = data_}, [&](comm::Communicator& comm, const Job&) {
    for (const int images : {0, -1, 69}) {
      Job job = PrepareJob(comm, {.asked = TestRecipe(), .data = data_}).value();
      job.data.set_train_images(images);
      ASSERT_TRUE(WriteDataCopy(copy_, job).ok());
      EXPECT_TRUE(absl::IsDataLoss(ReadDataCopy(copy_, job.data_sha256).status())) << images;
    }
    Job job = PrepareJob(comm, {.asked = TestRecipe(), .data = data_}).value();
    job.data.set_classes(1);
    ASSERT_TRUE(WriteDataCopy(copy_, job).ok());
    EXPECT_TRUE(absl::IsDataLoss(ReadDataCopy(copy_, job.data_sha256).status()));
  });
}

// Where the data are gone, the run goes on with its copy; to the same data.
TEST_F(DataCopyTest, RunGoesOnWithItsCopy) {
  JobRequest request{
      .asked = TestRecipe(), .data = data_, .run_dir = data_ + "/run", .resume = true};
  const std::string copy = run::PathIn(request.run_dir, run::kDataCopyFile);
  WithJob(request, [&](comm::Communicator& comm, const Job& job) {
    auto store =
        formats::CheckpointStore::Open(run::PathIn(request.run_dir, run::kCheckpoints), 1).value();
    ASSERT_TRUE(Trainer::Create(comm, job, {.store = &store}).value()->Run().ok());
    ASSERT_TRUE(WriteDataCopy(copy, job).ok());
    EXPECT_TRUE(FindsData(request, job));
    request.data = data_ + "/nowhere";
    EXPECT_FALSE(FindsData(request, job));
  });
  WithJob(request, [&](comm::Communicator&, const Job& job) {
    EXPECT_EQ(job.data_kind, "idx");
    EXPECT_THAT(job.notes, ElementsAre(Field(&i18n::Message::english,
                                             HasSubstr("the data are those of " + copy))));
  });
  // One that is damaged is told of, and the data are looked for.
  ASSERT_TRUE(WriteFileAtomically(copy, "").ok());
  request.data = data_;
  WithJob(request, [&](comm::Communicator&, const Job& job) {
    EXPECT_THAT(job.notes, ElementsAre(Field(&i18n::Message::english, HasSubstr("data.copy"))));
    EXPECT_THAT(job.data_where, ::testing::Not(HasSubstr("a copy of")));
  });
}

// What an earlier start of a supervised run has read from the same path; for no other.
TEST_F(DataCopyTest, StartOfASupervisedRunNeedNotReadAgain) {
  JobRequest request{
      .asked = TestRecipe(), .data = data_, .run_dir = data_ + "_run", .resume = true};
  WithJob(request, [&](comm::Communicator& comm, const Job& job) {
    EXPECT_GT(job.read_seconds, 0);
    auto store =
        formats::CheckpointStore::Open(run::PathIn(request.run_dir, run::kCheckpoints), 1).value();
    ASSERT_TRUE(Trainer::Create(comm, job, {.store = &store}).value()->Run().ok());
    ASSERT_TRUE(WriteDataCopy(run::PathIn(request.run_dir, run::kDataCacheFile), job).ok());
  });
  std::filesystem::remove_all(data_);
  const auto prepares = [&](const JobRequest& asked) {
    bool ok = false;
    testing::RunRanks(1, [&](comm::Communicator& comm) {
      const absl::StatusOr<Job> job = PrepareJob(comm, asked);
      ok = job.ok() && job->read_seconds == 0 && job->notes.empty();
    });
    return ok;
  };
  EXPECT_FALSE(prepares(request));
  ::setenv(run::kStartVariable, "second", 1);
  EXPECT_TRUE(prepares(request));
  request.data += "/.";
  EXPECT_FALSE(prepares(request));
  ::unsetenv(run::kStartVariable);
  std::filesystem::remove_all(request.run_dir);
}

}  // namespace
}  // namespace convoy::train
