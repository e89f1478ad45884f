// Reads a container with every byte accounted for: magic, sizes and checksums first, then each
// section must stand exactly where the one before it ends, padding must be zero, reserved bits
// unused. A file with any bit changed is refused, and no size is believed before it has been
// compared with the bytes at hand.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/formats/container.h"
#include "common/formats/container_layout.h"

namespace convoy::formats {

using namespace internal;

namespace {

bool AllZero(std::string_view bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c == '\0'; });
}

template <typename... Args>
absl::Status Damaged(const std::string& file, const Args&... what) {
  return absl::DataLossError(absl::StrCat(file, ": is damaged: ", what...));
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
    return absl::InvalidArgumentError(
        absl::StrCat(file, ": is not a Convoy model or checkpoint",
                     bytes.empty() ? " (the file is empty)" : " (it starts with other bytes)"));
  }
  if (bytes.size() < kHeaderBytes) {
    return Damaged(file, "it ends after ", bytes.size(), " bytes, within its header");
  }
  if (Crc32(bytes.substr(0, kHeaderCrcOffset)) != Load<uint32_t>(bytes, kHeaderCrcOffset)) {
    return Damaged(file, "the checksum of its header is wrong");
  }
  const auto version = Load<uint32_t>(bytes, kVersionOffset);
  if (version > kContainerVersion) {
    return absl::FailedPreconditionError(absl::StrCat(file, ": written by a newer Convoy (format ",
                                                      version, "; this one reads up to ",
                                                      kContainerVersion, "); use that version"));
  }
  if (version == 0) return Damaged(file, "there is no format 0");
  return absl::OkStatus();
}

absl::StatusOr<Header> ParseHeader(std::string_view bytes, const std::string& file) {
  CONVOY_RETURN_IF_ERROR(CheckFront(bytes, file));
  const auto kind = Load<uint32_t>(bytes, kKindOffset);
  if (kind < static_cast<uint32_t>(ContainerKind::kModel) ||
      kind > static_cast<uint32_t>(ContainerKind::kData)) {
    return Damaged(file, "content of unknown kind ", kind);
  }
  const auto file_bytes = Load<uint64_t>(bytes, kFileBytesOffset);
  if (bytes.size() < file_bytes) {
    return Damaged(file, "it is cut off: ", bytes.size(), " of ", file_bytes, " bytes");
  }
  if (bytes.size() > file_bytes) {
    return Damaged(file, bytes.size() - file_bytes, " bytes follow its end");
  }
  const size_t num_sections = Load<uint32_t>(bytes, kNumSectionsOffset);
  if (num_sections > kMaxSections || num_sections > (bytes.size() - kHeaderBytes) / kEntryBytes) {
    return Damaged(file, "its table of ", num_sections, " sections does not fit");
  }
  if (!AllZero(bytes.substr(kHeaderReservedOffset, kHeaderCrcOffset - kHeaderReservedOffset))) {
    return Damaged(file, "reserved bytes of its header are used");
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
    return Damaged(file, "a section has no proper name");
  }
  const auto flags = Load<uint32_t>(entry, kEntryFlagsOffset);
  if ((flags & ~kFlagNotCovered) != 0 || !AllZero(entry.substr(kEntryReservedOffset))) {
    return Damaged(file, "reserved bytes of section '", std::string(name), "' are used");
  }
  const auto offset = Load<uint64_t>(entry, kEntryOffsetOffset);
  const auto num_bytes = Load<uint64_t>(entry, kEntryLengthOffset);
  // There is one place where a section may stand, so none can overlap or hide bytes.
  if (offset != AlignUp(end) || offset > bytes.size() || num_bytes > bytes.size() - offset) {
    return Damaged(file, "section '", std::string(name), "' is out of place");
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
    return Damaged(file, "the checksum of its table is wrong");
  }
  std::vector<ContainerReader::Section> sections;
  std::set<std::string> names;
  size_t end = kHeaderBytes + table.size();
  for (size_t i = 0; i < header.num_sections; ++i) {
    const std::string_view entry = table.substr(i * kEntryBytes, kEntryBytes);
    CONVOY_ASSIGN_OR_RETURN(auto section, ParseEntry(entry, end, bytes, file));
    if (!names.insert(section.name).second) {
      return Damaged(file, "two sections are named '", section.name, "'");
    }
    if (!AllZero(bytes.substr(end, section.offset - end))) {
      return Damaged(file, "the gap before section '", section.name, "' is not empty");
    }
    const std::string_view content = bytes.substr(section.offset, section.num_bytes);
    if (Crc32(content) != Load<uint32_t>(entry, kEntryCrcOffset)) {
      return Damaged(file, "the checksum of section '", section.name, "' is wrong");
    }
    end = section.offset + section.num_bytes;
    sections.push_back(std::move(section));
  }
  if (end != bytes.size()) return Damaged(file, "bytes follow its last section");
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
    return Damaged(name_, "it has no section '", std::string(name), "'");
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
