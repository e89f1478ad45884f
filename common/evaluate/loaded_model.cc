#include "common/evaluate/loaded_model.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/evaluate/evaluation.h"
#include "common/evaluate/model_network.h"

namespace convoy::evaluate {
namespace {

absl::Status Refuse(absl::StatusCode code, const std::string& name, const std::string& what) {
  return {code, absl::StrCat(name, ": ", what)};
}

absl::Status CheckTensors(const formats::ModelFile& file, const nn::Network& network,
                          const std::string& name) {
  const absl::Status fits = CheckFits(file.tensors, network);
  if (!fits.ok()) {
    return Refuse(absl::StatusCode::kDataLoss, name,
                  absl::StrCat(fits.message(), "; get the file again"));
  }
  for (const formats::NamedTensor& tensor : file.tensors) {
    if (std::all_of(tensor.data.begin(), tensor.data.end(),
                    [](float value) { return std::isfinite(value); })) {
      continue;
    }
    return Refuse(absl::StatusCode::kDataLoss, name,
                  absl::StrCat("tensor ", tensor.name, " has values that are no finite numbers; ",
                               "train the network again with a lower learning rate"));
  }
  return absl::OkStatus();
}

// Only from the shapes: nothing of the network's size is taken before this is known.
absl::Status CheckPassesFitMemory(const nn::Network& network, const std::string& name) {
  double elems = static_cast<double>(network.input_elems());
  for (const nn::Layer& layer : network.layers()) {
    double layer_elems = 1;
    for (const int64_t size : layer.output) layer_elems *= static_cast<double>(size);
    elems += layer_elems;
  }
  const double bytes = elems * kChunkImages * sizeof(float);
  if (bytes <= static_cast<double>(LoadedModel::kMaxPassBytes)) return absl::OkStatus();
  return Refuse(absl::StatusCode::kResourceExhausted, name,
                absl::StrCat("a pass of ", kChunkImages, " images takes ", std::ceil(bytes / 1e9),
                             " GB, more than is granted; make its layers ", "smaller"));
}

}  // namespace

LoadedModel::LoadedModel(nn::Plan plan, const formats::ModelFile& file)
    : plan_(std::move(plan)),
      weights_(static_cast<size_t>(plan_.network().num_parameters())),
      prepared_(static_cast<size_t>(plan_.prepared_floats())),
      weights_sha256_(formats::WeightsSha256(file.tensors)) {
  const std::vector<nn::Parameter> parameters = plan_.network().Parameters();
  for (size_t i = 0; i < parameters.size(); ++i) {
    const std::vector<float>& values = file.tensors[i].data;
    std::copy(values.begin(), values.end(), weights_.data() + parameters[i].offset);
  }
  plan_.Prepare(weights_.data(), prepared_.data());
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> LoadedModel::Load(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(formats::ModelFile file, formats::ReadModel(path));
  return Create(std::move(file), path);
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> LoadedModel::Parse(std::string bytes,
                                                                      const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                          formats::ContainerReader::Parse(std::move(bytes), name));
  CONVOY_ASSIGN_OR_RETURN(formats::ModelFile file, formats::DecodeModel(container));
  return Create(std::move(file), name);
}

absl::StatusOr<std::shared_ptr<const LoadedModel>> LoadedModel::Create(formats::ModelFile file,
                                                                       const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(
      const nn::ModelSpec spec,
      nn::ParseModelSpec(file.model_textproto, absl::StrCat(name, ": network")));
  absl::StatusOr<nn::Network> network = nn::Network::Create(spec);
  if (!network.ok()) return Annotate(network.status(), name);
  CONVOY_RETURN_IF_ERROR(CheckPassesFitMemory(*network, name));
  CONVOY_RETURN_IF_ERROR(CheckTensors(file, *network, name));
  std::shared_ptr<LoadedModel> model(new LoadedModel(nn::Plan(*std::move(network)), file));
  for (formats::NamedTensor& tensor : file.tensors) tensor.data = {};
  model->description_ = std::move(file);
  return model;
}

Predictor::Predictor(std::shared_ptr<const LoadedModel> model)
    : model_(std::move(model)), executor_(model_->plan(), kChunkImages) {}

void Predictor::Predict(const uint8_t* const* pixels, int num_images, float* probabilities) {
  executor_.Predict(model_->weights(), {.num_images = num_images, .pixels = pixels}, probabilities);
}

int MostLikely(const float* probabilities, int num_classes) {
  return static_cast<int>(std::max_element(probabilities, probabilities + num_classes) -
                          probabilities);
}

}  // namespace convoy::evaluate
