#include "common/data/noise.h"

#include <algorithm>

#include "common/base/check.h"
#include "common/base/exact_random.h"
#include "common/base/text_error.h"

namespace convoy::data {

absl::Status CheckNoiseLevel(double level) {
  if (level >= 0 && level <= kMaxNoiseLevel) return absl::OkStatus();
  return InvalidArgumentTextError(
      "noise level $0: it is the standard deviation of the noise on pixels from 0 to 1; give a "
      "number from 0 to $1, such as 0.3",
      level, kMaxNoiseLevel);
}

void AddNoise(const uint8_t* src, int64_t num_bytes, double level, uint64_t seed,
              uint32_t image_index, uint8_t* dst) {
  CONVOY_CHECK(CheckNoiseLevel(level).ok());
  RandomSequence random(seed, RandomStream::kNoise, image_index);
  for (int64_t i = 0; i < num_bytes; ++i) {
    const double value = src[i] + 255 * level * Normal(random);
    dst[i] = static_cast<uint8_t>(std::clamp(value, 0.0, 255.0) + 0.5);
  }
}

}  // namespace convoy::data
