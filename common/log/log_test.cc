#include "common/log/log.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace convoy::log {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::SizeIs;

class RecordsTest : public ::testing::Test {
 protected:
  RecordsTest() {
    std::signal(SIGPIPE, SIG_IGN);
    EXPECT_EQ(::pipe(pipe_), 0);
    ::fcntl(pipe_[0], F_SETFL, O_NONBLOCK);
    StartRecords(pipe_[1]);
  }
  ~RecordsTest() override {
    Stop();
    ::close(pipe_[0]);
    ::close(pipe_[1]);
  }

  std::vector<std::string> Read() const {
    std::string text(8192, '\0');
    const ssize_t size = ::read(pipe_[0], text.data(), text.size());
    text.resize(static_cast<size_t>(size < 0 ? 0 : size));
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }

 private:
  int pipe_[2];
};

TEST(LogTest, LinesToAPerson) {
  EXPECT_EQ(LineToPerson("trainer", Level::kError, "--data: no such folder"),
            "trainer: error: --data: no such folder");
  EXPECT_EQ(LineToPerson("convoy", Level::kNote, "two\nlines"), "convoy: note: two\\x0alines");
}

TEST(LogTest, RecordsHaveTimeAndLevel) {
  EXPECT_THAT(Record(Level::kInfo, "epoch 1"),
              MatchesRegex("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z info epoch 1"));
}

TEST(LogTest, ALongMessageIsCut) {
  EXPECT_THAT(Record(Level::kError, std::string(1 << 20, 'x')).size(), ::testing::Lt(1100u));
}

TEST_F(RecordsTest, AllThatWasSaidIsThereAfterStop) {
  for (int i = 0; i < 20; ++i) Info(absl::StrCat("line ", i));
  Stop();
  const std::vector<std::string> lines = Read();
  ASSERT_THAT(lines, SizeIs(20));
  EXPECT_THAT(lines[19], HasSubstr("info line 19"));
}

TEST_F(RecordsTest, WhoReadsNothingLosesLinesAndHoldsUpNobody) {
  for (int i = 0; i < 2000; ++i) Info(absl::StrCat(std::string(100, 'x'), i));
  for (int i = 0; i < 1000; ++i) {
    Note("read again");
    ::usleep(1000);
    for (const std::string& line : Read()) {
      if (absl::StrContains(line, "lines are missing here")) return;
    }
  }
  FAIL() << "no line says how many are missing";
}

TEST_F(RecordsTest, StopDoesNotWaitForAReader) {
  for (int i = 0; i < 2000; ++i) Info(std::string(100, 'x'));
  Stop();  // would hang
}

}  // namespace
}  // namespace convoy::log
