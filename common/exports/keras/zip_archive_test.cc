#include "common/exports/keras/zip_archive.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/base/random.h"

namespace convoy::exports {
namespace {

using ::testing::HasSubstr;

std::string Archive() {
  return WriteZip({{"a.txt", "alpha"}, {"b/c", std::string(1000, '\0')}}).value();
}

TEST(ZipArchiveTest, WhatIsWrittenIsRead) {
  const std::string bytes = Archive();
  const ZipReader reader = ZipReader::Open(bytes).value();
  EXPECT_TRUE(reader.Has("a.txt"));
  EXPECT_FALSE(reader.Has("a"));
  EXPECT_EQ(reader.Read("a.txt", 5).value(), "alpha");
  EXPECT_EQ(reader.Read("b/c", 1000).value(), std::string(1000, '\0'));
  EXPECT_EQ(reader.Read("x", 5).status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(reader.Read("b/c", 999).status().message()),
              HasSubstr("b/c: has more than 999 bytes"));
}

TEST(ZipArchiveTest, TwoEntriesOfANameAreRefused) {
  const std::string bytes = WriteZip({{"a", "1"}, {"a", "2"}}).value();
  EXPECT_THAT(std::string(ZipReader::Open(bytes).status().message()),
              HasSubstr("it has two entries 'a'"));
}

TEST(ZipArchiveTest, CutArchivesAreRefused) {
  const std::string bytes = Archive();
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(ZipReader::Open(std::string_view(bytes).substr(0, size)).status().code(),
              absl::StatusCode::kDataLoss);
  }
}

// Whatever the bytes say, nothing outside of them is read, and no content is wrong.
TEST(ZipArchiveTest, ChangedArchivesDoNoHarm) {
  const std::string whole = Archive();
  RandomSequence random(3, RandomStream::kNoise);
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string bytes = whole;
    const size_t at = random.NextBelow(bytes.size());
    bytes[at] = static_cast<char>(random.NextBelow(256));
    const auto reader = ZipReader::Open(bytes);
    const auto content = reader.ok() ? reader->Read("a.txt", 1 << 20) : reader.status();
    if (content.ok()) {
      EXPECT_EQ(*content, "alpha") << at;
    } else {
      ++refused;
    }
  }
  EXPECT_GT(refused, 500);
}

}  // namespace
}  // namespace convoy::exports
