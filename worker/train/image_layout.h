// How the images of a job lie in the block of memory that the ranks of a host share: the pixels, a
// byte each, then the labels as in memory.
#pragma once

#include <cstdint>

#include "common/base/label.h"
#include "convoy/worker/v1/job_broadcast.pb.h"

namespace convoy::train {

// Offsets in bytes, those of labels aligned to them. REQUIRES: sizes that come from data in memory,
// or were checked.
struct ImageLayout {
  int64_t train_pixels = 0;
  int64_t test_pixels;
  int64_t pixels_end;
  int64_t train_labels;
  int64_t test_labels;
  int64_t size;

  explicit ImageLayout(const worker::v1::DataDescription& data) {
    constexpr int64_t kLabelBytes = sizeof(Label);
    const int64_t image_bytes = int64_t{data.height()} * data.width() * data.channels();
    test_pixels = train_pixels + data.train_images() * image_bytes;
    pixels_end = test_pixels + data.test_images() * image_bytes;
    train_labels = (pixels_end + kLabelBytes - 1) / kLabelBytes * kLabelBytes;
    test_labels = train_labels + data.train_images() * kLabelBytes;
    size = test_labels + data.test_images() * kLabelBytes;
  }
};

}  // namespace convoy::train
