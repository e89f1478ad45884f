#include "common/exports/keras/keras_arithmetic.h"

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/match.h"
#include "common/exports/keras/json_fields.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

enum class Operation { kNone, kAdd, kSubtract, kMultiply, kDivide };

// The operands of one: the number, and whether it stands before the layer's input.
struct Operand {
  double number = 0;
  bool first = false;
};

// TensorFlow: ["input_1", 0, 0, {"y": 255.0, "name": null}], in older files in a list of its own.
std::optional<Operand> OperandOfFunction(const json& node) {
  const json& call = node.is_array() && node.size() == 1 ? node[0] : node;
  if (!call.is_array() || call.size() != 4 || !call[3].is_object()) return std::nullopt;
  const auto number = call[3].find("y");
  if (number == call[3].end() || !number->is_number()) return std::nullopt;
  return Operand{.number = number->get<double>()};
}

// Keras 3: {"args": [tensor, 255.0], "kwargs": {}}.
std::optional<Operand> OperandOfOperation(const json& node) {
  const JsonFields fields(&node, "");
  const json* args = fields.Find("args");
  if (args == nullptr || !args->is_array() || args->size() != 2) return std::nullopt;
  const bool first = (*args)[0].is_number();
  const json& number = (*args)[first ? 0 : 1];
  const json& tensor = (*args)[first ? 1 : 0];
  if (!number.is_number() || !tensor.is_object()) return std::nullopt;
  return Operand{.number = number.get<double>(), .first = first};
}

Operation OperationNamed(const std::string& name) {
  if (name == "math.add" || name == "__operators__.add" || name == "Add") return Operation::kAdd;
  if (name == "math.subtract" || name == "Subtract") return Operation::kSubtract;
  if (name == "math.multiply" || name == "Multiply") return Operation::kMultiply;
  const bool divides =
      name == "math.truediv" || name == "math.divide" || name == "TrueDivide" || name == "Divide";
  return divides ? Operation::kDivide : Operation::kNone;
}

std::optional<KerasArithmetic> Apply(Operation operation, const Operand& operand) {
  const double number = operand.number;
  switch (operation) {
    case Operation::kAdd:
      return KerasArithmetic{.offset = number};
    case Operation::kSubtract:
      return operand.first ? KerasArithmetic{.scale = -1, .offset = number}
                           : KerasArithmetic{.offset = -number};
    case Operation::kMultiply:
      return KerasArithmetic{.scale = number};
    case Operation::kDivide:
      if (operand.first) return std::nullopt;
      return KerasArithmetic{.scale = 1 / number};
    case Operation::kNone:
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<KerasArithmetic> ReadKerasArithmetic(const json& layer) {
  const JsonFields fields(&layer, "");
  const absl::StatusOr<std::string> class_name = fields.String("class_name");
  const json* nodes = fields.Find("inbound_nodes");
  if (!class_name.ok() || nodes == nullptr || !nodes->is_array() || nodes->size() != 1) {
    return std::nullopt;
  }
  const bool function = *class_name == "TFOpLambda";
  const JsonFields config(fields.Find("config"), "");
  const absl::StatusOr<std::string> name = function ? config.String("function") : *class_name;
  if (!name.ok()) return std::nullopt;
  const Operation operation = OperationNamed(*name);
  const auto operand = function ? OperandOfFunction((*nodes)[0]) : OperandOfOperation((*nodes)[0]);
  if (operation == Operation::kNone || !operand) return std::nullopt;
  const auto result = Apply(operation, *operand);
  const bool usable =
      result && result->scale != 0 && std::isfinite(result->scale) && std::isfinite(result->offset);
  return usable ? result : std::nullopt;
}

}  // namespace convoy::exports
