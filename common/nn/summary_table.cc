// SummaryTable of network.h. The layout follows Keras 2's print_summary: columns that end at 45%,
// 85% and 100% of 65 characters.
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/utf8.h"
#include "common/nn/network.h"

namespace convoy::nn {
namespace {

constexpr size_t kWidth = 65;
constexpr size_t kTypeEnd = 29;
constexpr size_t kShapeEnd = 55;

std::string Row(const std::string& type, const std::string& shape, const std::string& parameters) {
  std::string line = type;
  line.resize(kTypeEnd, ' ');
  line += shape;
  line.resize(kShapeEnd, ' ');
  line += parameters;
  line.resize(kWidth, ' ');
  return line + "\n";
}

int64_t ParameterCount(const Layer& layer) {
  int64_t count = 0;
  for (const Parameter& parameter : layer.parameters) count += parameter.size;
  return count;
}

// The lines of a layer; a type that is too long for its column goes on in the next line.
std::string LayerRows(const Layer& layer) {
  std::string type =
      absl::StrCat(" ", layer.name, " (", std::string(LayerTypeName(layer.kind)), ")");
  std::string rest;
  if (type.size() > kTypeEnd) {
    const size_t end = WholeUtf8(type, kTypeEnd);
    rest = type.substr(end);
    type.resize(end);
  }
  const std::string first =
      Row(type, ShapeToString(layer.output, /*batch=*/true), absl::StrCat(ParameterCount(layer)));
  return rest.empty() ? first : first + Row(" " + rest, "", "");
}

std::string Total(const char* what, int64_t count) {
  return absl::StrFormat("%s: %d (%.2f KB)\n", what, count,
                         static_cast<double>(count) * sizeof(float) / 1024.0);
}

}  // namespace

std::string SummaryTable(const Network& network) {
  const std::string thin = std::string(kWidth, '_') + "\n";
  const std::string thick = std::string(kWidth, '=') + "\n";
  std::string table = absl::StrCat("Model: \"", network.spec().name, "\"\n", thin,
                                   Row(" Layer (type)", "Output Shape", "Param #"), thick);
  for (const Layer& layer : network.layers()) {
    if (layer.ordinal > 0) table += Row("", "", "");
    table += LayerRows(layer);
  }
  const int64_t total = network.num_parameters();
  const int64_t trainable = network.num_trainable();
  return absl::StrCat(table, thick, Total("Total params", total),
                      Total("Trainable params", trainable),
                      Total("Non-trainable params", total - trainable), thin);
}

}  // namespace convoy::nn
