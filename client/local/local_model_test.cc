#include "client/local/local_model.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "common/formats/model_testing.h"
#include "common/nn/model_spec.h"

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

constexpr char kTiny[] =
    R"(name: "tiny" input { height: 2 width: 2 }
       layers { flatten {} } layers { dense { units: 2 activation: SOFTMAX } })";

// A model of `kTiny` whose kernel has `inputs` rows; 4 fit the network.
formats::ModelFile TinyModel(int64_t inputs) {
  formats::ModelFile file;
  file.model_textproto = kTiny;
  file.tensors = {{"dense/kernel:0", {inputs, 2}, true, std::vector<float>(inputs * 2, 0.5F)},
                  {"dense/bias:0", {2}, true, {0, 1}}};
  return file;
}

class LocalModelTest : public ::testing::Test {
 protected:
  LocalModelTest() : run_(::testing::TempDir() + "convoy_model_run") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_ + "/checkpoints");
  }

  std::string run_;
};

TEST_F(LocalModelTest, FilesAndRunDirectoriesAreLocal) {
  EXPECT_TRUE(IsLocalModel("model.convoy"));
  EXPECT_TRUE(IsLocalModel("runs/first"));
  EXPECT_FALSE(IsLocalModel("first"));
}

TEST_F(LocalModelTest, RunDirectoryMeansItsModel) {
  ASSERT_TRUE(formats::WriteModel(run_ + "/model.convoy", TinyModel(4)).ok());
  const LocalModel model = ReadLocalModel(run_).value();
  EXPECT_EQ(model.path, run_ + "/model.convoy");
  EXPECT_EQ(model.network.num_parameters(), 10);
  EXPECT_EQ(ReadLocalModel(model.path)->file.tensors[1].data[1], 1);
}

TEST_F(LocalModelTest, UnfinishedRunNamesItsNewestCheckpoint) {
  EXPECT_THAT(ReadLocalModel(run_).status().message(), HasSubstr("no model.convoy"));
  std::ofstream(run_ + "/checkpoints/step-000000001.convoy") << "x";
  std::ofstream(run_ + "/checkpoints/step-000000012.convoy") << "x";
  const absl::Status status = ReadLocalModel(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("step-000000012.convoy"));
}

TEST_F(LocalModelTest, WeightsOfAnotherNetworkAreRefused) {
  ASSERT_TRUE(formats::WriteModel(run_ + "/model.convoy", TinyModel(5)).ok());
  const absl::Status status = ReadLocalModel(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(status.message(), HasSubstr(run_ + "/model.convoy"));
}

TEST_F(LocalModelTest, BrokenFilesAreNamed) {
  const std::string path = run_ + "/broken.convoy";
  EXPECT_THAT(ReadLocalModel(path).status().message(), HasSubstr(path));
  std::ofstream(path) << "no model at all";
  EXPECT_THAT(ReadLocalModel(path).status().message(), HasSubstr(path));
}

}  // namespace
}  // namespace convoy::client
