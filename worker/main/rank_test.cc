// Ranks as threads, each from its flags to its exit code. What one rank alone finds wrong must end
// all of them in the same way: a rank that went its own way would leave the others in a collective,
// and the watchdog of RunRanks fails the test then.
#include "worker/main/rank.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "common/data/idx_testing.h"
#include "common/run/run_files.h"
#include "tests/support/thread_ranks.h"

namespace convoy::trainer {
namespace {

using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr char kNetwork[] = R"(name: "tiny"
input { height: 5 width: 4 channels: 1 }
layers { flatten {} }
layers { dense { units: 10 activation: SOFTMAX } }
)";

watch::WatchOptions Watching() {
  watch::WatchOptions options;
  options.ranks_are_threads = true;
  options.stop_state = [] { return watch::StopState{}; };
  return options;
}

class RankTest : public ::testing::TestWithParam<int> {
 protected:
  RankTest() {
    std::filesystem::create_directory(Path("data"));
    data::WriteTestDataSet(Path("data"));
    data::WriteTestFile(Path("tiny.textproto"), kNetwork);
  }

  std::string Path(const std::string& name) const { return absl::StrCat(files_.path(), "/", name); }

  // The flags of a training that is over at once, and these.
  absl::StatusOr<Flags> Parse(const std::vector<std::string>& more) const {
    std::vector<std::string> words = {"trainer",
                                      "--data",
                                      Path("data"),
                                      "--model",
                                      Path("tiny.textproto"),
                                      "--epochs",
                                      "2",
                                      "--batch-size",
                                      "8",
                                      "--micro-batch",
                                      "4",
                                      "--threads",
                                      "1"};
    words.insert(words.end(), more.begin(), more.end());
    std::vector<const char*> arguments;
    for (const std::string& word : words) arguments.push_back(word.c_str());
    return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
  }

  // What all ranks together did.
  struct Ended {
    std::vector<ExitCode> codes;
    std::string out, err;
  };
  Ended Run(const std::function<absl::StatusOr<Flags>(int rank)>& flags_of) const {
    Ended ended{
        .codes = std::vector<ExitCode>(static_cast<size_t>(GetParam())), .out = {}, .err = {}};
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    testing::RunRanks(GetParam(), [&](comm::Communicator& communicator) {
      const auto watch = watch::Watch::Start(communicator, Watching());
      ended.codes[static_cast<size_t>(communicator.rank())] =
          RunRank(**watch, flags_of(communicator.rank()));
    });
    ended.out = ::testing::internal::GetCapturedStdout();
    ended.err = ::testing::internal::GetCapturedStderr();
    return ended;
  }
  Ended Run(const std::vector<std::string>& more) const {
    return Run([&](int) { return Parse(more); });
  }

  int last_rank() const { return GetParam() - 1; }

  data::TestDirectory files_;
};

TEST_P(RankTest, AWholeTrainingEndsOnAllRanksAndHasTheWeightsOfOne) {
  const Ended ended = Run({"--run-dir", Path("run")});
  EXPECT_THAT(ended.codes, Each(ExitCode::kOk)) << ended.err;
  const std::string sha256 = run::ReadSummary(Path("run"))->weights_sha256;
  testing::RunRanks(1, [&](comm::Communicator& alone) {
    const auto watch = watch::Watch::Start(alone, Watching());
    EXPECT_EQ(RunRank(**watch, Parse({"--run-dir", Path("alone")})), ExitCode::kOk);
  });
  EXPECT_EQ(sha256, run::ReadSummary(Path("alone"))->weights_sha256);
}

TEST_P(RankTest, FlagsThatOneRankCannotReadAreTheErrorOfAll) {
  const Ended ended = Run([&](int rank) {
    return rank == last_rank() ? Parse({"--epochs", "none"}) : Parse({"--run-dir", Path("run")});
  });
  EXPECT_THAT(ended.codes, Each(ExitCode::kUsage));
  EXPECT_THAT(ended.err, HasSubstr("--epochs"));
  EXPECT_FALSE(std::filesystem::exists(Path("run")));
}

TEST_P(RankTest, RanksThatWereAskedForDifferentThingsEndBeforeTheyTrain) {
  if (GetParam() == 1) return;  // nobody to differ from
  const Ended ended = Run([&](int rank) {
    return Parse({"--run-dir", Path("run"), "--seed", rank == last_rank() ? "2" : "1"});
  });
  EXPECT_THAT(ended.codes, Each(ExitCode::kUsage));
  EXPECT_THAT(ended.err, AllOf(HasSubstr("set of recipe flags"), HasSubstr("rank 0")));
  EXPECT_FALSE(std::filesystem::exists(Path("run")));
}

TEST_P(RankTest, WhatRankZeroAloneCannotDoIsTheErrorOfAll) {
  data::WriteTestFile(Path("file"), "not a directory");
  const Ended ended = Run({"--run-dir", Path("file/run")});
  EXPECT_THAT(ended.codes, Each(Not(ExitCode::kOk)));
  EXPECT_THAT(ended.err, HasSubstr("file/run"));
}

TEST_P(RankTest, AFinishedRunIsNotTrainedAgain) {
  ASSERT_THAT(Run({"--run-dir", Path("run")}).codes, Each(ExitCode::kOk));
  const auto written = std::filesystem::last_write_time(Path("run/model.convoy"));
  const Ended again = Run({"--run-dir", Path("run"), "--resume", "--verbose", "1"});
  EXPECT_THAT(again.codes, Each(ExitCode::kOk)) << again.err;
  EXPECT_THAT(again.out, HasSubstr("this run is finished"));
  EXPECT_EQ(std::filesystem::last_write_time(Path("run/model.convoy")), written);
}

TEST_P(RankTest, ARunDirectoryThatHoldsARunIsRefusedByAll) {
  ASSERT_THAT(Run({"--run-dir", Path("run")}).codes, Each(ExitCode::kOk));
  const Ended again = Run({"--run-dir", Path("run")});
  EXPECT_THAT(again.codes, Each(ExitCode::kUsage));
  EXPECT_THAT(again.err, HasSubstr("--resume"));
}

TEST_P(RankTest, ADryRunLeavesNothingBehind) {
  const Ended ended = Run({"--run-dir", Path("run"), "--dry-run", "--verbose", "1"});
  EXPECT_THAT(ended.codes, Each(ExitCode::kOk)) << ended.err;
  EXPECT_THAT(ended.out, HasSubstr("tiny"));
  EXPECT_FALSE(std::filesystem::exists(Path("run")));
}

INSTANTIATE_TEST_SUITE_P(WorldSizes, RankTest, ::testing::Values(1, 2, 3, 4));

}  // namespace
}  // namespace convoy::trainer
