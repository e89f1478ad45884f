// Runs the ONNX files that Convoy writes, by plain loops over what the file says: an opinion on
// them that shares no code with the writer or the kernels. For checking a file; slow.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/shape.h"

namespace convoy::exports {

// Values of an array, row-major.
struct OnnxArray {
  Shape shape;
  std::vector<double> values;
};

// Runs the model in `bytes` on `input`, in double precision, and returns its one output. Knows the
// operators that onnx_writer.cc writes, as far as it uses them. Returns DATA_LOSS if the bytes are
// no ONNX model, INVALID_ARGUMENT, naming the node, for what it does not know or what does not fit
// together.
absl::StatusOr<OnnxArray> RunOnnx(const std::string& bytes, OnnxArray input);

}  // namespace convoy::exports
