// libFuzzer program: the reader of Keras's .h5 files takes any bytes without a crash, and what it
// accepts can be exported again to the same weights.
#include <cstdint>
#include <string>

#include "common/base/check.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_reader.h"
#include "tests/fuzz/one_line.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace exports = convoy::exports;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  exports::Notes notes;
  const auto model = exports::DecodeKeras(bytes, "NAME", {}, &notes);
  if (!model.ok()) {
    convoy::CheckOneLineThatNames("NAME: ", model.status());
    return 0;
  }
  const auto exported = exports::EncodeKerasH5(model->model);
  // Names that Keras would refuse can be imported from a file that Keras did not write.
  if (!exported.ok()) return 0;
  const auto again = exports::DecodeKeras(*exported, "NAME", {}, &notes);
  CONVOY_CHECK(again.ok());
  CONVOY_CHECK_EQ(convoy::formats::WeightsSha256(again->model.tensors),
                  convoy::formats::WeightsSha256(model->model.tensors));
  return 0;
}
