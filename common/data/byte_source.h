// Where the bytes of a data file come from: a file or memory, plain or compressed by gzip. Which of
// the two is told by the content (RFC 1952: gzip starts with 1f 8b), never by the name.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace convoy::data {

// Gives uncompressed bytes, one after another, from first to last. Takes memory for a fixed buffer
// only, however much a compressed file inflates to. Thread-compatible.
class ByteSource {
 public:
  virtual ~ByteSource() = default;

  // Writes the next `num_bytes` bytes to `dst` and returns their number, which is smaller only at
  // the end. The end of gzip data is reached only after its checksum was found right. Every error
  // starts with the source's name. Returns DATA_LOSS if gzip data break off, are damaged or are
  // followed by anything else, and what the system says if a file cannot be read.
  virtual absl::StatusOr<size_t> Read(uint8_t* dst, size_t num_bytes) = 0;
};

// Opens the file at `path`, which is also its name in errors. Returns NOT_FOUND or
// PERMISSION_DENIED as the system says, INVALID_ARGUMENT if it is no regular file.
absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path);

// Returns a source of `bytes`, which must outlive it; errors call it `name`.
std::unique_ptr<ByteSource> FromBytes(std::string_view bytes, const std::string& name);

}  // namespace convoy::data
