#include <zlib.h>

#include <algorithm>
#include <utility>

#include "common/base/check.h"
#include "common/formats/container.h"
#include "common/formats/container_layout.h"

namespace convoy::formats {

namespace internal {

uint32_t Crc32(std::string_view bytes, uint32_t crc) {
  // With a null pointer zlib returns the start value instead.
  if (bytes.empty()) return crc;
  return static_cast<uint32_t>(
      crc32_z(crc, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

}  // namespace internal

using namespace internal;

std::string_view KindName(ContainerKind kind) {
  switch (kind) {
    case ContainerKind::kModel:
      return "model";
    case ContainerKind::kCheckpoint:
      return "checkpoint";
    default:
      return "copy of data";
  }
}

bool IsSectionName(std::string_view name) {
  const auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-' ||
           c == '/';
  };
  return !name.empty() && name.size() <= kMaxSectionNameBytes &&
         std::all_of(name.begin(), name.end(), allowed);
}

void ContainerWriter::AddSection(std::string name, std::vector<std::string_view> pieces,
                                 Coverage coverage) {
  CONVOY_CHECK(IsSectionName(name));
  CONVOY_CHECK_LT(sections_.size(), kMaxSections);
  for (const Section& section : sections_) CONVOY_CHECK_NE(section.name, name);
  size_t num_bytes = 0;
  for (std::string_view piece : pieces) num_bytes += piece.size();
  sections_.push_back({std::move(name), std::move(pieces), num_bytes, coverage});
}

void ContainerWriter::AddSection(std::string name, std::string_view bytes, Coverage coverage) {
  AddSection(std::move(name), std::vector<std::string_view>{bytes}, coverage);
}

void ContainerWriter::Finish(std::string* bytes) const {
  const size_t table_bytes = sections_.size() * kEntryBytes;
  size_t file_bytes = kHeaderBytes + table_bytes;
  for (const Section& section : sections_) file_bytes = AlignUp(file_bytes) + section.num_bytes;
  // Zeroes the front and the padding; the sections' bytes are overwritten below.
  bytes->assign(file_bytes, '\0');
  char* const file = bytes->data();

  size_t end = kHeaderBytes + table_bytes;
  char* entry = file + kHeaderBytes;
  for (const Section& section : sections_) {
    const size_t offset = AlignUp(end);
    uint32_t crc = 0;
    end = offset;
    for (std::string_view piece : section.pieces) {
      if (piece.empty()) continue;
      std::memcpy(file + end, piece.data(), piece.size());
      crc = Crc32(piece, crc);
      end += piece.size();
    }
    std::copy(section.name.begin(), section.name.end(), entry);  // zeros follow
    Store<uint64_t>(offset, entry, kEntryOffsetOffset);
    Store<uint64_t>(section.num_bytes, entry, kEntryLengthOffset);
    Store<uint32_t>(crc, entry, kEntryCrcOffset);
    Store<uint32_t>(section.coverage == Coverage::kCovered ? 0 : kFlagNotCovered, entry,
                    kEntryFlagsOffset);
    entry += kEntryBytes;
  }

  std::memcpy(file, kMagic.data(), kMagic.size());
  Store<uint32_t>(kContainerVersion, file, kVersionOffset);
  Store<uint32_t>(static_cast<uint32_t>(kind_), file, kKindOffset);
  Store<uint64_t>(file_bytes, file, kFileBytesOffset);
  Store<uint32_t>(static_cast<uint32_t>(sections_.size()), file, kNumSectionsOffset);
  Store<uint32_t>(Crc32({file + kHeaderBytes, table_bytes}), file, kTableCrcOffset);
  Store<uint32_t>(Crc32({file, kHeaderCrcOffset}), file, kHeaderCrcOffset);
}

std::string ContainerWriter::Finish() const {
  std::string bytes;
  Finish(&bytes);
  return bytes;
}

}  // namespace convoy::formats
