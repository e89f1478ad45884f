// CRC-32C, Castagnoli's, as TensorBoard's event files use it. Not the CRC-32 of zlib and of
// Convoy's own files, which has another polynomial.
#pragma once

#include <cstdint>
#include <string_view>

namespace convoy::formats {

// Returns the CRC-32C of `bytes`: polynomial 0x1edc6f41, reflected. Source: RFC 3720, appendix B.4.
uint32_t Crc32c(std::string_view bytes);

// Returns the CRC-32C in the form that event files store. A file that stores checksums among its
// data can so be checksummed itself. Source: TensorFlow, tsl/lib/hash/crc32c.h.
uint32_t MaskedCrc32c(std::string_view bytes);

}  // namespace convoy::formats
