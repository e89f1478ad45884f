#include "common/exports/probabilities.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/aligned_buffer.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_weights.h"
#include "common/exports/onnx/onnx_run.h"
#include "common/kernels/elementwise/softmax_ref.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/reference_network.h"

namespace convoy::exports {
namespace {

// Few enough that all that a network makes of them fits into memory easily.
constexpr int64_t kImagesAtOnce = 16;

// Calls run(images) for a few images after the other and puts together what it returns.
template <typename Run>
absl::StatusOr<std::vector<double>> InPieces(const data::DatasetView& images, Run run) {
  std::vector<double> all;
  for (int64_t begin = 0; begin < images.count; begin += kImagesAtOnce) {
    const int64_t end = std::min(images.count, begin + kImagesAtOnce);
    CONVOY_ASSIGN_OR_RETURN(const std::vector<double> piece, run(images.Slice({begin, end})));
    all.insert(all.end(), piece.begin(), piece.end());
  }
  return all;
}

absl::Status CheckSize(const nn::Network& network, const data::DatasetView& images) {
  const Shape given = {images.height, images.width, images.channels};
  if (given == network.input_shape()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("the images are ", ShapeToString(given),
                                                 ", but the network takes ",
                                                 ShapeToString(network.input_shape())));
}

// From 0 to 1.
std::vector<double> UnitValues(const data::DatasetView& images) {
  std::vector<double> values(static_cast<size_t>(images.count * images.image_bytes()));
  std::transform(images.pixels, images.pixels + values.size(), values.begin(),
                 [](uint8_t pixel) { return pixel / 255.0; });
  return values;
}

template <typename Buffer>
void CopyWeights(const formats::ModelFile& model, Buffer* weights) {
  auto out = weights->data();
  for (const formats::NamedTensor& tensor : model.tensors) {
    out = std::copy(tensor.data.begin(), tensor.data.end(), out);
  }
}

}  // namespace

absl::StatusOr<std::vector<double>> ConvoyProbabilities(const formats::ModelFile& model,
                                                        const data::DatasetView& images) {
  CONVOY_ASSIGN_OR_RETURN(nn::Network network, NetworkOfModel(model));
  CONVOY_RETURN_IF_ERROR(CheckSize(network, images));
  const auto classes = static_cast<size_t>(network.num_classes());
  const nn::Plan plan(std::move(network));
  AlignedBuffer<float> weights(static_cast<size_t>(plan.network().num_parameters()));
  AlignedBuffer<float> prepared(static_cast<size_t>(plan.prepared_floats()));
  CopyWeights(model, &weights);
  plan.Prepare(weights.data(), prepared.data());
  nn::Executor executor(plan, kImagesAtOnce);
  return InPieces(
      images, [&](const data::DatasetView& piece) -> absl::StatusOr<std::vector<double>> {
        std::vector<const uint8_t*> pixels;
        for (int64_t i = 0; i < piece.count; ++i) pixels.push_back(piece.image(i));
        std::vector<float> probabilities(pixels.size() * classes);
        executor.Predict({weights.data(), prepared.data()},
                         {.num_images = static_cast<int>(piece.count), .pixels = pixels.data()},
                         probabilities.data());
        return std::vector<double>(probabilities.begin(), probabilities.end());
      });
}

absl::StatusOr<std::vector<double>> ReferenceProbabilities(const formats::ModelFile& model,
                                                           const data::DatasetView& images) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, NetworkOfModel(model));
  CONVOY_RETURN_IF_ERROR(CheckSize(network, images));
  std::vector<double> weights(static_cast<size_t>(network.num_parameters()));
  CopyWeights(model, &weights);
  nn::ReferenceNetwork<double> reference(network);
  return InPieces(
      images, [&](const data::DatasetView& piece) -> absl::StatusOr<std::vector<double>> {
        const auto count = static_cast<int>(piece.count);
        const std::vector<double>& logits =
            reference.Infer(count, weights.data(), UnitValues(piece).data());
        std::vector<double> probabilities(logits.size());
        kernels::SoftmaxRef(count, network.num_classes(), logits.data(), probabilities.data());
        return probabilities;
      });
}

absl::StatusOr<std::vector<double>> OnnxProbabilities(const std::string& bytes,
                                                      const data::DatasetView& images) {
  return InPieces(images,
                  [&](const data::DatasetView& piece) -> absl::StatusOr<std::vector<double>> {
                    OnnxArray input{{piece.count, piece.height, piece.width, piece.channels},
                                    UnitValues(piece)};
                    CONVOY_ASSIGN_OR_RETURN(OnnxArray output, RunOnnx(bytes, std::move(input)));
                    return std::move(output.values);
                  });
}

}  // namespace convoy::exports
