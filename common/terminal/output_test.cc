#include "common/terminal/output.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace convoy::terminal {
namespace {

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

TEST(PrintTest, WhatCameFromOutsideMovesNoCursor) {
  const File file(std::tmpfile(), &std::fclose);
  Print("Model: \"x\x1b[2J\xff\"\n\tsecond\r\n", file.get());
  ASSERT_TRUE(Flush(file.get()).ok());
  std::rewind(file.get());
  std::string read(100, '\0');
  read.resize(std::fread(read.data(), 1, read.size(), file.get()));
  EXPECT_EQ(read, "Model: \"x\\x1b[2J\\xff\"\n\\x09second\\x0d\n");
}

TEST(FlushTest, AFullDiskIsAnError) {
  const File full(std::fopen("/dev/full", "w"), &std::fclose);
  ASSERT_NE(full, nullptr);
  Print("a result", full.get());
  EXPECT_EQ(Flush(full.get()).code(), absl::StatusCode::kUnknown);
}

}  // namespace
}  // namespace convoy::terminal
