#include "common/evaluate/model_network.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::evaluate {
namespace {

std::string Describe(const std::string& name, const Shape& shape) {
  return absl::StrCat("'", name, "' ", ShapeToString(shape));
}

// What stands at `index` of tensors or parameters, in words.
template <typename Item>
std::string DescribeAt(const std::vector<Item>& items, size_t index) {
  return index < items.size() ? Describe(items[index].name, items[index].shape)
                              : "no further tensor";
}

}  // namespace

absl::Status CheckFits(const std::vector<formats::NamedTensor>& tensors,
                       const nn::Network& network) {
  const std::vector<nn::Parameter> parameters = network.Parameters();
  const size_t count = std::max(parameters.size(), tensors.size());
  for (size_t i = 0; i < count; ++i) {
    const std::string given = DescribeAt(tensors, i);
    const std::string wanted = DescribeAt(parameters, i);
    if (given == wanted) continue;
    return InvalidArgumentTextError("the weights have $0 where the network '$1' has $2", given,
                                    network.spec().name, wanted);
  }
  return absl::OkStatus();
}

absl::StatusOr<nn::Network> NetworkOfModel(const formats::ModelFile& model,
                                           const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(
      const nn::ModelSpec spec,
      nn::ParseModelSpec(model.model_textproto, absl::StrCat(name, ": network")));
  absl::StatusOr<nn::Network> network = nn::Network::Create(spec);
  if (!network.ok()) return Annotate(network.status(), name);
  CONVOY_RETURN_IF_ERROR(Annotate(CheckFits(model.tensors, *network), name));
  return network;
}

}  // namespace convoy::evaluate
