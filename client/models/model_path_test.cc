#include "client/models/model_path.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

class LocalModelTest : public ::testing::Test {
 protected:
  LocalModelTest() : run_(::testing::TempDir() + "convoy_model_run") {
    std::filesystem::remove_all(run_);
    std::filesystem::create_directories(run_ + "/checkpoints");
  }

  std::string run_;
};

TEST_F(LocalModelTest, RunDirectoryMeansItsModel) {
  std::ofstream(run_ + "/model.convoy") << "x";
  EXPECT_EQ(ModelPath(run_).value(), run_ + "/model.convoy");
  EXPECT_EQ(ModelPath(run_ + "/model.convoy").value(), run_ + "/model.convoy");
  EXPECT_EQ(ModelPath(run_ + "/none").status().code(), absl::StatusCode::kNotFound);
}

TEST_F(LocalModelTest, UnfinishedRunNamesItsNewestCheckpoint) {
  EXPECT_THAT(ModelPath(run_).status().message(), HasSubstr("no model.convoy"));
  std::ofstream(run_ + "/checkpoints/step-000000001.convoy") << "x";
  std::ofstream(run_ + "/checkpoints/step-000000012.convoy") << "x";
  const absl::Status status = ModelPath(run_).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(status.message(), HasSubstr("step-000000012.convoy"));
}

}  // namespace
}  // namespace convoy::client
