// A small interpreter of ONNX graphs, node by node, in double and in the plainest loops: it is the
// reference that an export is checked against (convoy export --verify), so it shares no code with
// our kernels. It runs the operators that onnx_writer.cc writes and refuses all others. Source of
// each operator's meaning: the ONNX operator specification, opset 13.
#include "common/exports/onnx/onnx_run.h"

#include <onnx/onnx_pb.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <numeric>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/exports/onnx/onnx_arrays.h"

namespace convoy::exports {
namespace {

using Arrays = std::map<std::string, OnnxArray>;

// Beyond any image and batch that a check runs; keeps products of sizes far from overflowing.
constexpr int64_t kMaxElems = int64_t{1} << 31;

absl::Status Refuse(const onnx::NodeProto& node, const std::string& message) {
  return absl::InvalidArgumentError(
      absl::StrCat("node '", node.name(), "' (", node.op_type(), "): ", message));
}

// Returns an array of zeros.
absl::StatusOr<OnnxArray> Zeros(Shape shape) {
  CONVOY_ASSIGN_OR_RETURN(const int64_t num_elems, NumElems(shape));
  if (num_elems > kMaxElems) return absl::InvalidArgumentError("an array is too large");
  return OnnxArray{std::move(shape), std::vector<double>(static_cast<size_t>(num_elems))};
}

// One node with its inputs, the first of which is what it works on.
class Node {
 public:
  Node(const onnx::NodeProto& proto, std::vector<const OnnxArray*> inputs)
      : proto_(proto), inputs_(std::move(inputs)) {}

  const std::string& op() const { return proto_.op_type(); }
  absl::Status Refuse(const std::string& message) const { return exports::Refuse(proto_, message); }
  const OnnxArray& src() const { return *inputs_[0]; }
  // Returns a constant, or null if the node has not so many.
  const OnnxArray* input(size_t i) const { return i < inputs_.size() ? inputs_[i] : nullptr; }

  // Returns a list of `count` whole numbers, each of `least` at least.
  absl::StatusOr<std::vector<int64_t>> Ints(const char* name, int count, int64_t least) const {
    for (const onnx::AttributeProto& attribute : proto_.attribute()) {
      if (attribute.name() != name || attribute.ints_size() != count) continue;
      const std::vector<int64_t> values(attribute.ints().begin(), attribute.ints().end());
      const bool in_range = std::all_of(values.begin(), values.end(), [least](int64_t value) {
        return value >= least && value <= std::numeric_limits<int32_t>::max();
      });
      if (in_range) return values;
    }
    return Refuse(absl::StrCat("has no attribute '", name, "' of ", count, " numbers"));
  }

  // Returns a number that is not negative.
  absl::StatusOr<double> Float(const char* name) const {
    for (const onnx::AttributeProto& attribute : proto_.attribute()) {
      if (attribute.name() == name && attribute.f() >= 0 && std::isfinite(attribute.f())) {
        return static_cast<double>(attribute.f());
      }
    }
    return Refuse(absl::StrCat("has no attribute '", name, "' that is not negative"));
  }

  int64_t IntOr(const char* name, int64_t otherwise) const {
    for (const onnx::AttributeProto& attribute : proto_.attribute()) {
      if (attribute.name() == name) return attribute.i();
    }
    return otherwise;
  }

  // Returns OK if the attribute's only value is `expected`.
  absl::Status CheckInt(const char* name, int64_t expected) const {
    for (const onnx::AttributeProto& attribute : proto_.attribute()) {
      if (attribute.name() == name && attribute.i() == expected) return absl::OkStatus();
    }
    return Refuse(absl::StrCat("attribute '", name, "' must be ", expected));
  }

 private:
  const onnx::NodeProto& proto_;
  std::vector<const OnnxArray*> inputs_;
};

absl::StatusOr<OnnxArray> ElementWise(const Node& node, double (*function)(double)) {
  OnnxArray dst = node.src();
  for (double& value : dst.values) value = function(value);
  return dst;
}

absl::StatusOr<OnnxArray> Transpose(const Node& node) {
  const OnnxArray& src = node.src();
  const size_t rank = src.shape.size();
  if (rank == 0) return node.Refuse("has nothing to work on");
  CONVOY_ASSIGN_OR_RETURN(const std::vector<int64_t> order,
                          node.Ints("perm", static_cast<int>(rank), 0));
  for (size_t axis = 0; axis < rank; ++axis) {
    if (std::count(order.begin(), order.end(), axis) != 1) return node.Refuse("perm is no order");
  }
  std::vector<int64_t> src_stride(rank, 1);
  for (size_t axis = rank - 1; axis-- > 0;) {
    src_stride[axis] = src_stride[axis + 1] * src.shape[axis + 1];
  }
  Shape shape;
  for (const int64_t axis : order) shape.push_back(src.shape[static_cast<size_t>(axis)]);
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst, Zeros(shape));
  std::vector<int64_t> index(rank, 0);
  for (double& value : dst.values) {
    int64_t from = 0;
    for (size_t axis = 0; axis < rank; ++axis) {
      from += index[axis] * src_stride[static_cast<size_t>(order[axis])];
    }
    value = src.values[static_cast<size_t>(from)];
    for (size_t axis = rank; axis-- > 0 && ++index[axis] == shape[axis];) index[axis] = 0;
  }
  return dst;
}

// Where windows lie on images [N, C, H, W].
struct Windows {
  int64_t height, width;       // of the image
  int64_t kernel_h, kernel_w;  // of a window
  int64_t stride_y, stride_x;
  int64_t top, left;  // padding
  int64_t output_h, output_w;
};

absl::StatusOr<Windows> ReadWindows(const Node& node) {
  const Shape& shape = node.src().shape;
  if (shape.size() != 4) return node.Refuse("needs [N, C, H, W]");
  CONVOY_ASSIGN_OR_RETURN(const std::vector<int64_t> kernel, node.Ints("kernel_shape", 2, 1));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<int64_t> strides, node.Ints("strides", 2, 1));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<int64_t> pads, node.Ints("pads", 4, 0));
  const int64_t room_y = shape[2] + pads[0] + pads[2] - kernel[0];
  const int64_t room_x = shape[3] + pads[1] + pads[3] - kernel[1];
  if (room_y < 0 || room_x < 0) return node.Refuse("has a window larger than the image");
  return Windows{shape[2],
                 shape[3],
                 kernel[0],
                 kernel[1],
                 strides[0],
                 strides[1],
                 pads[0],
                 pads[1],
                 room_y / strides[0] + 1,
                 room_x / strides[1] + 1};
}

// Calls visit(ky, kx, place) for each element of the window (y, x) that is inside the image, which
// begins at the place 0.
template <typename Visit>
void ForWindow(const Windows& w, int64_t y, int64_t x, Visit visit) {
  for (int64_t ky = 0; ky < w.kernel_h; ++ky) {
    const int64_t src_y = y * w.stride_y - w.top + ky;
    if (src_y < 0 || src_y >= w.height) continue;
    for (int64_t kx = 0; kx < w.kernel_w; ++kx) {
      const int64_t src_x = x * w.stride_x - w.left + kx;
      if (src_x < 0 || src_x >= w.width) continue;
      visit(ky, kx, src_y * w.width + src_x);
    }
  }
}

absl::Status CheckBias(const Node& node, const OnnxArray* bias, int64_t size) {
  if (bias == nullptr || bias->shape == Shape{size}) return absl::OkStatus();
  return node.Refuse("has a bias of the wrong size");
}

absl::StatusOr<OnnxArray> Conv(const Node& node) {
  CONVOY_ASSIGN_OR_RETURN(const Windows w, ReadWindows(node));
  const OnnxArray& src = node.src();
  const OnnxArray* kernel = node.input(1);
  const OnnxArray* bias = node.input(2);
  const int64_t groups = node.IntOr("group", 1);
  if (groups < 1 || src.shape[1] % groups != 0) return node.Refuse("has groups that do not fit");
  const int64_t channels = src.shape[1] / groups;
  if (kernel == nullptr || kernel->shape.size() != 4 || kernel->shape[0] % groups != 0 ||
      kernel->shape != Shape{kernel->shape[0], channels, w.kernel_h, w.kernel_w}) {
    return node.Refuse("has a kernel that does not fit");
  }
  const int64_t filters = kernel->shape[0];
  CONVOY_RETURN_IF_ERROR(CheckBias(node, bias, filters));
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst, Zeros({src.shape[0], filters, w.output_h, w.output_w}));
  double* out = dst.values.data();
  for (int64_t image = 0; image < src.shape[0]; ++image) {
    for (int64_t f = 0; f < filters; ++f) {
      for (int64_t place = 0; place < w.output_h * w.output_w; ++place) {
        double sum = bias == nullptr ? 0 : bias->values[static_cast<size_t>(f)];
        for (int64_t c = 0; c < channels; ++c) {
          const int64_t channel = f / (filters / groups) * channels + c;
          const double* plane =
              src.values.data() + (image * src.shape[1] + channel) * w.height * w.width;
          const double* weights =
              kernel->values.data() + (f * channels + c) * w.kernel_h * w.kernel_w;
          ForWindow(w, place / w.output_w, place % w.output_w,
                    [&sum, &w, plane, weights](int64_t ky, int64_t kx, int64_t from) {
                      sum += plane[from] * weights[ky * w.kernel_w + kx];
                    });
        }
        *out++ = sum;
      }
    }
  }
  return dst;
}

absl::StatusOr<OnnxArray> MaxPool(const Node& node) {
  CONVOY_ASSIGN_OR_RETURN(const Windows w, ReadWindows(node));
  const OnnxArray& src = node.src();
  const int64_t planes = src.shape[0] * src.shape[1];
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst,
                          Zeros({src.shape[0], src.shape[1], w.output_h, w.output_w}));
  double* out = dst.values.data();
  for (int64_t p = 0; p < planes; ++p) {
    const double* plane = src.values.data() + p * w.height * w.width;
    for (int64_t place = 0; place < w.output_h * w.output_w; ++place) {
      double largest = -std::numeric_limits<double>::infinity();
      ForWindow(w, place / w.output_w, place % w.output_w,
                [&largest, plane](int64_t, int64_t, int64_t from) {
                  largest = std::max(largest, plane[from]);
                });
      *out++ = largest;
    }
  }
  return dst;
}

absl::StatusOr<OnnxArray> AveragePool(const Node& node) {
  CONVOY_RETURN_IF_ERROR(node.CheckInt("count_include_pad", 0));
  CONVOY_ASSIGN_OR_RETURN(const Windows w, ReadWindows(node));
  const OnnxArray& src = node.src();
  const int64_t planes = src.shape[0] * src.shape[1];
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst,
                          Zeros({src.shape[0], src.shape[1], w.output_h, w.output_w}));
  double* out = dst.values.data();
  for (int64_t p = 0; p < planes; ++p) {
    const double* plane = src.values.data() + p * w.height * w.width;
    for (int64_t place = 0; place < w.output_h * w.output_w; ++place) {
      double sum = 0;
      int64_t count = 0;
      ForWindow(w, place / w.output_w, place % w.output_w,
                [&sum, &count, plane](int64_t, int64_t, int64_t from) {
                  sum += plane[from];
                  ++count;
                });
      *out++ = count == 0 ? 0 : sum / static_cast<double>(count);
    }
  }
  return dst;
}

absl::StatusOr<OnnxArray> GlobalAveragePool(const Node& node) {
  const OnnxArray& src = node.src();
  if (src.shape.size() != 4 || src.shape[2] * src.shape[3] == 0) {
    return node.Refuse("needs [N, C, H, W]");
  }
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst, Zeros({src.shape[0], src.shape[1], 1, 1}));
  const auto places = static_cast<size_t>(src.shape[2] * src.shape[3]);
  for (size_t i = 0; i < src.values.size(); ++i) {
    dst.values[i / places] += src.values[i] / static_cast<double>(places);
  }
  return dst;
}

absl::StatusOr<OnnxArray> BatchNormalization(const Node& node) {
  CONVOY_ASSIGN_OR_RETURN(const double epsilon, node.Float("epsilon"));
  OnnxArray dst = node.src();
  if (dst.shape.size() < 2) return node.Refuse("needs [N, C] or [N, C, H, W]");
  const int64_t channels = dst.shape[1];
  for (size_t i = 1; i <= 4; ++i) {
    const OnnxArray* column = node.input(i);
    if (column == nullptr || column->shape != Shape{channels}) {
      return node.Refuse("has no four arrays of a number a channel");
    }
  }
  int64_t places = 1;
  for (size_t axis = 2; axis < dst.shape.size(); ++axis) places *= dst.shape[axis];
  for (size_t i = 0; i < dst.values.size(); ++i) {
    const auto c = static_cast<size_t>(static_cast<int64_t>(i) / places % channels);
    const double deviation = std::sqrt(node.input(4)->values[c] + epsilon);
    dst.values[i] =
        (dst.values[i] - node.input(3)->values[c]) / deviation * node.input(1)->values[c] +
        node.input(2)->values[c];
  }
  return dst;
}

// Applies below(x, alpha) to what is not above 0.
absl::StatusOr<OnnxArray> BelowZero(const Node& node, double (*below)(double, double)) {
  CONVOY_ASSIGN_OR_RETURN(const double alpha, node.Float("alpha"));
  OnnxArray dst = node.src();
  for (double& value : dst.values) value = value > 0 ? value : below(value, alpha);
  return dst;
}

absl::StatusOr<OnnxArray> Flatten(const Node& node) {
  CONVOY_RETURN_IF_ERROR(node.CheckInt("axis", 1));
  OnnxArray dst = node.src();
  if (dst.shape.empty() || dst.shape[0] == 0) return node.Refuse("has nothing to work on");
  const int64_t images = dst.shape[0];
  dst.shape = {images, static_cast<int64_t>(dst.values.size()) / images};
  return dst;
}

absl::StatusOr<OnnxArray> Gemm(const Node& node) {
  const OnnxArray& src = node.src();
  const OnnxArray* kernel = node.input(1);
  const OnnxArray* bias = node.input(2);
  CONVOY_RETURN_IF_ERROR(node.CheckInt("transB", 1));  // the kernel is [units, inputs]
  if (src.shape.size() != 2 || kernel == nullptr || kernel->shape.size() != 2 ||
      src.shape[1] != kernel->shape[1]) {
    return node.Refuse("has a kernel that does not fit");
  }
  const int64_t units = kernel->shape[0];
  const int64_t inputs = kernel->shape[1];
  CONVOY_RETURN_IF_ERROR(CheckBias(node, bias, units));
  CONVOY_ASSIGN_OR_RETURN(OnnxArray dst, Zeros({src.shape[0], units}));
  double* out = dst.values.data();
  for (int64_t image = 0; image < src.shape[0]; ++image) {
    const double* row = src.values.data() + image * inputs;
    for (int64_t unit = 0; unit < units; ++unit) {
      const double first = bias == nullptr ? 0 : bias->values[static_cast<size_t>(unit)];
      *out++ = std::inner_product(row, row + inputs, kernel->values.data() + unit * inputs, first);
    }
  }
  return dst;
}

absl::StatusOr<OnnxArray> Softmax(const Node& node) {
  CONVOY_RETURN_IF_ERROR(node.CheckInt("axis", 1));
  OnnxArray dst = node.src();
  if (dst.shape.size() != 2 || dst.shape[1] == 0) return node.Refuse("needs [N, classes]");
  for (auto row = dst.values.begin(); row != dst.values.end(); row += dst.shape[1]) {
    const auto end = row + dst.shape[1];
    const double largest = *std::max_element(row, end);
    double sum = 0;
    for (auto value = row; value != end; ++value) sum += * value = std::exp(*value - largest);
    for (auto value = row; value != end; ++value) *value /= sum;
  }
  return dst;
}

// Operators with so many more inputs.
absl::StatusOr<OnnxArray> RunOnArrays(const Node& node) {
  const OnnxArray* second = node.input(1);
  const OnnxArray* third = node.input(2);
  const bool normalizes = node.op() == "InstanceNormalization";
  if (second == nullptr || (normalizes && third == nullptr)) return node.Refuse("lacks an input");
  if (node.op() == "Add") return AddArrays(node.src(), *second);
  if (node.op() == "Pad") return PadImages(node.src(), *second);
  if (node.op() == "Reshape") return ReshapeArray(node.src(), *second);
  CONVOY_ASSIGN_OR_RETURN(const double epsilon, node.Float("epsilon"));
  return NormalizeInstances(node.src(), *second, *third, epsilon);
}

absl::StatusOr<OnnxArray> RunNode(const Node& node) {
  for (const char* op : {"Add", "InstanceNormalization", "Pad", "Reshape"}) {
    if (node.op() != op) continue;
    absl::StatusOr<OnnxArray> result = RunOnArrays(node);
    return result.ok() ? result : node.Refuse(std::string(result.status().message()));
  }
  if (node.op() == "AveragePool") return AveragePool(node);
  if (node.op() == "BatchNormalization") return BatchNormalization(node);
  if (node.op() == "Conv") return Conv(node);
  if (node.op() == "Elu") {
    return BelowZero(node, [](double x, double alpha) { return alpha * (std::exp(x) - 1); });
  }
  if (node.op() == "Flatten") return Flatten(node);
  if (node.op() == "Gemm") return Gemm(node);
  if (node.op() == "GlobalAveragePool") return GlobalAveragePool(node);
  if (node.op() == "LeakyRelu") {
    return BelowZero(node, [](double x, double alpha) { return alpha * x; });
  }
  if (node.op() == "MaxPool") return MaxPool(node);
  if (node.op() == "Softmax") return Softmax(node);
  if (node.op() == "Transpose") return Transpose(node);
  if (node.op() == "Relu") return ElementWise(node, [](double x) { return std::max(x, 0.0); });
  if (node.op() == "Sigmoid")
    return ElementWise(node, [](double x) { return 1 / (1 + std::exp(-x)); });
  if (node.op() == "Tanh") return ElementWise(node, [](double x) { return std::tanh(x); });
  return node.Refuse("is an operator that Convoy does not write");
}

template <typename T>
std::vector<double> NumbersIn(const std::string& raw) {
  std::vector<T> numbers(raw.size() / sizeof(T));
  if (!numbers.empty()) std::memcpy(numbers.data(), raw.data(), raw.size());
  return {numbers.begin(), numbers.end()};
}

// Floats, or the whole numbers of shapes and pads.
absl::StatusOr<OnnxArray> ReadConstant(const onnx::TensorProto& tensor) {
  const std::string& raw = tensor.raw_data();
  const Shape shape(tensor.dims().begin(), tensor.dims().end());
  const absl::StatusOr<int64_t> num_elems = NumElems(shape);
  const bool floats = tensor.data_type() == onnx::TensorProto::FLOAT;
  const size_t bytes = floats ? sizeof(float) : sizeof(int64_t);
  if ((!floats && tensor.data_type() != onnx::TensorProto::INT64) || !num_elems.ok() ||
      static_cast<size_t>(*num_elems) != raw.size() / bytes || raw.size() % bytes != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("initializer '", tensor.name(), "' is no whole array of floats or integers"));
  }
  return OnnxArray{shape, floats ? NumbersIn<float>(raw) : NumbersIn<int64_t>(raw)};
}

absl::StatusOr<std::vector<const OnnxArray*>> InputsOf(const onnx::NodeProto& node,
                                                       const Arrays& arrays) {
  std::vector<const OnnxArray*> inputs;
  for (const std::string& name : node.input()) {
    const auto found = arrays.find(name);
    if (found == arrays.end()) return Refuse(node, absl::StrCat("nothing makes '", name, "'"));
    inputs.push_back(&found->second);
  }
  if (inputs.empty() || node.output_size() != 1) return Refuse(node, "must have input and output");
  return inputs;
}

// The input's declared shape, but for the number of images, must be what is given.
absl::Status CheckInput(const onnx::ValueInfoProto& declared, const Shape& given) {
  const onnx::TensorShapeProto& shape = declared.type().tensor_type().shape();
  bool fits = static_cast<size_t>(shape.dim_size()) == given.size();
  for (int axis = 1; fits && axis < shape.dim_size(); ++axis) {
    fits = shape.dim(axis).dim_value() == given[static_cast<size_t>(axis)];
  }
  if (fits) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("input '", declared.name(), "' takes other images than ", ShapeToString(given)));
}

}  // namespace

absl::StatusOr<OnnxArray> RunOnnx(const std::string& bytes, OnnxArray input) {
  onnx::ModelProto model;
  if (!model.ParseFromString(bytes)) return absl::DataLossError("is no ONNX model");
  const onnx::GraphProto& graph = model.graph();
  if (graph.input_size() != 1 || graph.output_size() != 1) {
    return absl::InvalidArgumentError("the model must have one input and one output");
  }
  CONVOY_RETURN_IF_ERROR(CheckInput(graph.input(0), input.shape));
  Arrays arrays;
  arrays[graph.input(0).name()] = std::move(input);
  for (const onnx::TensorProto& tensor : graph.initializer()) {
    CONVOY_ASSIGN_OR_RETURN(arrays[tensor.name()], ReadConstant(tensor));
  }
  for (const onnx::NodeProto& node : graph.node()) {
    CONVOY_ASSIGN_OR_RETURN(std::vector<const OnnxArray*> inputs, InputsOf(node, arrays));
    CONVOY_ASSIGN_OR_RETURN(OnnxArray result, RunNode(Node(node, std::move(inputs))));
    arrays[node.output(0)] = std::move(result);
  }
  const auto output = arrays.find(graph.output(0).name());
  if (output == arrays.end()) return absl::InvalidArgumentError("nothing makes the model's output");
  return std::move(output->second);
}

}  // namespace convoy::exports
