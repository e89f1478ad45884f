// How the images of a job lie in one block: in the memory that the ranks of a host share, and in
// the copy of a run's data.
#pragma once

#include <cstdint>

#include "convoy/worker/v1/job_broadcast.pb.h"

namespace convoy::train {

// Offsets in bytes. REQUIRES: sizes that come from data in memory, or were checked.
struct ImageLayout {
  int64_t train_pixels = 0;
  int64_t test_pixels;
  int64_t train_labels;
  int64_t test_labels;
  int64_t size;

  explicit ImageLayout(const worker::v1::DataDescription& data) {
    const int64_t image_bytes = int64_t{data.height()} * data.width() * data.channels();
    test_pixels = train_pixels + data.train_images() * image_bytes;
    train_labels = test_pixels + data.test_images() * image_bytes;
    test_labels = train_labels + data.train_images();
    size = test_labels + data.test_images();
  }
};

}  // namespace convoy::train
