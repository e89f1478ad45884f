// libFuzzer program: the IDX readers take any bytes, plain or gzip, without a crash, and what they
// accept fits together.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/data/idx.h"
#include "tests/fuzz/one_line.h"

namespace convoy::data {
namespace {

void CheckImages(std::string_view bytes) {
  const absl::StatusOr<IdxImages> images = ParseIdxImages(bytes, "NAME");
  if (!images.ok()) return CheckOneLineThatNames("NAME: ", images.status());
  CONVOY_CHECK(images->count > 0 && images->height > 0 && images->width > 0);
  CONVOY_CHECK_EQ(static_cast<int64_t>(images->pixels.size()),
                  images->count * images->height * images->width);
}

void CheckLabels(std::string_view bytes) {
  const absl::StatusOr<IdxLabels> labels = ParseIdxLabels(bytes, "NAME");
  if (!labels.ok()) return CheckOneLineThatNames("NAME: ", labels.status());
  CONVOY_CHECK(labels->count > 0);
  CONVOY_CHECK_EQ(static_cast<int64_t>(labels->labels.size()), labels->count);
}

}  // namespace
}  // namespace convoy::data

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  convoy::data::CheckImages(bytes);
  convoy::data::CheckLabels(bytes);
  return 0;
}
