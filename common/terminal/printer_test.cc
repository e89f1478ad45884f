#include "common/terminal/printer.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <thread>

namespace convoy::terminal {
namespace {

// A pipe of one page that nobody reads until ReadAll.
class PrinterTest : public ::testing::Test {
 protected:
  PrinterTest() {
    EXPECT_EQ(::pipe(ends_), 0);
    EXPECT_GT(::fcntl(ends_[1], F_SETPIPE_SZ, 4096), 0);
    out_ = ::fdopen(ends_[1], "w");
  }
  ~PrinterTest() override { ::close(ends_[0]); }

  // Until the other side is closed.
  std::string ReadAll() const {
    std::string all;
    char bytes[4096];
    for (ssize_t got = 0; (got = ::read(ends_[0], bytes, sizeof bytes)) > 0;) {
      all.append(bytes, static_cast<size_t>(got));
    }
    return all;
  }

  int ends_[2] = {-1, -1};
  std::FILE* out_ = nullptr;
};

TEST_F(PrinterTest, WhatIsPrintedIsThereAtOnce) {
  Printer printer(out_);
  printer.Print("one\n");
  printer.PrintIfIdle("two\n");
  char bytes[16] = {};
  EXPECT_EQ(::read(ends_[0], bytes, sizeof bytes), 8);
  EXPECT_STREQ(bytes, "one\ntwo\n");
  std::fclose(out_);
}

TEST_F(PrinterTest, AReaderThatWaitsKeepsNobodyWaitingAndGetsAllInTheEnd) {
  const std::string line(999, 'x');
  std::string all;
  std::thread reader;
  {
    Printer printer(out_);
    // More than the pipe holds: without a thread of its own the sixth would never return.
    for (int i = 0; i < 100; ++i) printer.Print(line + "\n");
    printer.PrintIfIdle("out of date\n");
    reader = std::thread([&] { all = ReadAll(); });
  }
  std::fclose(out_);
  reader.join();
  EXPECT_EQ(all.size(), 100'000);
  EXPECT_EQ(all.find("out of date"), std::string::npos);
}

}  // namespace
}  // namespace convoy::terminal
