#include "client/models/local_source.h"

#include <filesystem>
#include <optional>
#include <utility>

#include "client/models/model_data.h"
#include "client/models/model_path.h"
#include "common/api/image_input.h"
#include "common/api/job_labels.h"
#include "common/api/model_description.h"
#include "common/api/model_evaluation.h"
#include "common/api/prediction.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "common/run/labels_file.h"

namespace convoy::client {
namespace {

using evaluate::LoadedModel;

void SetPreparedImage(const api::NetworkImage& image, const nn::Network& network,
                      v1::Prediction* prediction) {
  v1::RawImage* raw = prediction->mutable_prepared_image();
  raw->set_height(network.spec().height);
  raw->set_width(network.spec().width);
  raw->set_channels(network.spec().channels);
  raw->set_pixels(image.pixels.data(), image.pixels.size());
}

class LocalSource : public ModelSource {
 public:
  LocalSource(std::string path, std::shared_ptr<const LoadedModel> model)
      : path_(std::move(path)), model_(std::move(model)) {}

  std::string Where() const override { return path_; }
  absl::StatusOr<v1::TrainedModel> Describe() override;
  absl::StatusOr<v1::EvaluateModelResponse> Evaluate(const EvaluationRequest& request) override;
  absl::StatusOr<v1::PredictResponse> Predict(const std::vector<Picture>& pictures,
                                              bool as_they_are) override;
  absl::StatusOr<std::string> ReadBytes() override {
    return ReadFile(path_, formats::kMaxFileBytes);
  }

 private:
  absl::Status LoadImages(const std::string& flag);

  std::string path_;
  std::shared_ptr<const LoadedModel> model_;
  std::optional<data::DataSource> data_;
  std::string data_flag_;  // what data_ was loaded for
};

absl::StatusOr<v1::TrainedModel> LocalSource::Describe() {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadBytes());
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, api::DescribeModel(bytes, path_));
  model.set_name(path_);
  const std::string run = std::filesystem::path(path_).parent_path().string();
  const auto labels = run::ReadLabels(run.empty() ? "." : run);
  if (labels.ok() && labels->time != absl::InfinitePast()) {
    *model.mutable_labels() = api::ToProto(*labels);
  }
  return model;
}

absl::Status LocalSource::LoadImages(const std::string& flag) {
  if (data_ && data_flag_ == flag) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(data_, LoadDataFor(model_.get(), flag));
  data_flag_ = flag;
  return absl::OkStatus();
}

absl::StatusOr<v1::EvaluateModelResponse> LocalSource::Evaluate(const EvaluationRequest& request) {
  CONVOY_RETURN_IF_ERROR(LoadImages(request.data));
  return api::EvaluateModel(*model_, *data_, ToMessage(request, path_), UsableCores());
}

absl::StatusOr<v1::PredictResponse> LocalSource::Predict(const std::vector<Picture>& pictures,
                                                         bool as_they_are) {
  evaluate::Predictor predictor(model_);
  const nn::Network& network = model_->network();
  std::vector<float> probabilities(static_cast<size_t>(network.num_classes()));
  v1::PredictResponse response;
  for (const Picture& picture : pictures) {
    v1::Image image;
    image.set_png(picture.png);
    CONVOY_ASSIGN_OR_RETURN(
        const api::NetworkImage prepared,
        api::ToNetworkImage(image, as_they_are ? v1::NONE : v1::AUTOMATIC, *model_, picture.name));
    const uint8_t* pixels = prepared.pixels.data();
    predictor.Predict(&pixels, 1, probabilities.data());
    v1::Prediction& prediction = *response.add_predictions();
    prediction = api::ToPrediction(probabilities.data(), *model_, prepared.report);
    if (pictures.size() == 1) SetPreparedImage(prepared, network, &prediction);
  }
  return response;
}

}  // namespace

absl::StatusOr<std::unique_ptr<ModelSource>> OpenLocalModel(const std::string& named) {
  CONVOY_ASSIGN_OR_RETURN(std::string path, ModelPath(named));
  CONVOY_ASSIGN_OR_RETURN(std::shared_ptr<const LoadedModel> model, LoadedModel::Load(path));
  return std::unique_ptr<ModelSource>(new LocalSource(std::move(path), std::move(model)));
}

}  // namespace convoy::client
