#include "worker/watch/watch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include "worker/comm/thread_communicator.h"

namespace convoy::watch {
namespace {

using std::chrono::milliseconds;
using ::testing::HasSubstr;

std::string Content(const std::string& path) {
  std::ifstream in(path);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

// Runs `rank` on each of the ranks, watched, until all have returned.
template <typename Rank>
void RunWatched(int world_size, WatchOptions options, const Rank& rank) {
  if (!options.stop_state) options.stop_state = [] { return StopState(); };
  comm::ThreadWorld world(world_size);
  std::vector<std::thread> threads;
  for (int i = 0; i < world_size; ++i) {
    threads.emplace_back([&, i] {
      const auto communicator = world.MakeCommunicator(i);
      auto watch = Watch::Start(*communicator, options);
      ASSERT_TRUE(watch.ok());
      rank(**watch);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

class WatchDeathTest : public ::testing::Test {
 protected:
  WatchDeathTest() {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    std::filesystem::create_directories(directory_);
  }

  void TearDown() override { std::filesystem::remove_all(directory_); }

  // Rank 1 never comes to step 11; the steps before take no time.
  void Hang(StopState stop) {
    RunWatched(2,
               {.patience = milliseconds(600),
                .ranks_are_threads = true,
                .stop_state = [stop] { return stop; }},
               [&](Watch& watch) {
                 ASSERT_TRUE(watch.SetRunDirectory(directory_).ok());
                 for (int step = 1; step <= 11; ++step) {
                   watch.EnterStep(step);
                   if (step == 11 && watch.communicator().rank() == 1) {
                     std::this_thread::sleep_for(std::chrono::hours(1));
                   }
                   ASSERT_TRUE(watch.communicator().Barrier().ok());
                 }
               });
  }

  // A fixed place: the process that dies and the one that looks are not the same.
  const std::string directory_ = std::filesystem::temp_directory_path().string() +
                                 "/convoy_watch_test." +
                                 ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(WatchDeathTest, NamesTheRankInTerminalLogAndLastWords) {
  EXPECT_EXIT(Hang({}), ::testing::ExitedWithCode(77),
              "error: rank 1 on .* has not come to step 11: in forward and backward since");
  for (const char* file : {"/log.txt", "/last_words.0"}) {
    EXPECT_THAT(Content(directory_ + file), HasSubstr("has not come to step 11")) << file;
  }
}

TEST_F(WatchDeathTest, CancelledJobThatHangsIsNotToBeRepeated) {
  EXPECT_EXIT(Hang({.requested = true, .cancelled = true}), ::testing::ExitedWithCode(76), "");
}

TEST(WatchTest, ProgressOfAllRanksIsInTheRunDirectoryWhileTheyRun) {
  const std::string directory = ::testing::TempDir() + "watch_progress";
  std::filesystem::create_directories(directory);
  std::string seen;
  RunWatched(2, {}, [&](Watch& watch) {
    ASSERT_TRUE(watch.SetRunDirectory(directory).ok());
    watch.EnterStep(7);
    while (watch.communicator().rank() == 0 && seen.find("\"step\": 7") == std::string::npos) {
      seen = Content(directory + "/progress.json");
      std::this_thread::sleep_for(milliseconds(10));
    }
    ASSERT_TRUE(watch.communicator().Barrier().ok());
  });
  EXPECT_THAT(seen, HasSubstr("forward and backward"));
  EXPECT_FALSE(std::filesystem::exists(directory + "/progress.json"));
}

TEST(WatchTest, PatienceComesFromTheEnvironment) {
  ::unsetenv("CONVOY_HANG_SECONDS");
  EXPECT_EQ(PatienceFromEnvironment().value(), std::chrono::seconds(30));
  ::setenv("CONVOY_HANG_SECONDS", "2.5", 1);
  EXPECT_EQ(PatienceFromEnvironment().value(), milliseconds(2500));
  for (const char* wrong : {"", "soon", "-1", "nan", "1e9"}) {
    ::setenv("CONVOY_HANG_SECONDS", wrong, 1);
    EXPECT_FALSE(PatienceFromEnvironment().ok()) << wrong;
  }
  ::unsetenv("CONVOY_HANG_SECONDS");
}

}  // namespace
}  // namespace convoy::watch
