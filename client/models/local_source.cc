#include "client/models/local_source.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "client/local/local_model.h"
#include "common/api/model_description.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/load_data.h"
#include "common/data/split.h"
#include "common/evaluate/detailed_evaluation.h"
#include "common/evaluate/loaded_model.h"
#include "common/images/digit.h"
#include "common/images/png.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::client {
namespace {

using evaluate::DetailedEvaluation;
using evaluate::LoadedModel;

void AddConfusion(const metrics::ConfusionMatrix& confusion, v1::EvaluateModelResponse* response) {
  for (int actual = 0; actual < confusion.num_classes(); ++actual) {
    v1::ConfusionRow* row = response->add_confusion_matrix();
    for (int predicted = 0; predicted < confusion.num_classes(); ++predicted) {
      row->add_counts(confusion.count(actual, predicted));
    }
  }
}

// A ratio that would be 0 / 0 stays absent.
void AddClasses(const metrics::ConfusionMatrix& confusion, v1::EvaluateModelResponse* response) {
  for (int label = 0; label < confusion.num_classes(); ++label) {
    const metrics::ClassScore score = confusion.Score(label);
    int64_t taken = 0;
    for (int actual = 0; actual < confusion.num_classes(); ++actual) {
      taken += confusion.count(actual, label);
    }
    v1::ClassReport* report = response->add_classes();
    report->set_label(label);
    report->set_support(score.images);
    if (taken > 0) report->set_precision(score.precision);
    if (score.images > 0) report->set_recall(score.recall);
    if (taken > 0 && score.images > 0) report->set_f1_score(score.f1);
  }
}

void AddMistakes(const DetailedEvaluation& evaluation, const data::DatasetView& data,
                 int max_mistakes, v1::EvaluateModelResponse* response) {
  for (const evaluate::Mistake& mistake :
       evaluate::WorstMistakes(evaluation, data, static_cast<size_t>(max_mistakes))) {
    v1::Mistake* added = response->add_mistakes();
    added->set_image_index(mistake.image);
    added->set_label(mistake.actual);
    added->set_predicted_label(mistake.predicted);
    added->set_predicted_probability(mistake.confidence);
    added->set_label_probability(mistake.actual_probability);
  }
}

void Report(const images::GreyImage& picture, const images::Preparation& preparation,
            v1::PreparationReport* report) {
  report->set_source_height(picture.height);
  report->set_source_width(picture.width);
  report->set_inverted(preparation.inverted);
  report->set_scaled_and_centred(!preparation.unchanged);
  report->set_summary(preparation.InWords());
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
  absl::StatusOr<data::DatasetView> SplitView(v1::Split split) const;
  absl::Status PredictOne(const Picture& picture, bool as_it_is, evaluate::Predictor* predictor,
                          v1::Prediction* prediction) const;

  std::string path_;
  std::shared_ptr<const LoadedModel> model_;
  std::optional<data::DataSource> data_;
  std::string data_flag_;  // what data_ was loaded for
};

absl::StatusOr<v1::TrainedModel> LocalSource::Describe() {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadBytes());
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, api::DescribeModel(bytes, path_));
  model.set_name(path_);
  return model;
}

absl::Status LocalSource::LoadImages(const std::string& flag) {
  if (data_ && data_flag_ == flag) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(data_, data::LoadData(flag));
  data_flag_ = flag;
  return absl::OkStatus();
}

absl::StatusOr<data::DatasetView> LocalSource::SplitView(v1::Split split) const {
  if (split == v1::TEST) return data_->test.View();
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(
      ParseTextProto(model_->description().recipe_textproto, path_ + ": its recipe", &recipe));
  CONVOY_ASSIGN_OR_RETURN(const data::Split ranges,
                          data::SplitTrainingImages(data_->train.count, recipe.validation_split(),
                                                    recipe.train_limit()));
  return data_->train.View().Slice(split == v1::TRAIN ? ranges.train : ranges.validation);
}

absl::StatusOr<v1::EvaluateModelResponse> LocalSource::Evaluate(const EvaluationRequest& request) {
  CONVOY_RETURN_IF_ERROR(LoadImages(request.data));
  CONVOY_ASSIGN_OR_RETURN(const data::DatasetView images, SplitView(request.split));
  CONVOY_ASSIGN_OR_RETURN(const DetailedEvaluation evaluation,
                          evaluate::EvaluateInDetail(*model_, images,
                                                     {.noise_level = request.noise_level,
                                                      .noise_seed = request.noise_seed,
                                                      .threads = UsableCores()}));
  v1::EvaluateModelResponse response;
  response.set_data_kind(data_->kind);
  response.set_data_sha256(data_->sha256);
  response.set_split(request.split);
  response.set_image_count(evaluation.images);
  response.set_loss(evaluation.loss);
  response.set_accuracy(evaluation.accuracy);
  AddConfusion(evaluation.confusion, &response);
  AddClasses(evaluation.confusion, &response);
  AddMistakes(evaluation, images, request.max_mistakes, &response);
  return response;
}

absl::Status LocalSource::PredictOne(const Picture& picture, bool as_it_is,
                                     evaluate::Predictor* predictor,
                                     v1::Prediction* prediction) const {
  const nn::ModelSpec& input = model_->network().spec();
  CONVOY_ASSIGN_OR_RETURN(const images::GreyImage image,
                          images::DecodePng(picture.png, picture.name));
  images::PreparedDigit digit;
  if (as_it_is) {
    if (image.height != input.height || image.width != input.width) {
      return absl::InvalidArgumentError(absl::StrCat(
          "is ", image.width, " x ", image.height, " pixels, the network takes ", input.width,
          " x ", input.height, "; leave out --as-is to have it prepared"));
    }
    digit = {image.pixels, {.unchanged = true}};
  } else {
    CONVOY_ASSIGN_OR_RETURN(digit, images::PrepareDigit(image, input.height, input.width));
  }
  std::vector<float> probabilities(static_cast<size_t>(model_->network().num_classes()));
  const uint8_t* pixels = digit.pixels.data();
  predictor->Predict(&pixels, 1, probabilities.data());
  prediction->set_label(
      evaluate::MostLikely(probabilities.data(), static_cast<int>(probabilities.size())));
  prediction->mutable_probabilities()->Assign(probabilities.begin(), probabilities.end());
  Report(image, digit.preparation, prediction->mutable_preparation());
  return absl::OkStatus();
}

absl::StatusOr<v1::PredictResponse> LocalSource::Predict(const std::vector<Picture>& pictures,
                                                         bool as_they_are) {
  const nn::ModelSpec& input = model_->network().spec();
  if (input.channels != 1 || std::min(input.height, input.width) < images::kMinPreparedSide) {
    return absl::UnimplementedError(
        absl::StrCat(path_, ": takes images of ", ShapeToString(model_->network().input_shape()),
                     "; pictures are prepared for grey ones of at least ", images::kMinPreparedSide,
                     " x ", images::kMinPreparedSide, " only"));
  }
  evaluate::Predictor predictor(model_);
  v1::PredictResponse response;
  for (const Picture& picture : pictures) {
    const absl::Status status =
        PredictOne(picture, as_they_are, &predictor, response.add_predictions());
    if (!status.ok()) return Annotate(status, picture.name);
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
