#include "common/exports/onnx/onnx_graph.h"

#include <bit>

namespace convoy::exports {

static_assert(std::endian::native == std::endian::little, "ONNX's raw data is little-endian");

OnnxChain::OnnxChain(const std::string& input, const std::string& output, onnx::GraphProto* graph)
    : graph_(graph), last_(input), output_(output), names_({input, output}) {}

std::string OnnxChain::AddConstant(const std::string& name, const Shape& shape,
                                   const std::vector<float>& values) {
  onnx::TensorProto* tensor = graph_->add_initializer();
  tensor->set_name(Unique(name));
  tensor->set_data_type(onnx::TensorProto::FLOAT);
  for (const int64_t size : shape) tensor->add_dims(size);
  tensor->set_raw_data(values.data(), values.size() * sizeof(float));
  return tensor->name();
}

std::string OnnxChain::AddConstant(const std::string& name, const std::vector<int64_t>& values) {
  onnx::TensorProto* tensor = graph_->add_initializer();
  tensor->set_name(Unique(name));
  tensor->set_data_type(onnx::TensorProto::INT64);
  tensor->add_dims(static_cast<int64_t>(values.size()));
  tensor->set_raw_data(values.data(), values.size() * sizeof(int64_t));
  return tensor->name();
}

onnx::NodeProto* OnnxChain::AddNode(const char* op_type, const std::string& name,
                                    const std::vector<std::string>& others) {
  onnx::NodeProto* node = graph_->add_node();
  node->set_op_type(op_type);
  node->add_input(last_);
  for (const std::string& other : others) node->add_input(other);
  last_ = Unique(name);
  node->set_name(last_);
  node->add_output(last_);
  return node;
}

void OnnxChain::Finish() {
  onnx::NodeProto* node = graph_->mutable_node(graph_->node_size() - 1);
  node->set_name(output_);
  node->set_output(0, output_);
  last_ = output_;
}

std::string OnnxChain::Unique(std::string name) {
  while (!names_.insert(name).second) name += "_1";
  return name;
}

void AddInt(const char* name, int64_t value, onnx::NodeProto* node) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INT);
  attribute->set_i(value);
}

void AddFloat(const char* name, float value, onnx::NodeProto* node) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::FLOAT);
  attribute->set_f(value);
}

void AddText(const char* name, const char* value, onnx::NodeProto* node) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::STRING);
  attribute->set_s(value);
}

void AddInts(const char* name, const std::vector<int64_t>& values, onnx::NodeProto* node) {
  onnx::AttributeProto* attribute = node->add_attribute();
  attribute->set_name(name);
  attribute->set_type(onnx::AttributeProto::INTS);
  for (const int64_t value : values) attribute->add_ints(value);
}

}  // namespace convoy::exports
