#include "common/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/data/idx_testing.h"

namespace convoy::data {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

template <typename T>
std::string Message(const absl::StatusOr<T>& result) {
  return std::string(result.status().message());
}

template <typename T>
void ExpectError(const absl::StatusOr<T>& result, absl::StatusCode code, const std::string& part) {
  EXPECT_EQ(result.status().code(), code) << result.status();
  EXPECT_THAT(Message(result), StartsWith("NAME: "));
  EXPECT_THAT(Message(result), HasSubstr(part));
  EXPECT_EQ(Message(result).find('\n'), std::string::npos);
}

constexpr auto kWrong = absl::StatusCode::kInvalidArgument;
constexpr auto kDamaged = absl::StatusCode::kDataLoss;

TEST(IdxImagesTest, GivesSizesAndPixelsInOrder) {
  const std::string file(
      "\0\0\x8\x3\0\0\0\x2\0\0\0\x1\0\0\0\x3"
      "abcdef",
      22);
  for (const std::string& stored : {file, Gzip(file)}) {
    const IdxImages images = ParseIdxImages(stored, "NAME").value();
    EXPECT_EQ(images.count, 2);
    EXPECT_EQ(images.height, 1);
    EXPECT_EQ(images.width, 3);
    EXPECT_EQ(images.pixels, (std::vector<uint8_t>{'a', 'b', 'c', 'd', 'e', 'f'}));
  }
}

TEST(IdxImagesTest, LargeFileIsReadWholeWithoutSpareMemory) {
  const std::string file = IdxImagesFile(3001, 28, 28);
  for (const std::string& stored : {file, Gzip(file)}) {
    const IdxImages images = ParseIdxImages(stored, "NAME").value();
    EXPECT_EQ(std::string(images.pixels.begin(), images.pixels.end()), file.substr(16));
    EXPECT_EQ(images.pixels.capacity(), images.pixels.size());
  }
}

TEST(IdxLabelsTest, GivesLabelsInOrder) {
  const IdxLabels labels = ParseIdxLabels(IdxLabelsFile({3, 0, 255}), "NAME").value();
  EXPECT_EQ(labels.count, 3);
  EXPECT_EQ(labels.labels, (std::vector<Label>{3, 0, 255}));
}

// A file of labels with integers of 2 or 4 bytes; `facts` of them an image, or 0: one dimension.
std::string IntegerLabels(const std::vector<int>& labels, int num_bytes, int facts = 0) {
  const auto append = [](int64_t value, int bytes, std::string* to) {
    for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) {
      to->push_back(static_cast<char>(value >> shift));
    }
  };
  std::string file;
  append((num_bytes == 2 ? 0xb00 : 0xc00) | (facts == 0 ? 1 : 2), 4, &file);
  append(std::ssize(labels), 4, &file);
  if (facts > 0) append(facts, 4, &file);
  for (const int label : labels) {
    append(label, num_bytes, &file);
    for (int i = 1; i < facts; ++i) append(77, num_bytes, &file);
  }
  return file;
}

TEST(IdxLabelsTest, TakesIntegersOfEachKind) {
  const std::vector<int> labels = {999, 0, 256, 1000, 255};
  for (const std::string& file : {IntegerLabels(labels, 2), IntegerLabels(labels, 4),
                                  IntegerLabels(labels, 4, 1), IntegerLabels(labels, 4, 8)}) {
    EXPECT_EQ(ParseIdxLabels(file, "NAME")->labels, (std::vector<Label>{999, 0, 256, 1000, 255}));
    ExpectError(ParseIdxLabels(file.substr(0, file.size() - 1), "NAME"), kDamaged, "cut short");
  }
}

TEST(IdxLabelsTest, LabelsThatNoDataSetMayHaveAreRefused) {
  for (const auto& [label, num_bytes] :
       {std::pair(1001, 2), {-1, 2}, {1001, 4}, {-1, 4}, {65536, 4}, {INT32_MIN, 4}}) {
    ExpectError(ParseIdxLabels(IntegerLabels({7, label}, num_bytes), "NAME"), kWrong,
                absl::StrCat("label ", label,
                             " of image 1 is out of range: at most 1000 classes are possible, so "
                             "labels are 0 to 999, or 1 to 1000"));
  }
}

TEST(IdxLabelsTest, WhatIsWrittenIsReadAgain) {
  const std::vector<Label> labels = {0, 255, 17};
  const std::string bytes = EncodeIdxLabels(labels, 256);
  EXPECT_EQ(bytes.size(), 8u + 3);
  EXPECT_EQ(ParseIdxLabels(bytes, "NAME")->labels, labels);
  const std::vector<Label> more = {256, 0, 999};
  const std::string shorts = EncodeIdxLabels(more, 1000);
  EXPECT_EQ(shorts, IntegerLabels({256, 0, 999}, 2));
  EXPECT_EQ(ParseIdxLabels(shorts, "NAME")->labels, more);
}

TEST(IdxImagesTest, ReadsFilesByPath) {
  const TestDirectory directory;
  const std::string path = directory.path() + "/images";
  WriteTestFile(path, IdxImagesFile(2, 3, 4));
  EXPECT_EQ(ReadIdxImages(path)->pixels.size(), 24u);
  WriteTestFile(path, IdxLabelsFile({1, 2}));
  EXPECT_EQ(ReadIdxLabels(path)->count, 2);
  EXPECT_THAT(Message(ReadIdxImages(path)), StartsWith(path + ": "));
}

TEST(IdxImagesTest, CutShortSaysHowManyBytesWereExpectedAndFound) {
  const std::string file = IdxImagesFile(2, 3, 4);
  for (size_t length = 0; length < 16; ++length) {
    ExpectError(ParseIdxImages(file.substr(0, length), "NAME"), kDamaged,
                absl::StrCat("at least 16 uncompressed bytes expected, ", length, " found"));
  }
  for (size_t length = 16; length < file.size(); ++length) {
    ExpectError(ParseIdxImages(file.substr(0, length), "NAME"), kDamaged,
                absl::StrCat("cut short: 40 uncompressed bytes expected, ", length, " found"));
    ExpectError(ParseIdxImages(Gzip(file.substr(0, length)), "NAME"), kDamaged,
                absl::StrCat("cut short: 40 uncompressed bytes expected, ", length, " found"));
  }
}

TEST(IdxImagesTest, BytesAfterTheEndAreRefused) {
  const std::string file = IdxImagesFile(2, 3, 4) + "x";
  for (const std::string& stored : {file, Gzip(file)}) {
    ExpectError(ParseIdxImages(stored, "NAME"), kWrong, "goes on after the 40 uncompressed bytes");
  }
}

TEST(IdxImagesTest, WrongContentIsNamed) {
  const auto parse = [](std::string_view bytes) { return ParseIdxImages(bytes, "NAME"); };
  ExpectError(parse(IdxLabelsFile({1})), kWrong, "is an IDX file of labels; an IDX file of images");
  ExpectError(ParseIdxLabels(IdxImagesFile(1, 1, 1), "NAME"), kWrong,
              "is an IDX file of images; an IDX file of labels is needed (magic 0x00000801)");
  ExpectError(parse("<!DOCTYPE html><html>"), kWrong, "a web page");
  ExpectError(parse("\n <html>"), kWrong, "a web page");
  ExpectError(parse(Gzip("<html></html>")), kWrong, "a web page");
  ExpectError(parse("PK\x03\x04 and so on"), kWrong, "a zip archive");
  ExpectError(parse("    "), kWrong, "the bytes 20202020");
  ExpectError(parse("\x7f"
                    "ELF and so on"),
              kWrong, "the bytes 7f454c46");
  ExpectError(parse({"\0\0\x0d\x04", 4}), kWrong, "element type 0x0d with 4 dimensions");
}

TEST(IdxImagesTest, ZeroAndHugeSizesAreRefused) {
  const auto parse = [](int64_t count, int height, int width) {
    return ParseIdxImages(IdxImagesHeader(count, height, width) + "pixels", "NAME");
  };
  ExpectError(parse(0, 28, 28), kWrong, "holds no images");
  ExpectError(parse(1, 0, 28), kWrong, "0 x 28 pixels");
  ExpectError(parse(1, 28, 0), kWrong, "28 x 0 pixels");
  ExpectError(parse(1, 4097, 1), kWrong, "sides of 1 to 4096");
  ExpectError(parse(1, 1, 4097), kWrong, "sides of 1 to 4096");
  ExpectError(parse(0xFFFFFFFF, 4096, 4096), kWrong, "bytes of images; at most 17179869184");
  ExpectError(ParseIdxLabels(IdxLabelsFile({}), "NAME"), kWrong, "holds no labels");
}

int64_t PeakMemoryKilobytes() {
  struct rusage usage {};
  EXPECT_EQ(::getrusage(RUSAGE_SELF, &usage), 0);
  return usage.ru_maxrss;
}

TEST(IdxImagesTest, PromisedBytesAreNotAllocatedBeforeTheyExist) {
  // 300 MB promised, few there: a reader that believes the header shows in the peak memory.
  const std::string file = IdxImagesHeader(300, 1000, 1000) + "pixels";
  const int64_t before = PeakMemoryKilobytes();
  for (const std::string& stored : {file, Gzip(file)}) {
    ExpectError(ParseIdxImages(stored, "NAME"), kDamaged,
                "300000016 uncompressed bytes expected, 22 found");
  }
  EXPECT_LT(PeakMemoryKilobytes() - before, 100'000);
}

TEST(IdxImagesTest, GzipThatInflatesWithoutEndIsStopped) {
  // 300 MB of zeros in 300 kB, behind a header that promises 40 bytes; members may repeat for ever.
  std::string bomb = Gzip(IdxImagesFile(2, 3, 4));
  const std::string zeros = Gzip(std::string(30'000'000, '\0'));
  for (int i = 0; i < 10; ++i) bomb += zeros;
  ExpectError(ParseIdxImages(bomb, "NAME"), kWrong, "goes on after the 40 uncompressed bytes");
}

TEST(IdxImagesTest, BrokenGzipSaysWhatWasPromised) {
  const std::string compressed = Gzip(IdxImagesFile(2000, 28, 28));
  ExpectError(ParseIdxImages(compressed.substr(0, compressed.size() / 2), "NAME"), kDamaged,
              "uncompressed bytes; the IDX header promises 1568016");
  std::string damaged = compressed;
  damaged[damaged.size() - 8] ^= 1;
  ExpectError(ParseIdxImages(damaged, "NAME"), kDamaged, "incorrect data check");
}

}  // namespace
}  // namespace convoy::data
