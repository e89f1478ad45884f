#include "common/api/model_description.h"

#include "common/api/class_names.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/evaluate/model_network.h"
#include "common/formats/model_file.h"
#include "common/formats/sections.h"

namespace convoy::api {
namespace {

void AddNetwork(const nn::Network& network, v1::TrainedModel* model) {
  const nn::ModelSpec& spec = network.spec();
  model->set_network(spec.name);
  model->mutable_input()->set_height(spec.height);
  model->mutable_input()->set_width(spec.width);
  model->mutable_input()->set_channels(spec.channels);
  model->set_class_count(network.num_classes());
  model->set_parameter_count(network.num_parameters());
  for (const nn::Layer& layer : network.layers()) model->add_layers(layer.name);
}

}  // namespace

absl::StatusOr<v1::TrainedModel> DescribeModel(const std::string& bytes, const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                          formats::ContainerReader::Parse(bytes, name));
  CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile file, formats::DecodeModel(container));
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, evaluate::NetworkOfModel(file, name));
  v1::TrainedModel model;
  model.set_size_bytes(static_cast<int64_t>(bytes.size()));
  model.set_sha256(Sha256Hex(bytes));
  model.set_weights_sha256(formats::WeightsSha256(file.tensors));
  AddNetwork(network, &model);
  for (const auto& [metric_name, value] : file.metrics) {
    v1::Metric* metric = model.add_metrics();
    metric->set_name(metric_name);
    metric->set_value(value);
  }
  // Only the model of a finished training has metrics; those of checkpoints have none.
  model.set_final(!file.metrics.empty());
  model.set_data_sha256(file.data_sha256);
  for (size_t i = 0; i < file.class_names.size(); ++i) {
    model.add_class_names(ClassName(file, static_cast<int>(i)));
  }
  model.set_image_form(formats::ToProto(file.image_form));
  model.set_isa(file.kernel_family.isa);
  model.set_blas_core(file.kernel_family.blas_core);
  return model;
}

}  // namespace convoy::api
