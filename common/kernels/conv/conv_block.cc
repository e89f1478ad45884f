#include "common/kernels/conv/conv_block.h"

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/kernels/conv/fused_conv.h"
#include "common/kernels/conv/general_conv_block.h"

namespace convoy::kernels {

const std::vector<ConvBlockImplementation>& ConvBlockImplementations() {
  static const auto* const implementations = new std::vector<ConvBlockImplementation>{
      {"winograd", &SupportsWinogradBlock, &CreateWinogradBlock},
      {"direct", &SupportsDirectBlock, &CreateDirectBlock},
      {"general", &SupportsGeneralBlock, &CreateGeneralBlock}};
  return *implementations;
}

std::unique_ptr<ConvBlock> CreateConvBlock(const ConvBlockGeometry& geometry,
                                           std::vector<std::string>* declined) {
  for (const ConvBlockImplementation& implementation : ConvBlockImplementations()) {
    const absl::Status status = implementation.supports(geometry);
    if (status.ok()) return implementation.create(geometry);
    if (declined != nullptr) {
      declined->push_back(std::string(implementation.name) + ": " + std::string(status.message()));
    }
  }
  CONVOY_CHECK(false);
  return nullptr;
}

}  // namespace convoy::kernels
