// Building a chain of ONNX nodes. Only onnx_*.cc include this.
#pragma once

#include <onnx/onnx_pb.h>

#include <set>
#include <string>
#include <vector>

#include "common/base/shape.h"

namespace convoy::exports {

// Adds nodes one after another to a graph, each working on the value before it. ONNX wants every
// value to have a name of its own: one that is taken already gets "_1" behind it, until it is free.
class OnnxChain {
 public:
  // `graph` must outlive the chain. The first node works on `input`; the last will give `output`.
  OnnxChain(const std::string& input, const std::string& output, onnx::GraphProto* graph);

  // Adds a constant array and returns its name. `values` has as many elements as `shape` says.
  std::string AddConstant(const std::string& name, const Shape& shape,
                          const std::vector<float>& values);

  std::string AddConstant(const std::string& name, const std::vector<int64_t>& values);

  // The name of the chain's last value.
  const std::string& last() const { return last_; }

  // Adds a node of kind `op_type` whose inputs are the chain's last value and `others`; its
  // output, which like the node is called `name`, becomes the last value. Returns it for its
  // attributes.
  onnx::NodeProto* AddNode(const char* op_type, const std::string& name,
                           const std::vector<std::string>& others = {});

  // Gives the last node and its value the output's name. Call once, after at least one AddNode.
  void Finish();

 private:
  std::string Unique(std::string name);

  onnx::GraphProto* graph_;
  std::string last_;
  std::string output_;
  std::set<std::string> names_;
};

void AddInt(const char* name, int64_t value, onnx::NodeProto* node);
void AddFloat(const char* name, float value, onnx::NodeProto* node);
void AddText(const char* name, const char* value, onnx::NodeProto* node);
void AddInts(const char* name, const std::vector<int64_t>& values, onnx::NodeProto* node);

}  // namespace convoy::exports
