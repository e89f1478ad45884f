// The container of models, checkpoints and copies of data: named sections of bytes, each with a
// checksum, behind a header and a table. docs/container_format.md has the bytes. The same content
// always gives the same bytes, and a file with any bit changed is refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::formats {

inline constexpr uint32_t kContainerVersion = 1;
inline constexpr size_t kSectionAlignmentBytes = 64;
inline constexpr size_t kMaxSections = 1024;
inline constexpr size_t kMaxSectionNameBytes = 31;

// What the container holds; the numbers stand in the file.
enum class ContainerKind : uint32_t { kModel = 1, kCheckpoint = 2, kData = 3 };

// Returns "model", "checkpoint" or "copy of data".
std::string_view KindName(ContainerKind kind);

// Whether the same-bits promise covers a section: then it is a function of data, recipe and seed.
enum class Coverage { kCovered, kNotCovered };

// True for 1 to kMaxSectionNameBytes characters of a-z, 0-9, '_', '.', '-' and '/'.
bool IsSectionName(std::string_view name);

// Collects sections and lays them out. Thread-compatible.
class ContainerWriter {
 public:
  explicit ContainerWriter(ContainerKind kind) : kind_(kind) {}

  // Adds a section that is the concatenation of `pieces`. They are not copied: their bytes must
  // stay as they are until Finish. REQUIRES: IsSectionName(name), a name not added before, less
  // than kMaxSections sections.
  void AddSection(std::string name, std::vector<std::string_view> pieces,
                  Coverage coverage = Coverage::kCovered);
  void AddSection(std::string name, std::string_view bytes, Coverage coverage = Coverage::kCovered);

  // Writes the container into `*bytes`, whose old content is dropped and whose memory is reused.
  void Finish(std::string* bytes) const;
  std::string Finish() const;

 private:
  struct Section {
    std::string name;
    std::vector<std::string_view> pieces;
    size_t num_bytes;
    Coverage coverage;
  };

  ContainerKind kind_;
  std::vector<Section> sections_;
};

// A container that was read and found whole. Owns the bytes; views of sections live as long as the
// reader and survive moving it. Thread-compatible; const members may be called by many threads.
class ContainerReader {
 public:
  struct Section {
    std::string name;
    size_t offset;
    size_t num_bytes;
    Coverage coverage;
  };

  // Checks everything: every later call only hands out. `name` is the file's, for messages.
  // Returns INVALID_ARGUMENT if this is no Convoy file, FAILED_PRECONDITION if a newer Convoy wrote
  // it, DATA_LOSS if it is truncated or damaged. Allocates no more than the bytes at hand justify.
  static absl::StatusOr<ContainerReader> Parse(std::string bytes, std::string name);

  ContainerKind kind() const { return kind_; }
  const std::string& name() const { return name_; }
  const std::vector<Section>& sections() const { return sections_; }  // in the file's order

  // Returns the bytes of a section, or DATA_LOSS if there is none of that name.
  absl::StatusOr<std::string_view> SectionBytes(std::string_view name) const;

  // Returns the SHA-256 over the covered sections, in the file's order: of each its name, a zero
  // byte, its length as 64 bits little-endian and its bytes. Two runs of one recipe agree on it at
  // every step, where the whole file differs by its times.
  std::string CoveredSha256() const;

 private:
  ContainerReader() = default;
  const Section* Find(std::string_view name) const;
  std::string_view BytesOf(const Section& section) const;

  std::string bytes_;
  std::string name_;
  ContainerKind kind_ = ContainerKind::kModel;
  std::vector<Section> sections_;
};

}  // namespace convoy::formats
