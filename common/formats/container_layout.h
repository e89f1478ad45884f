// The byte layout of the container's header and table, shared by its writer and reader. Private to
// container*.cc. All numbers are little-endian; docs/container_format.md is the reference.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "common/formats/container.h"

namespace convoy::formats::internal {

static_assert(std::endian::native == std::endian::little, "the file format is the memory's format");

// As PNG's: a byte above 127 and line ends betray a transfer as text.
inline constexpr std::string_view kMagic{
    "\x89"
    "CVY\r\n\x1a\n",
    8};

inline constexpr size_t kHeaderBytes = 64;
inline constexpr size_t kVersionOffset = 8;
inline constexpr size_t kKindOffset = 12;
inline constexpr size_t kFileBytesOffset = 16;
inline constexpr size_t kNumSectionsOffset = 24;
inline constexpr size_t kTableCrcOffset = 28;
inline constexpr size_t kHeaderReservedOffset = 32;
inline constexpr size_t kHeaderCrcOffset = 60;

inline constexpr size_t kEntryBytes = 64;
inline constexpr size_t kEntryNameBytes = kMaxSectionNameBytes + 1;
inline constexpr size_t kEntryOffsetOffset = 32;
inline constexpr size_t kEntryLengthOffset = 40;
inline constexpr size_t kEntryCrcOffset = 48;
inline constexpr size_t kEntryFlagsOffset = 52;
inline constexpr size_t kEntryReservedOffset = 56;

inline constexpr uint32_t kFlagNotCovered = 1;

inline constexpr size_t AlignUp(size_t offset) {
  return (offset + kSectionAlignmentBytes - 1) / kSectionAlignmentBytes * kSectionAlignmentBytes;
}

template <typename T>
T Load(std::string_view bytes, size_t offset) {
  T value;
  std::memcpy(&value, bytes.data() + offset, sizeof(T));
  return value;
}

template <typename T>
void Store(T value, char* bytes, size_t offset) {
  std::memcpy(bytes + offset, &value, sizeof(T));
}

// Continues the CRC-32 `crc` (0 at the start) over `bytes`: zlib's, polynomial 0x04C11DB7
// reflected.
uint32_t Crc32(std::string_view bytes, uint32_t crc = 0);

}  // namespace convoy::formats::internal
