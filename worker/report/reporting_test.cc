#include "worker/report/reporting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "common/run/run_files.h"

namespace convoy::report {
namespace {

class ReportingTest : public ::testing::Test {
 protected:
  ReportingTest()
      : path_(::testing::TempDir() + "/reporting_test_" + std::to_string(getpid())),
        reporting_(RunDirectory::Open(path_, /*resume=*/false).value(),
                   {.recipe_text = "epochs: 1\n", .learning_rate = 0.1}, out_, /*verbose=*/2) {
    for (Observer* observer : reporting_.observers()) {
      observer->OnStart({.world_size = 1,
                         .threads = {1},
                         .hosts = {"here"},
                         .batch_size = 16,
                         .micro_batch = 16});
    }
  }
  ~ReportingTest() override {
    std::fclose(out_);
    std::free(text_);
    std::filesystem::remove_all(path_);
  }

  // What the terminal was told.
  std::string Terminal() {
    std::fflush(out_);
    return std::string(text_, size_);
  }
  run::Summary Summary() { return run::ReadSummary(path_).value(); }

  const std::string path_;
  char* text_ = nullptr;
  size_t size_ = 0;
  std::FILE* out_ = ::open_memstream(&text_, &size_);
  Reporting reporting_;
};

TEST_F(ReportingTest, SuccessIsInTheFilesAndOnTheTerminal) {
  ASSERT_TRUE(
      reporting_.Succeed({.test_loss = 0.25, .test_accuracy = 0.5, .weights_sha256 = "ab"}).ok());
  EXPECT_EQ(Summary().state, run::RunState::kSucceeded);
  EXPECT_EQ(Summary().test_loss, 0.25);
  EXPECT_THAT(Terminal(), ::testing::HasSubstr("0.25"));
}

TEST_F(ReportingTest, FailureIsWrittenAndReturned) {
  const absl::Status error = absl::AbortedError("the loss is not finite");
  EXPECT_EQ(reporting_.Fail(error), error);
  EXPECT_EQ(Summary().state, run::RunState::kFailed);
  EXPECT_EQ(Summary().error, "the loss is not finite");
}

TEST_F(ReportingTest, NobodyIsToldOfASuccessWhoseFilesAreMissing) {
  ASSERT_TRUE(reporting_.directory().Flush().ok());
  const std::string before = Terminal();
  std::filesystem::remove_all(path_);
  EXPECT_FALSE(reporting_.Succeed({.test_loss = 0.25}).ok());
  EXPECT_EQ(Terminal(), before);
}

}  // namespace
}  // namespace convoy::report
