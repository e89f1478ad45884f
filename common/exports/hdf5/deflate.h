// What bounds the size of anything that deflate has packed.
#pragma once

#include <cstdint>

namespace convoy::exports {

// The most that deflate shrinks anything. Source: zlib's technical details, "Maximum Compression
// Factor".
inline constexpr uint64_t kMaxDeflateRatio = 1032;

}  // namespace convoy::exports
