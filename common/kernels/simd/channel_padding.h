// How the channels of an image's pixels, or of weights, are padded where vector code reads and
// writes whole vectors: to whole cache lines, which are whole vectors on every instruction set.
#pragma once

namespace convoy::kernels {

constexpr int kChannelPadding = 16;  // floats: 64 bytes

constexpr int PadChannels(int channels) {
  return (channels + kChannelPadding - 1) / kChannelPadding * kChannelPadding;
}

}  // namespace convoy::kernels
