#include "coordinator/jobs/model_facts.h"

#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"

namespace convoy::coordinator {

absl::StatusOr<v1::TrainedModel> DescribeModel(const std::string& bytes) {
  constexpr char kSource[] = "the published model";
  CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                          formats::ContainerReader::Parse(bytes, kSource));
  CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile file, formats::DecodeModel(container));
  CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec,
                          nn::ParseModelSpec(file.model_textproto, kSource));
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
  if (formats::TotalElems(file.tensors, /*only_trainable=*/true) != network.num_parameters()) {
    return absl::InvalidArgumentError("the published model: its weights do not fit its network");
  }
  v1::TrainedModel model;
  model.set_size_bytes(static_cast<int64_t>(bytes.size()));
  model.set_sha256(Sha256Hex(bytes));
  model.set_weights_sha256(formats::WeightsSha256(file.tensors));
  model.set_network(spec.name);
  model.mutable_input()->set_height(spec.height);
  model.mutable_input()->set_width(spec.width);
  model.mutable_input()->set_channels(spec.channels);
  model.set_class_count(network.num_classes());
  model.set_parameter_count(network.num_parameters());
  for (const nn::LayerSpec& layer : spec.layers) model.add_layers(layer.name);
  model.set_data_sha256(file.data_sha256);
  model.set_isa(file.kernel_family.isa);
  model.set_blas_core(file.kernel_family.blas_core);
  return model;
}

}  // namespace convoy::coordinator
