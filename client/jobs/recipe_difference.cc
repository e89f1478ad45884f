#include "client/jobs/recipe_difference.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

using Values = std::vector<std::pair<std::string, std::string>>;

// Appends the values of `message` that are set, each with the path to it.
void AppendValues(const Message& message, const std::string& before, Values* values) {
  std::vector<const FieldDescriptor*> fields;
  message.GetReflection()->ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = before + field->name();
    if (field->name() == "model" && before.empty()) continue;  // the network is compared by layers
    if (field->is_repeated() || field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) {
      std::string text;
      TextFormat::PrintFieldValueToString(message, field, field->is_repeated() ? 0 : -1, &text);
      values->emplace_back(name, std::move(text));
    } else {
      AppendValues(message.GetReflection()->GetMessage(message, field), name + ".", values);
    }
  }
}

std::vector<std::string> Lines(const v1::Model& model) {
  const auto& input = model.input();
  std::vector<std::string> lines = {
      absl::StrCat("input ", input.height(), " x ", input.width(), " x ", input.channels())};
  for (const v1::Layer& layer : model.layers()) lines.push_back(layer.ShortDebugString());
  return lines;
}

// The lengths of the longest common subsequences of the ends of `a` and `b`.
std::vector<std::vector<int>> CommonLengths(const std::vector<std::string>& a,
                                            const std::vector<std::string>& b) {
  std::vector<std::vector<int>> length(a.size() + 1, std::vector<int>(b.size() + 1, 0));
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      length[i][j] =
          a[i] == b[j] ? length[i + 1][j + 1] + 1 : std::max(length[i + 1][j], length[i][j + 1]);
    }
  }
  return length;
}

}  // namespace

std::vector<RecipeDifference> DifferingValues(const std::vector<v1::Recipe>& recipes) {
  std::vector<std::string> fields;  // in the order of first sight
  std::map<std::string, std::vector<std::string>> table;
  for (size_t i = 0; i < recipes.size(); ++i) {
    Values values;
    AppendValues(recipes[i], "", &values);
    for (auto& [field, value] : values) {
      const auto [row, is_new] = table.try_emplace(field, recipes.size(), "-");
      if (is_new) fields.push_back(field);
      row->second[i] = std::move(value);
    }
  }
  std::vector<RecipeDifference> differences;
  for (const std::string& field : fields) {
    std::vector<std::string>& values = table[field];
    const bool same = std::all_of(values.begin(), values.end(),
                                  [&](const std::string& value) { return value == values[0]; });
    if (!same) differences.push_back({field, std::move(values)});
  }
  return differences;
}

std::vector<std::string> DifferingLayers(const v1::Model& from, const v1::Model& to) {
  const std::vector<std::string> a = Lines(from);
  const std::vector<std::string> b = Lines(to);
  const std::vector<std::vector<int>> common = CommonLengths(a, b);
  std::vector<std::string> lines;
  size_t i = 0;
  size_t j = 0;
  while (i < a.size() || j < b.size()) {
    if (i < a.size() && j < b.size() && a[i] == b[j]) {
      ++i;
      ++j;
    } else if (j == b.size() || (i < a.size() && common[i + 1][j] >= common[i][j + 1])) {
      lines.push_back("- " + a[i++]);
    } else {
      lines.push_back("+ " + b[j++]);
    }
  }
  return lines;
}

}  // namespace convoy::client
