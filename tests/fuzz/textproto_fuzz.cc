// libFuzzer program: whatever text is taken for a network or a recipe, nothing crashes, errors are
// one line that names the file, and a network that is accepted is written and read back the same.
#include <cstdint>
#include <string>
#include <string_view>

#include "common/base/check.h"
#include "common/nn/model_spec.h"
#include "common/nn/network.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/recipe.pb.h"
#include "tests/fuzz/one_line.h"

namespace convoy {
namespace {

void CheckNetwork(std::string_view text) {
  const absl::StatusOr<nn::ModelSpec> spec = nn::ParseModelSpec(text, "NAME");
  if (!spec.ok()) return CheckOneLineThatNames("NAME", spec.status());
  if (!nn::Network::Create(*spec).ok()) return;
  const std::string written = nn::ModelSpecToText(*spec);
  const absl::StatusOr<nn::ModelSpec> read = nn::ParseModelSpec(written, "NAME");
  CONVOY_CHECK(read.ok());
  CONVOY_CHECK_EQ(nn::ModelSpecToText(*read), written);
}

void CheckRecipe(std::string_view text) {
  v1::Recipe recipe;
  const absl::Status parsed = ParseTextProto(text, "NAME", &recipe);
  if (!parsed.ok()) CheckOneLineThatNames("NAME", parsed);
}

}  // namespace
}  // namespace convoy

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  convoy::CheckNetwork(text);
  convoy::CheckRecipe(text);
  return 0;
}
