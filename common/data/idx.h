// IDX, the format of MNIST's files: a magic number, the sizes, the bytes; numbers are big-endian.
// Images are unsigned bytes [count, height, width] (magic 0x00000803). Labels are unsigned bytes
// [count] (0x00000801), or, beyond 255, signed integers of 2 or 4 bytes (0x00000b01, 0x00000c01);
// in QMNIST integers of 4 bytes [count, facts], the first of which is the class (0x00000c02).
// Source: the description on LeCun, Cortes and Burges's page of MNIST; docs/data.md has the bytes.
//
// All readers here take plain or gzip-compressed content, whatever the name says. They trust
// nothing: memory grows with the bytes that were found, not with those that a header promises, and
// reading stops where the content goes beyond its header.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/types/span.h"
#include "common/base/label.h"

namespace convoy::data {

// The largest height and width, and the most bytes of pixels or labels, that a file may have.
inline constexpr int kMaxImageSide = 4096;
inline constexpr int64_t kMaxIdxBodyBytes = int64_t{16} << 30;

struct IdxImages {
  int64_t count = 0;
  int height = 0;
  int width = 0;
  std::vector<uint8_t> pixels;  // [count, height, width], 0 background, 255 full ink
};

struct IdxLabels {
  int64_t count = 0;
  std::vector<Label> labels;  // [count]
};

// Reads the file at `path`. Every error is one line that starts with, or contains, the path.
// Returns NOT_FOUND or PERMISSION_DENIED as the system says; INVALID_ARGUMENT if the content is no
// IDX file of the wanted sort (and says what it is instead), holds nothing, is too large or goes on
// after its end; DATA_LOSS if it is cut short or its gzip data are damaged.
absl::StatusOr<IdxImages> ReadIdxImages(const std::string& path);
absl::StatusOr<IdxLabels> ReadIdxLabels(const std::string& path);

// The same from bytes in memory; errors call them `name`.
absl::StatusOr<IdxImages> ParseIdxImages(std::string_view bytes, const std::string& name);
absl::StatusOr<IdxLabels> ParseIdxLabels(std::string_view bytes, const std::string& name);

// Returns the 16 bytes before the pixels of such a file; of images of several channels, which have
// four dimensions, 20. REQUIRES: every size fits into 32 bits.
std::string IdxImagesHeader(int64_t count, int height, int width, int channels = 1);

// Returns a file of these labels: a byte each, or, of more than 256 classes, two (0x00000b01).
// REQUIRES: each is below num_classes, and their number fits into 32 bits.
std::string EncodeIdxLabels(absl::Span<const Label> labels, int num_classes);

}  // namespace convoy::data
