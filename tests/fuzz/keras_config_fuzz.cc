// libFuzzer program: the readers of Keras's JSON, which do not run in a fork here so that a crash
// of ours is seen, take any text; a network that they accept is written and read back the same.
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/check.h"
#include "common/exports/keras/json_fields.h"
#include "common/exports/keras/keras_config.h"
#include "common/exports/keras/keras_training.h"
#include "common/nn/network.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace exports = convoy::exports;
  const auto json = exports::ParseJsonObject({reinterpret_cast<const char*>(data), size}, "NAME");
  if (!json.ok()) return 0;
  exports::Notes notes;
  const std::string recipe = exports::RecipeFromTrainingConfig(*json, &notes);
  CONVOY_CHECK(exports::KerasTrainingConfig(recipe).ok());
  const auto spec = exports::ReadKerasModelConfig(*json, &notes);
  if (!spec.ok() || !convoy::nn::Network::Create(*spec).ok()) return 0;
  const auto written = exports::KerasModelConfig(*spec);
  if (!written.ok()) return 0;
  const auto again = exports::ParseJsonObject(written->dump(), "NAME");
  CONVOY_CHECK(again.ok());
  const auto read = exports::ReadKerasModelConfig(*again, &notes);
  CONVOY_CHECK(read.ok());
  CONVOY_CHECK_EQ(convoy::nn::ModelSpecToText(*read), convoy::nn::ModelSpecToText(*spec));
  return 0;
}
