// Zip archives, as far as Keras writes them: entries stored or deflated, without encryption, below
// 4 GiB. Source: PKWARE, APPNOTE.TXT - .ZIP File Format Specification, version 6.3.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::exports {

struct ZipEntry {
  std::string name;
  std::string content;
};

// Returns an archive of the entries, stored, in their order, with a fixed date: the same bytes for
// the same entries. Returns INVALID_ARGUMENT if it would be larger than 4 GiB.
absl::StatusOr<std::string> WriteZip(const std::vector<ZipEntry>& entries);

// An archive in memory. A view: the bytes must outlive it. Trusts nothing that they say: sizes and
// places are checked against what is there before memory is taken, checksums after. Errors begin
// with the entry's name, not with the file's.
class ZipReader {
 public:
  // Reads the directory. Returns DATA_LOSS if there is none or it is damaged.
  static absl::StatusOr<ZipReader> Open(std::string_view bytes);

  bool Has(std::string_view name) const;

  // Returns the content of the entry. Returns NOT_FOUND if there is none, INVALID_ARGUMENT if it is
  // encrypted, larger than `max_bytes` or compressed in another way than by deflate, DATA_LOSS if
  // it is damaged.
  absl::StatusOr<std::string> Read(std::string_view name, uint64_t max_bytes) const;

 private:
  struct Entry {
    std::string name;
    uint16_t flags = 0;
    uint16_t method = 0;
    uint32_t crc = 0;
    uint32_t stored_bytes = 0;
    uint32_t bytes = 0;
    uint32_t place = 0;  // of the entry's own header
  };

  explicit ZipReader(std::string_view bytes) : bytes_(bytes) {}
  const Entry* Find(std::string_view name) const;
  absl::StatusOr<std::string_view> Stored(const Entry& entry) const;

  std::string_view bytes_;
  std::vector<Entry> entries_;
};

}  // namespace convoy::exports
