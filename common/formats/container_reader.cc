// Reads a container with every byte accounted for: magic, sizes and checksums first, then each
// section must stand exactly where the one before it ends, padding must be zero, reserved bits
// unused. A file with any bit changed is refused, and no size is believed before it has been
// compared with the bytes at hand.
#include <algorithm>
#include <set>
#include <utility>

#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/formats/container.h"
#include "common/formats/container_layout.h"

namespace convoy::formats {

using namespace internal;

namespace {

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

// `text` has $0 for the file, the values from $1 on.
template <typename... Values>
absl::Status DamagedError(const char* text, const std::string& file, const Values&... values) {
  return TextError(absl::StatusCode::kDataLoss, text, file, values...);
}

struct Header {
  ContainerKind kind;
  size_t num_sections;
  uint32_t table_crc;
};

// What every version has in the same place: magic, version and the header's checksum.
absl::Status CheckFront(std::string_view bytes, const std::string& file) {
  const size_t magic_bytes = std::min(bytes.size(), kMagic.size());
  if (bytes.empty() || bytes.substr(0, magic_bytes) != kMagic.substr(0, magic_bytes)) {
    return bytes.empty()
               ? InvalidArgumentTextError(
                     "$0: is not a Convoy model or checkpoint (the file is empty)", file)
               : InvalidArgumentTextError(
                     "$0: is not a Convoy model or checkpoint (it starts with other bytes)", file);
  }
  if (bytes.size() < kHeaderBytes) {
    return DamagedError("$0: is damaged: it ends after $1 bytes, within its header", file,
                        bytes.size());
  }
  if (Crc32(bytes.substr(0, kHeaderCrcOffset)) != Load<uint32_t>(bytes, kHeaderCrcOffset)) {
    return DamagedError("$0: is damaged: the checksum of its header is wrong", file);
  }
  const auto version = Load<uint32_t>(bytes, kVersionOffset);
  if (version > kContainerVersion) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "$0: written by a newer Convoy (format $1; this one reads up to $2); use that "
                     "version",
                     file, version, kContainerVersion);
  }
  if (version == 0) return DamagedError("$0: is damaged: there is no format 0", file);
  return absl::OkStatus();
}

absl::StatusOr<Header> ParseHeader(std::string_view bytes, const std::string& file) {
  CONVOY_RETURN_IF_ERROR(CheckFront(bytes, file));
  const auto kind = Load<uint32_t>(bytes, kKindOffset);
  if (kind < static_cast<uint32_t>(ContainerKind::kModel) ||
      kind > static_cast<uint32_t>(ContainerKind::kData)) {
    return DamagedError("$0: is damaged: content of unknown kind $1", file, kind);
  }
  const auto file_bytes = Load<uint64_t>(bytes, kFileBytesOffset);
  if (bytes.size() < file_bytes) {
    return DamagedError("$0: is damaged: it is cut off: $1 of $2 bytes", file, bytes.size(),
                        file_bytes);
  }
  if (bytes.size() > file_bytes) {
    return DamagedError("$0: is damaged: $1 bytes follow its end", file, bytes.size() - file_bytes);
  }
  const size_t num_sections = Load<uint32_t>(bytes, kNumSectionsOffset);
  if (num_sections > kMaxSections || num_sections > (bytes.size() - kHeaderBytes) / kEntryBytes) {
    return DamagedError("$0: is damaged: its table of $1 sections does not fit", file,
                        num_sections);
  }
  if (!AllZero(bytes.substr(kHeaderReservedOffset, kHeaderCrcOffset - kHeaderReservedOffset))) {
    return DamagedError("$0: is damaged: reserved bytes of its header are used", file);
  }
  return Header{static_cast<ContainerKind>(kind), num_sections,
                Load<uint32_t>(bytes, kTableCrcOffset)};
}

// Reads one entry of the table and checks its form; `end` is where the section before it ends.
absl::StatusOr<ContainerReader::Section> ParseEntry(std::string_view entry, size_t end,
                                                    std::string_view bytes,
                                                    const std::string& file) {
  const std::string_view name_field = entry.substr(0, kEntryNameBytes);
  const std::string_view name = name_field.substr(0, name_field.find('\0'));
  if (!IsSectionName(name) || !AllZero(name_field.substr(name.size()))) {
    return DamagedError("$0: is damaged: a section has no proper name", file);
  }
  const auto flags = Load<uint32_t>(entry, kEntryFlagsOffset);
  if ((flags & ~kFlagNotCovered) != 0 || !AllZero(entry.substr(kEntryReservedOffset))) {
    return DamagedError("$0: is damaged: reserved bytes of section '$1' are used", file,
                        std::string(name));
  }
  const auto offset = Load<uint64_t>(entry, kEntryOffsetOffset);
  const auto num_bytes = Load<uint64_t>(entry, kEntryLengthOffset);
  // There is one place where a section may stand, so none can overlap or hide bytes.
  if (offset != AlignUp(end) || offset > bytes.size() || num_bytes > bytes.size() - offset) {
    return DamagedError("$0: is damaged: section '$1' is out of place", file, std::string(name));
  }
  return ContainerReader::Section{
      std::string(name), offset, num_bytes,
      (flags & kFlagNotCovered) != 0 ? Coverage::kNotCovered : Coverage::kCovered};
}

absl::StatusOr<std::vector<ContainerReader::Section>> ParseSections(const Header& header,
                                                                    std::string_view bytes,
                                                                    const std::string& file) {
  const std::string_view table = bytes.substr(kHeaderBytes, header.num_sections * kEntryBytes);
  if (Crc32(table) != header.table_crc) {
    return DamagedError("$0: is damaged: the checksum of its table is wrong", file);
  }
  std::vector<ContainerReader::Section> sections;
  std::set<std::string> names;
  size_t end = kHeaderBytes + table.size();
  for (size_t i = 0; i < header.num_sections; ++i) {
    const std::string_view entry = table.substr(i * kEntryBytes, kEntryBytes);
    CONVOY_ASSIGN_OR_RETURN(auto section, ParseEntry(entry, end, bytes, file));
    if (!names.insert(section.name).second) {
      return DamagedError("$0: is damaged: two sections are named '$1'", file, section.name);
    }
    if (!AllZero(bytes.substr(end, section.offset - end))) {
      return DamagedError("$0: is damaged: the gap before section '$1' is not empty", file,
                          section.name);
    }
    const std::string_view content = bytes.substr(section.offset, section.num_bytes);
    if (Crc32(content) != Load<uint32_t>(entry, kEntryCrcOffset)) {
      return DamagedError("$0: is damaged: the checksum of section '$1' is wrong", file,
                          section.name);
    }
    end = section.offset + section.num_bytes;
    sections.push_back(std::move(section));
  }
  if (end != bytes.size())
    return DamagedError("$0: is damaged: bytes follow its last section", file);
  return sections;
}

}  // namespace

absl::StatusOr<ContainerReader> ContainerReader::Parse(std::string bytes, std::string name) {
  CONVOY_ASSIGN_OR_RETURN(const Header header, ParseHeader(bytes, name));
  ContainerReader reader;
  CONVOY_ASSIGN_OR_RETURN(reader.sections_, ParseSections(header, bytes, name));
  reader.kind_ = header.kind;
  reader.bytes_ = std::move(bytes);
  reader.name_ = std::move(name);
  return reader;
}

const ContainerReader::Section* ContainerReader::Find(std::string_view name) const {
  const auto found = std::find_if(sections_.begin(), sections_.end(),
                                  [name](const Section& section) { return section.name == name; });
  return found == sections_.end() ? nullptr : &*found;
}

std::string_view ContainerReader::BytesOf(const Section& section) const {
  return std::string_view(bytes_).substr(section.offset, section.num_bytes);
}

absl::StatusOr<std::string_view> ContainerReader::SectionBytes(std::string_view name) const {
  const Section* section = Find(name);
  if (section == nullptr) {
    return DamagedError("$0: is damaged: it has no section '$1'", name_, std::string(name));
  }
  return BytesOf(*section);
}

std::string ContainerReader::CoveredSha256() const {
  Sha256 sha;
  for (const Section& section : sections_) {
    if (section.coverage != Coverage::kCovered) continue;
    const uint64_t num_bytes = section.num_bytes;
    sha.Update(section.name.c_str(), section.name.size() + 1);
    sha.Update(&num_bytes, sizeof(num_bytes));
    sha.Update(BytesOf(section));
  }
  return sha.HexDigest();
}

}  // namespace convoy::formats
