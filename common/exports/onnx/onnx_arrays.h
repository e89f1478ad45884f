// Operators of ONNX on arrays that are about shapes more than numbers, for onnx_run.cc. Source of
// each operator's meaning: the ONNX operator specification, opset 13. Errors are INVALID_ARGUMENT.
#pragma once

#include "absl/status/statusor.h"
#include "common/exports/onnx/onnx_run.h"

namespace convoy::exports {

// Returns src + other, which must have the same shape.
absl::StatusOr<OnnxArray> AddArrays(const OnnxArray& src, const OnnxArray& other);

// Returns src with another shape: 0 keeps a size, one -1 is what is left.
absl::StatusOr<OnnxArray> ReshapeArray(const OnnxArray& src, const OnnxArray& shape);

// Returns images [N, C, H, W] with zeros around; `pads` as Pad has them, for the images' sides
// only.
absl::StatusOr<OnnxArray> PadImages(const OnnxArray& src, const OnnxArray& pads);

// Brings each channel of each image [N, C, ...] to mean 0 and variance 1, then scales and shifts
// it.
absl::StatusOr<OnnxArray> NormalizeInstances(const OnnxArray& src, const OnnxArray& scale,
                                             const OnnxArray& bias, double epsilon);

}  // namespace convoy::exports
