// SummaryTable of network.h. The layout follows Keras 2's print_summary: columns that end at 45%,
// 85% and 100% of 65 of a terminal's columns, of which letters may take two or none.
#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/printable.h"
#include "common/nn/network.h"
#include "common/terminal/fit.h"

namespace convoy::nn {
namespace {

constexpr int kWidth = 65;
constexpr int kTypeEnd = 29;
constexpr int kShapeEnd = 55;

// `text` with spaces up to the column `end`.
std::string Padded(const std::string& text, int end) {
  const int left = std::max(end - terminal::Columns(text), 0);
  return text + std::string(static_cast<size_t>(left), ' ');
}

std::string Row(const std::string& type, const std::string& shape, const std::string& parameters) {
  return Padded(Padded(Padded(type, kTypeEnd) + shape, kShapeEnd) + parameters, kWidth) + "\n";
}

int64_t ParameterCount(const Layer& layer) {
  int64_t count = 0;
  for (const Parameter& parameter : layer.parameters) count += parameter.size;
  return count;
}

// The lines of a layer; a type that is too long for its column goes on in the next ones.
std::string LayerRows(const Layer& layer) {
  std::string rest = absl::StrCat(" ", Printable(layer.name, std::string::npos), " (",
                                  std::string(LayerTypeName(layer.kind)), ")");
  const auto take = [&rest] {
    std::string taken = terminal::Cut(rest, kTypeEnd);
    rest.erase(0, taken.size());
    if (!rest.empty()) rest.insert(0, " ");
    return taken;
  };
  const std::string type = take();
  std::string rows =
      Row(type, ShapeToString(layer.output, /*batch=*/true), absl::StrCat(ParameterCount(layer)));
  while (!rest.empty()) rows += Row(take(), "", "");
  return rows;
}

std::string Total(const char* what, int64_t count) {
  return absl::StrFormat("%s: %d (%.2f KB)\n", what, count,
                         static_cast<double>(count) * sizeof(float) / 1024.0);
}

}  // namespace

std::string SummaryTable(const Network& network) {
  const std::string thin = std::string(size_t{kWidth}, '_') + "\n";
  const std::string thick = std::string(size_t{kWidth}, '=') + "\n";
  std::string table = absl::StrCat("Model: \"", Printable(network.spec().name), "\"\n", thin,
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
