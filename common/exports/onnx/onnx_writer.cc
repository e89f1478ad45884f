// A network as an ONNX graph, a node or a few a layer. ONNX's operators work on [N, C, H, W] where
// Keras and we have [N, H, W, C]: the graph transposes the images once at its beginning and, before
// the first dense layer, back, so that the weights of dense layers keep their order. Convolution
// kernels [KH, KW, C, OC] are written as [OC, C, KH, KW].
#include <algorithm>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/onnx/onnx.h"
#include "common/exports/onnx/onnx_graph.h"
#include "common/nn/geometry.h"
#include "common/nn/window.h"

namespace convoy::exports {
namespace {

// Old enough for every runtime in use, new enough for a softmax over one axis.
constexpr int64_t kIrVersion = 7;
constexpr int64_t kOperators = 13;

// What the coordinator calls them too, so that one client serves both.
constexpr char kInput[] = "input";
constexpr char kOutput[] = "output";

// Returns the kernel [KH, KW, C, OC] as [OC, C, KH, KW].
std::vector<float> KernelToOihw(const formats::NamedTensor& kernel) {
  const int64_t window = kernel.shape[0] * kernel.shape[1];
  const int64_t channels = kernel.shape[2];
  const int64_t filters = kernel.shape[3];
  std::vector<float> result(kernel.data.size());
  size_t src = 0;
  for (int64_t place = 0; place < window; ++place) {
    for (int64_t c = 0; c < channels; ++c) {
      for (int64_t f = 0; f < filters; ++f) {
        result[static_cast<size_t>((f * channels + c) * window + place)] = kernel.data[src++];
      }
    }
  }
  return result;
}

// Returns the depthwise kernel [KH, KW, C, M] as [C * M, 1, KH, KW].
std::vector<float> DepthwiseToOihw(const formats::NamedTensor& kernel) {
  const int64_t window = kernel.shape[0] * kernel.shape[1];
  const int64_t outputs = kernel.shape[2] * kernel.shape[3];
  std::vector<float> result(kernel.data.size());
  size_t src = 0;
  for (int64_t place = 0; place < window; ++place) {
    for (int64_t output = 0; output < outputs; ++output) {
      result[static_cast<size_t>(output * window + place)] = kernel.data[src++];
    }
  }
  return result;
}

// Returns the rows of a dense kernel [H * W * C, units] in the order C, H, W.
std::vector<float> RowsToChw(const formats::NamedTensor& kernel, const Shape& image) {
  const int64_t places = image[0] * image[1];
  const int64_t channels = image[2];
  const auto units = static_cast<size_t>(kernel.shape[1]);
  std::vector<float> result(kernel.data.size());
  const float* src = kernel.data.data();
  for (int64_t place = 0; place < places; ++place) {
    for (int64_t c = 0; c < channels; ++c, src += units) {
      std::copy(src, src + units, result.data() + static_cast<size_t>(c * places + place) * units);
    }
  }
  return result;
}

// Returns the dense kernel [inputs, units] as [units, inputs].
std::vector<float> Transposed(const std::vector<float>& kernel, int64_t inputs, int64_t units) {
  std::vector<float> result(kernel.size());
  for (int64_t i = 0; i < inputs; ++i) {
    for (int64_t unit = 0; unit < units; ++unit) {
      result[static_cast<size_t>(unit * inputs + i)] =
          kernel[static_cast<size_t>(i * units + unit)];
    }
  }
  return result;
}

// Writes a network layer by layer. Keras's images are [N, H, W, C]; ONNX convolves [N, C, H, W], so
// the image is transposed before the first layer that needs it so, and stays. A Flatten then gives
// the features in the order C, H, W: the next dense layer's rows are put into that order, which
// costs nothing when the model runs. What stands between the two works on each feature alone.
class NetworkWriter {
 public:
  NetworkWriter(const nn::Network& network, const formats::ModelFile& model,
                onnx::GraphProto* graph)
      : layers_(network.layers()),
        groups_(GroupByLayer(network, model)),
        chain_(kInput, kOutput, graph) {}

  void Write() {
    // What is added must be in one order: that of convolutions from the beginning on.
    if (HasAdds() && layer().input.size() == 3) NeedChannelsFirst();
    for (; at_ < layers_.size(); ++at_) {
      std::visit([this](const auto& spec) { Add(spec); }, layers_[at_].kind);
      values_[layers_[at_].name] = chain_.last();
    }
    chain_.Finish();
  }

 private:
  const nn::Layer& layer() const { return layers_[at_]; }
  const std::string& name() const { return layers_[at_].name; }
  const formats::NamedTensor& tensor(size_t i) const { return *groups_[at_].tensors[i]; }

  // Adds the names of the kernel and, where there is one, of the bias.
  std::vector<std::string> AddKernelAndBias(const Shape& shape, const std::vector<float>& kernel,
                                            bool use_bias) {
    std::vector<std::string> names = {chain_.AddConstant(tensor(0).name, shape, kernel)};
    if (use_bias) {
      names.push_back(chain_.AddConstant(tensor(1).name, tensor(1).shape, tensor(1).data));
    }
    return names;
  }

  void Transpose(const char* suffix, const std::vector<int64_t>& order) {
    AddInts("perm", order, chain_.AddNode("Transpose", absl::StrCat(name(), suffix)));
  }

  void NeedChannelsFirst() {
    if (!channels_first_) Transpose("_nchw", {0, 3, 1, 2});
    channels_first_ = true;
  }

  // Where the windows of a convolution or a pool lie.
  void AddWindows(nn::Size2d window, nn::Size2d strides, nn::Padding padding,
                  onnx::NodeProto* node) {
    const Shape& image = layer().input;
    const auto axis = [padding](int64_t input, int size, int stride, int64_t output) {
      const nn::WindowAxis placed =
          nn::PlaceWindows(static_cast<int>(input), size, stride, padding);
      // A padding that reaches beyond the image's end, where a stride leaves elements out, is none.
      const int64_t covered = (output - 1) * stride + size - placed.pad_before - input;
      return std::pair<int64_t, int64_t>(placed.pad_before, std::max<int64_t>(0, covered));
    };
    const auto [top, bottom] = axis(image[0], window.height, strides.height, layer().output[0]);
    const auto [left, right] = axis(image[1], window.width, strides.width, layer().output[1]);
    AddInts("kernel_shape", {window.height, window.width}, node);
    AddInts("pads", {top, left, bottom, right}, node);
    AddInts("strides", {strides.height, strides.width}, node);
  }

  // Returns the name of a node before the layer's activation: the layer's own is its last node's.
  std::string LinearName(nn::ActivationFunction activation) const {
    return activation == nn::ActivationFunction::kLinear ? name() : name() + "_linear";
  }

  void AddActivation(nn::ActivationFunction function) {
    switch (function) {
      case nn::ActivationFunction::kLinear:
        return;
      case nn::ActivationFunction::kRelu:
        chain_.AddNode("Relu", name());
        return;
      case nn::ActivationFunction::kSigmoid:
        chain_.AddNode("Sigmoid", name());
        return;
      case nn::ActivationFunction::kTanh:
        chain_.AddNode("Tanh", name());
        return;
      case nn::ActivationFunction::kSoftmax:
        AddInt("axis", 1, chain_.AddNode("Softmax", name()));
        return;
      case nn::ActivationFunction::kLeakyRelu:
        AddFloat("alpha", nn::ActivationAlpha(layer().kind), chain_.AddNode("LeakyRelu", name()));
        return;
      case nn::ActivationFunction::kElu:
        AddFloat("alpha", nn::ActivationAlpha(layer().kind), chain_.AddNode("Elu", name()));
        return;
    }
  }

  bool HasAdds() const {
    return std::any_of(layers_.begin(), layers_.end(), [](const nn::Layer& l) {
      return std::holds_alternative<nn::AddSpec>(l.kind);
    });
  }

  // Multiplies each channel, or feature, by its scale and adds its offset, as a normalization by
  // the mean 0 and the variance 1: every reader knows that in both layouts.
  void AddScaleAndOffset(const std::string& name, const Shape& shape,
                         const std::vector<float>& scale, const std::vector<float>& offset) {
    const std::vector<float> zeros(scale.size());
    const std::vector<float> ones(scale.size(), 1.0F);
    std::vector<std::string> constants;
    constants.push_back(chain_.AddConstant(name + "_scale", shape, scale));
    constants.push_back(chain_.AddConstant(name + "_offset", shape, offset));
    constants.push_back(chain_.AddConstant(name + "_mean", shape, zeros));
    constants.push_back(chain_.AddConstant(name + "_variance", shape, ones));
    AddFloat("epsilon", 0, chain_.AddNode("BatchNormalization", name, constants));
  }

  // A number a channel, or feature in the order in which they stand here, of one or as many.
  std::vector<float> PerChannel(const std::vector<float>& values) const {
    const auto channels = static_cast<size_t>(layer().input.back());
    if (values.size() == 1) return std::vector<float>(channels, values[0]);
    if (rows_of_image_.empty()) return values;
    return RowsToChw({.name = "", .shape = {layer().input.back(), 1}, .data = values},
                     rows_of_image_);
  }

  bool DenseFollows() const {
    return std::any_of(
        layers_.begin() + static_cast<std::ptrdiff_t>(at_), layers_.end(),
        [](const nn::Layer& l) { return std::holds_alternative<nn::DenseSpec>(l.kind); });
  }

  void Add(const nn::Conv2dSpec& spec) {
    NeedChannelsFirst();
    const Shape& shape = tensor(0).shape;
    const std::vector<std::string> constants = AddKernelAndBias(
        {shape[3], shape[2], shape[0], shape[1]}, KernelToOihw(tensor(0)), spec.use_bias);
    AddWindows(spec.kernel, spec.strides, spec.padding,
               chain_.AddNode("Conv", LinearName(spec.activation), constants));
    AddActivation(spec.activation);
  }

  void Add(const nn::DepthwiseConv2dSpec& spec) {
    NeedChannelsFirst();
    const Shape& shape = tensor(0).shape;
    const std::vector<std::string> constants = AddKernelAndBias(
        {shape[2] * shape[3], 1, shape[0], shape[1]}, DepthwiseToOihw(tensor(0)), spec.use_bias);
    onnx::NodeProto* node = chain_.AddNode("Conv", LinearName(spec.activation), constants);
    AddWindows(spec.kernel, spec.strides, spec.padding, node);
    AddInt("group", shape[2], node);
    AddActivation(spec.activation);
  }

  void Add(const nn::ZeroPadding2dSpec& spec) {
    NeedChannelsFirst();
    const std::string pads = chain_.AddConstant(
        name() + "_pads", {0, 0, spec.top, spec.left, 0, 0, spec.bottom, spec.right});
    AddText("mode", "constant", chain_.AddNode("Pad", name(), {pads}));
  }

  void Add(const nn::RescalingSpec& spec) {
    if (layer().input.size() == 3) NeedChannelsFirst();
    AddScaleAndOffset(name(), {layer().input.back()}, PerChannel(spec.scale),
                      PerChannel(spec.offset));
  }

  // The operators of this age normalize each channel alone: a group's channels become one long one.
  void Add(const nn::GroupNormalizationSpec& spec) {
    const Shape& input = layer().input;
    NeedChannelsFirst();
    const std::string grouped = chain_.AddConstant(name() + "_grouped", {0, spec.groups, -1});
    chain_.AddNode("Reshape", name() + "_groups", {grouped});
    const std::vector<float> zeros(static_cast<size_t>(spec.groups));
    const std::vector<float> ones(static_cast<size_t>(spec.groups), 1.0F);
    const std::string one = chain_.AddConstant(name() + "_ones", {spec.groups}, ones);
    const std::string zero = chain_.AddConstant(name() + "_zeros", {spec.groups}, zeros);
    AddFloat("epsilon", spec.epsilon,
             chain_.AddNode("InstanceNormalization", name() + "_normalized", {one, zero}));
    const std::string image =
        chain_.AddConstant(name() + "_image", {0, input[2], input[0], input[1]});
    chain_.AddNode("Reshape", name() + "_channels", {image});
    AddScaleAndOffset(name(), tensor(0).shape, tensor(0).data, tensor(1).data);
  }

  void Add(const nn::AddSpec& spec) { chain_.AddNode("Add", name(), {values_.at(spec.from)}); }

  void Add(const nn::MaxPooling2dSpec& spec) {
    NeedChannelsFirst();
    AddWindows(spec.pool, spec.strides, spec.padding, chain_.AddNode("MaxPool", name()));
  }

  void Add(const nn::AveragePooling2dSpec& spec) {
    NeedChannelsFirst();
    onnx::NodeProto* node = chain_.AddNode("AveragePool", name());
    AddWindows(spec.pool, spec.strides, spec.padding, node);
    AddInt("count_include_pad", 0, node);
  }

  // Gives [N, C, 1, 1], which is flattened.
  void Add(const nn::GlobalAveragePooling2dSpec&) {
    NeedChannelsFirst();
    chain_.AddNode("GlobalAveragePool", name() + "_pool");
    channels_first_ = false;
    AddInt("axis", 1, chain_.AddNode("Flatten", name()));
  }

  // Works on axis 1: channels of an image, or features, whose order may be that of C, H, W.
  void Add(const nn::BatchNormalizationSpec& spec) {
    if (layer().input.size() == 3) NeedChannelsFirst();
    std::vector<std::string> constants;
    for (size_t i = 0; i < 4; ++i) {  // scale, B, mean and var are gamma, beta and the moving ones
      formats::NamedTensor column = tensor(i);
      if (!rows_of_image_.empty()) {
        column.shape.push_back(1);
        column.data = RowsToChw(column, rows_of_image_);
      }
      constants.push_back(chain_.AddConstant(tensor(i).name, tensor(i).shape, column.data));
    }
    AddFloat("epsilon", spec.epsilon, chain_.AddNode("BatchNormalization", name(), constants));
  }

  void Add(const nn::FlattenSpec&) {
    const bool image = layer().input.size() == 3;
    if (image && channels_first_ && (!DenseFollows() || HasAdds())) {
      Transpose("_nhwc", {0, 2, 3, 1});
      channels_first_ = false;
    }
    if (image && channels_first_) rows_of_image_ = layer().input;
    channels_first_ = false;
    AddInt("axis", 1, chain_.AddNode("Flatten", name()));
  }

  // The kernel is [units, inputs], as PyTorch writes it: OpenCV 4.6 reads no other.
  void Add(const nn::DenseSpec& spec) {
    const formats::NamedTensor& kernel = tensor(0);
    const int64_t inputs = kernel.shape[0];
    const int64_t units = kernel.shape[1];
    const std::vector<float> rows =
        rows_of_image_.empty() ? kernel.data : RowsToChw(kernel, rows_of_image_);
    const std::vector<std::string> constants =
        AddKernelAndBias({units, inputs}, Transposed(rows, inputs, units), spec.use_bias);
    rows_of_image_.clear();
    AddInt("transB", 1, chain_.AddNode("Gemm", LinearName(spec.activation), constants));
    AddActivation(spec.activation);
  }

  // Only training drops.
  void Add(const nn::DropoutSpec&) {}

  void Add(const nn::ActivationSpec& spec) { AddActivation(spec.function); }

  const std::vector<nn::Layer>& layers_;
  const std::vector<KerasLayer> groups_;
  OnnxChain chain_;
  size_t at_ = 0;
  std::map<std::string, std::string> values_;  // of each layer so far, by its name
  bool channels_first_ = false;
  // Where the features stand in the order C, H, W: the image [H, W, C] that they were.
  Shape rows_of_image_;
};

// Features may stand in another order than a normalization of their groups would need.
absl::Status CheckOnnxHasLayers(const nn::Network& network) {
  for (const nn::Layer& layer : network.layers()) {
    const bool groups = std::holds_alternative<nn::GroupNormalizationSpec>(layer.kind);
    if (groups && layer.input.size() != 3) {
      return nn::LayerError(layer, "ONNX files hold group normalization of images only");
    }
  }
  return absl::OkStatus();
}

// A float array whose first size is open: N.
void Describe(const std::string& name, const Shape& shape, onnx::ValueInfoProto* value) {
  value->set_name(name);
  onnx::TypeProto::Tensor* type = value->mutable_type()->mutable_tensor_type();
  type->set_elem_type(onnx::TensorProto::FLOAT);
  type->mutable_shape()->add_dim()->set_dim_param("N");
  for (const int64_t size : shape) type->mutable_shape()->add_dim()->set_dim_value(size);
}

}  // namespace

absl::StatusOr<std::string> EncodeOnnx(const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_RETURN_IF_ERROR(CheckOnnxHasLayers(network));
  onnx::ModelProto proto;
  proto.set_ir_version(kIrVersion);
  proto.set_producer_name("convoy");
  proto.add_opset_import()->set_version(kOperators);
  onnx::GraphProto* graph = proto.mutable_graph();
  graph->set_name(network.spec().name.empty() ? "sequential" : network.spec().name);
  NetworkWriter(network, model, graph).Write();
  Describe(kInput, network.input_shape(), graph->add_input());
  Describe(kOutput, network.layers().back().output, graph->add_output());
  if (!model.class_names.empty()) {
    onnx::StringStringEntryProto* names = proto.add_metadata_props();
    names->set_key("class_names");
    names->set_value(nlohmann::json(PrintableClassNames(model)).dump());
  }
  if (proto.ByteSizeLong() > size_t{std::numeric_limits<int32_t>::max()}) {
    return absl::InvalidArgumentError(
        "the network is too large for ONNX, whose files end at 2 GiB");
  }
  return proto.SerializeAsString();
}

absl::Status WriteOnnx(const std::string& path, const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, EncodeOnnx(model));
  return WriteFileAtomically(path, bytes);
}

}  // namespace convoy::exports
