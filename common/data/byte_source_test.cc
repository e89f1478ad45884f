#include "common/data/byte_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <algorithm>
#include <string>
#include <vector>

#include "common/data/idx_testing.h"

namespace convoy::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

// Reads to the end in pieces of `piece` bytes.
absl::StatusOr<std::string> ReadAll(ByteSource* source, size_t piece) {
  std::string all;
  std::vector<uint8_t> buffer(piece);
  for (;;) {
    const absl::StatusOr<size_t> got = source->Read(buffer.data(), piece);
    if (!got.ok()) return got.status();
    all.append(reinterpret_cast<const char*>(buffer.data()), *got);
    if (*got < piece) return all;
  }
}

absl::StatusOr<std::string> ReadAll(std::string_view bytes, size_t piece = 1000) {
  return ReadAll(FromBytes(bytes, "NAME").get(), piece);
}

std::string Message(const absl::StatusOr<std::string>& result) {
  return std::string(result.status().message());
}

// Larger than the internal buffer, even compressed.
std::string LargeContent() {
  std::string content(700'000, '\0');
  uint32_t state = 1;
  for (char& c : content) c = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return content;
}

TEST(ByteSourceTest, PiecesOfAnySizeGiveTheContent) {
  const std::string content = LargeContent();
  const std::string compressed = Gzip(content);
  for (size_t piece : {size_t{999}, size_t{65'536}, size_t{5'000'000}}) {
    EXPECT_EQ(ReadAll(content, piece).value(), content);
    EXPECT_EQ(ReadAll(compressed, piece).value(), content);
  }
}

TEST(ByteSourceTest, FileGivesTheSameAsMemory) {
  const std::string content = LargeContent();
  const TestDirectory directory;
  const std::string path = directory.path() + "/plain.gz";  // the name says nothing
  for (const std::string& stored : {content, Gzip(content)}) {
    WriteTestFile(path, stored);
    EXPECT_EQ(ReadAll(OpenFile(path).value().get(), 4096).value(), content);
  }
}

TEST(ByteSourceTest, EmptyAndOneByteContentAreNoGzip) {
  EXPECT_EQ(ReadAll("").value(), "");
  EXPECT_EQ(ReadAll("\x1f").value(), "\x1f");
}

TEST(ByteSourceTest, GzipMembersAreJoined) {
  EXPECT_EQ(ReadAll(Gzip("one ") + Gzip("") + Gzip("two")).value(), "one two");
}

TEST(ByteSourceTest, GzipThatBreaksOffAnywhereIsDataLoss) {
  const std::string compressed = Gzip("some content, some content");
  for (size_t length = 2; length < compressed.size(); ++length) {
    const auto result = ReadAll(compressed.substr(0, length));
    ASSERT_EQ(result.status().code(), absl::StatusCode::kDataLoss) << length;
    ASSERT_THAT(Message(result), StartsWith("NAME: the gzip data break off"));
  }
}

TEST(ByteSourceTest, WrongChecksumIsDataLoss) {
  std::string compressed = Gzip("some content");
  compressed[compressed.size() - 8] ^= 1;  // RFC 1952: CRC32 and size are the last eight bytes
  const auto result = ReadAll(compressed);
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Message(result), "NAME: the gzip data are damaged (zlib: incorrect data check)");
}

TEST(ByteSourceTest, BytesAfterGzipAreRefused) {
  const auto result = ReadAll(Gzip("content") + "more");
  EXPECT_EQ(result.status().code(), absl::StatusCode::kDataLoss);
  EXPECT_THAT(Message(result), HasSubstr("followed by other bytes"));
}

TEST(ByteSourceTest, MissingFileIsNotFound) {
  const auto source = OpenFile("/nonexistent/file");
  EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(source.status().message()), HasSubstr("/nonexistent/file"));
}

TEST(ByteSourceTest, PipeOrDirectoryInItsPlaceIsRefusedAtOnce) {
  const TestDirectory directory;
  const std::string pipe = directory.path() + "/pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  EXPECT_EQ(OpenFile(pipe).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenFile(directory.path()).status().code(), absl::StatusCode::kInvalidArgument);
}

}  // namespace
}  // namespace convoy::data
