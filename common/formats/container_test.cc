#include "common/formats/container.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>

#include "common/base/sha256.h"
#include "common/formats/container_layout.h"
#include "common/formats/model_testing.h"

namespace convoy::formats {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr size_t kFirstEntry = internal::kHeaderBytes;

std::string SmallContainer() {
  ContainerWriter writer(ContainerKind::kCheckpoint);
  writer.AddSection("first", "some bytes");
  writer.AddSection("empty", "");
  writer.AddSection("run", "not covered", Coverage::kNotCovered);
  return writer.Finish();
}

absl::Status ParseStatus(std::string bytes) {
  return ContainerReader::Parse(std::move(bytes), "f.convoy").status();
}

// What an attacker can do and an accident cannot: makes the checksums right again.
void FixChecksums(std::string* bytes) {
  using namespace internal;
  const std::string_view view(*bytes);
  const uint32_t num_sections = Load<uint32_t>(view, kNumSectionsOffset);
  const size_t table_bytes =
      std::min<size_t>(size_t{num_sections} * kEntryBytes, bytes->size() - kHeaderBytes);
  Store<uint32_t>(Crc32(view.substr(kHeaderBytes, table_bytes)), bytes->data(), kTableCrcOffset);
  Store<uint32_t>(Crc32(view.substr(0, kHeaderCrcOffset)), bytes->data(), kHeaderCrcOffset);
}

template <typename T>
absl::Status ParseWith(T value, size_t offset) {
  std::string bytes = SmallContainer();
  internal::Store<T>(value, bytes.data(), offset);
  FixChecksums(&bytes);
  return ParseStatus(bytes);
}

TEST(ContainerTest, SectionsComeBackInOrder) {
  const auto reader = ContainerReader::Parse(SmallContainer(), "f.convoy");
  ASSERT_TRUE(reader.ok()) << reader.status();
  EXPECT_EQ(reader->kind(), ContainerKind::kCheckpoint);
  ASSERT_EQ(reader->sections().size(), 3U);
  EXPECT_EQ(reader->sections()[2].name, "run");
  EXPECT_EQ(reader->sections()[2].coverage, Coverage::kNotCovered);
  EXPECT_EQ(reader->SectionBytes("first").value(), "some bytes");
  EXPECT_EQ(reader->SectionBytes("empty").value(), "");
  EXPECT_EQ(reader->SectionBytes("run").value(), "not covered");
}

TEST(ContainerTest, MissingSectionIsNamed) {
  const auto reader = ContainerReader::Parse(SmallContainer(), "f.convoy");
  ASSERT_TRUE(reader.ok());
  const absl::Status status = reader->SectionBytes("other").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(samples::MessageOf(status), "f.convoy: is damaged: it has no section 'other'");
}

TEST(ContainerTest, LayoutIsTheDocumentedOne) {
  const std::string bytes = SmallContainer();
  EXPECT_THAT(bytes, StartsWith("\x89"
                                "CVY\r\n\x1a\n"));
  EXPECT_EQ(internal::Load<uint32_t>(bytes, 8), 1U);
  EXPECT_EQ(internal::Load<uint32_t>(bytes, 12), 2U);
  EXPECT_EQ(internal::Load<uint64_t>(bytes, 16), bytes.size());
  EXPECT_EQ(internal::Load<uint32_t>(bytes, 24), 3U);
  // The header and three entries of 64 bytes, then the first section.
  EXPECT_EQ(internal::Load<uint64_t>(bytes, 64 + 32), 256U);
  EXPECT_EQ(internal::Load<uint64_t>(bytes, 64 + 40), 10U);
  EXPECT_EQ(bytes.substr(256, 10), "some bytes");
  EXPECT_EQ(internal::Load<uint32_t>(bytes, 64 + 48), internal::Crc32("some bytes"));
  EXPECT_EQ(internal::Load<uint64_t>(bytes, 128 + 32), 320U);
  EXPECT_EQ(internal::Load<uint64_t>(bytes, 192 + 32), 320U);
  EXPECT_EQ(bytes.size(), 320U + 11U);
}

TEST(ContainerTest, ChecksumIsThePublishedCrc32) {
  // The check value of CRC-32/ISO-HDLC in the catalogues of CRCs.
  EXPECT_EQ(internal::Crc32("123456789"), 0xCBF43926U);
}

TEST(ContainerTest, SameContentGivesSameBytesInReusedMemory) {
  const std::string once = SmallContainer();
  std::string reused(10000, 'x');
  ContainerWriter writer(ContainerKind::kCheckpoint);
  writer.AddSection("first", {"some", "", " by", "tes"});
  writer.AddSection("empty", std::vector<std::string_view>{});
  writer.AddSection("run", "not covered", Coverage::kNotCovered);
  writer.Finish(&reused);
  EXPECT_EQ(reused, once);
}

TEST(ContainerTest, NoSectionsAndOddSizesRoundTrip) {
  EXPECT_TRUE(ParseStatus(ContainerWriter(ContainerKind::kModel).Finish()).ok());
  std::string content;
  for (size_t size = 0; size < 200; ++size) {
    ContainerWriter writer(ContainerKind::kModel);
    writer.AddSection("a", content);
    writer.AddSection("b", std::string_view(content).substr(size / 2));
    const auto reader = ContainerReader::Parse(writer.Finish(), "f");
    ASSERT_TRUE(reader.ok()) << reader.status();
    ASSERT_EQ(reader->SectionBytes("a").value(), content);
    ASSERT_EQ(reader->SectionBytes("b").value(), content.substr(size / 2));
    for (const auto& section : reader->sections()) ASSERT_EQ(section.offset % 64, 0U);
    content.push_back(static_cast<char>(size * 7));
  }
}

TEST(ContainerTest, ViewsSurviveMovingTheReader) {
  auto reader = ContainerReader::Parse(SmallContainer(), "f");
  ASSERT_TRUE(reader.ok());
  const std::string_view before = reader->SectionBytes("first").value();
  const ContainerReader moved = *std::move(reader);
  EXPECT_EQ(moved.SectionBytes("first").value().data(), before.data());
}

TEST(ContainerTest, EverySingleBitFlipIsRefused) {
  const std::string whole = SmallContainer();
  for (size_t byte = 0; byte < whole.size(); ++byte) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[byte] = static_cast<char>(flipped[byte] ^ (1 << bit));
      ASSERT_FALSE(ParseStatus(flipped).ok()) << "byte " << byte << ", bit " << bit;
    }
  }
}

TEST(ContainerTest, EveryTruncationIsRefused) {
  const std::string whole = SmallContainer();
  for (size_t size = 0; size < whole.size(); ++size) {
    const absl::Status status = ParseStatus(whole.substr(0, size));
    ASSERT_EQ(status.code(),
              size == 0 ? absl::StatusCode::kInvalidArgument : absl::StatusCode::kDataLoss)
        << size;
    ASSERT_THAT(samples::MessageOf(status), StartsWith("f.convoy: "));
  }
  EXPECT_EQ(samples::MessageOf(ParseStatus(whole.substr(0, 300))),
            "f.convoy: is damaged: it is cut off: 300 of 331 bytes");
}

TEST(ContainerTest, BytesAfterTheEndAreRefused) {
  EXPECT_EQ(samples::MessageOf(ParseStatus(SmallContainer() + "x")),
            "f.convoy: is damaged: 1 bytes follow its end");
}

TEST(ContainerTest, OtherFilesAreNotConvoys) {
  for (const char* other : {"", "hello", "\x89PNG\r\n\x1a\n"}) {
    const absl::Status status = ParseStatus(other);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(samples::MessageOf(status),
                HasSubstr("f.convoy: is not a Convoy model or checkpoint"));
  }
}

TEST(ContainerTest, NewerFormatIsNamed) {
  const absl::Status status = ParseWith<uint32_t>(3, internal::kVersionOffset);
  EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(samples::MessageOf(status),
            "f.convoy: written by a newer Convoy (format 3; this one reads up to 1); use that "
            "version");
}

// The remaining cases have right checksums.
TEST(ContainerTest, HeadersThatLieAreRefused) {
  EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(0, internal::kVersionOffset)),
              HasSubstr("format 0"));
  EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(9, internal::kKindOffset)),
              HasSubstr("kind 9"));
  EXPECT_THAT(samples::MessageOf(ParseWith<uint64_t>(~uint64_t{0}, internal::kFileBytesOffset)),
              HasSubstr("cut off"));
  for (uint32_t count : {5U, 1025U, 0x7fffffffU, 0xffffffffU}) {
    EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(count, internal::kNumSectionsOffset)),
                HasSubstr("sections does not fit"));
  }
  EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(4, internal::kNumSectionsOffset)),
              HasSubstr("out of place"));
  EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(0, internal::kNumSectionsOffset)),
              HasSubstr("bytes follow its last section"));
  EXPECT_THAT(samples::MessageOf(ParseWith<char>('x', internal::kHeaderReservedOffset)),
              HasSubstr("reserved"));
}

TEST(ContainerTest, SectionsOutOfPlaceAreRefused) {
  const size_t offset = kFirstEntry + internal::kEntryOffsetOffset;
  const size_t length = kFirstEntry + internal::kEntryLengthOffset;
  // Into the table, unaligned, onto another section, beyond the end, wrapping around.
  for (uint64_t place :
       {uint64_t{0}, uint64_t{257}, uint64_t{320}, uint64_t{1} << 40, ~uint64_t{0} - 63}) {
    EXPECT_THAT(samples::MessageOf(ParseWith<uint64_t>(place, offset)),
                HasSubstr("section 'first' is out of place"));
  }
  for (uint64_t size : {uint64_t{76}, uint64_t{1} << 40, ~uint64_t{0}, ~uint64_t{0} - 255}) {
    EXPECT_THAT(samples::MessageOf(ParseWith<uint64_t>(size, length)),
                HasSubstr("section 'first' is out of place"));
  }
}

TEST(ContainerTest, BytesOutsideOfSectionsAreRefused) {
  // Offset 270 is between the end of "first" and the next multiple of 64.
  EXPECT_EQ(samples::MessageOf(ParseWith<char>('x', 270)),
            "f.convoy: is damaged: the gap before section 'empty' is not empty");
}

TEST(ContainerTest, BadNamesAndFlagsAreRefused) {
  EXPECT_THAT(samples::MessageOf(ParseWith<char>('F', kFirstEntry)), HasSubstr("no proper name"));
  EXPECT_THAT(samples::MessageOf(ParseWith<char>('\0', kFirstEntry)), HasSubstr("no proper name"));
  EXPECT_THAT(samples::MessageOf(ParseWith<char>('x', kFirstEntry + 20)),
              HasSubstr("no proper name"));
  EXPECT_THAT(samples::MessageOf(ParseWith<uint32_t>(2, kFirstEntry + internal::kEntryFlagsOffset)),
              HasSubstr("reserved"));
  EXPECT_THAT(
      samples::MessageOf(ParseWith<char>('x', kFirstEntry + internal::kEntryReservedOffset)),
      HasSubstr("reserved"));
}

TEST(ContainerTest, EqualNamesAreRefused) {
  std::string bytes = SmallContainer();
  std::memcpy(bytes.data() + kFirstEntry, "empty", 5);
  FixChecksums(&bytes);
  EXPECT_THAT(samples::MessageOf(ParseStatus(bytes)), HasSubstr("two sections are named 'empty'"));
}

TEST(ContainerTest, CoveredHashLeavesOutWhatIsNotCovered) {
  const auto hash = [](std::string_view covered, std::string_view not_covered) {
    ContainerWriter writer(ContainerKind::kCheckpoint);
    writer.AddSection("a", covered);
    writer.AddSection("run", not_covered, Coverage::kNotCovered);
    return ContainerReader::Parse(writer.Finish(), "f").value().CoveredSha256();
  };
  EXPECT_EQ(hash("x", "1"), hash("x", "22"));
  EXPECT_NE(hash("x", "1"), hash("y", "1"));
  EXPECT_EQ(hash("x", "1"), Sha256Hex(std::string_view("a\0\1\0\0\0\0\0\0\0x", 11)));
}

TEST(ContainerDeathTest, ImproperSectionsAreBugs) {
  ContainerWriter writer(ContainerKind::kModel);
  writer.AddSection("a", "");
  EXPECT_DEATH(writer.AddSection("a", ""), "check failed");
  EXPECT_DEATH(writer.AddSection("Upper", ""), "check failed");
  EXPECT_DEATH(writer.AddSection(std::string(32, 'a'), ""), "check failed");
}

}  // namespace
}  // namespace convoy::formats
