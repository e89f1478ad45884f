#include "common/terminal/activity.h"

#include <gtest/gtest.h>
#include <pty.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace convoy::terminal {
namespace {

// A pseudo-terminal of 40 columns as a stream, and what was written there.
class ActivityTest : public testing::Test {
 protected:
  ActivityTest() {
    ::setenv("TERM", "xterm", 1);
    ::setenv("LC_ALL", "C.UTF-8", 1);
    struct winsize size = {.ws_row = 24, .ws_col = 40};
    EXPECT_EQ(::openpty(&ours_, &its_, nullptr, nullptr, &size), 0);
    stream_ = ::fdopen(its_, "w");
  }
  ~ActivityTest() override {
    std::fclose(stream_);
    ::close(ours_);
  }

  std::string Written() const {
    char text[1000];
    const ssize_t bytes = ::read(ours_, text, sizeof(text));
    return {text, static_cast<size_t>(bytes)};
  }

  int ours_ = -1;
  int its_ = -1;
  std::FILE* stream_ = nullptr;
};

TEST_F(ActivityTest, IsDrawnOverItselfAndGoneAtTheEnd) {
  {
    Activity activity(stream_, true);
    activity.Show("Reading");
    activity.Show("Drawing", 3, 6);
  }
  EXPECT_EQ(Written(), "\rReading ...\033[K\rDrawing [=======>......] - 3/6\033[K\r\033[K");
}

TEST_F(ActivityTest, NeverWiderThanTheTerminal) {
  Activity activity(stream_, true);
  activity.Show(std::string(100, 'x'));
  activity.Show("ä" + std::string(100, 'x'), 1, 2);
  EXPECT_EQ(Written(), "\r" + std::string(39, 'x') + "\033[K\rä" + std::string(38, 'x') + "\033[K");
}

TEST_F(ActivityTest, NothingWhereItIsNotWanted) {
  {
    Activity activity(stream_, false);
    activity.Show("Reading");
  }
  std::fputs("end", stream_);
  std::fflush(stream_);
  EXPECT_EQ(Written(), "end");
}

TEST(ActivityInFileTest, NothingIsWritten) {
  std::FILE* file = std::tmpfile();
  {
    Activity activity(file, true);
    activity.Show("Reading", 1, 2);
  }
  EXPECT_EQ(std::ftell(file), 0);
  std::fclose(file);
}

}  // namespace
}  // namespace convoy::terminal
