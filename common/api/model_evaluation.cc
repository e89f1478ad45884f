// Evaluations as messages. Whatever is asked about a model and images, the whole split is evaluated
// in the trainer's own chunks, so that every answer, whole or in pages, is of the same numbers; who
// calls may keep them (Evaluator).
#include "common/api/model_evaluation.h"

#include <algorithm>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/class_names.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/noise.h"
#include "common/data/split.h"
#include "common/textproto/text_proto.h"
#include "convoy/v1/recipe.pb.h"

namespace convoy::api {
namespace {

absl::Status CheckRequest(const v1::EvaluateModelRequest& request) {
  if (!v1::Split_IsValid(request.split())) {
    return absl::InvalidArgumentError(absl::StrCat("split: there is no split ",
                                                   static_cast<int>(request.split()),
                                                   "; ask for TEST, VALIDATION or TRAIN"));
  }
  if (request.max_mistakes() < 0 || request.max_mistakes() > kMaxMistakes) {
    return absl::InvalidArgumentError(absl::StrCat("max_mistakes: must be 0 to ", kMaxMistakes,
                                                   ", not ", request.max_mistakes()));
  }
  return Annotate(data::CheckNoiseLevel(request.noise_level()), "noise_level");
}

// Labels are numbers by the order of the names: with other names they mean something else.
absl::Status CheckSameClasses(const evaluate::LoadedModel& model, const data::DataSource& source) {
  const std::vector<std::string>& known = model.description().class_names;
  const std::vector<std::string>& given = source.class_names;
  if (known.empty() || given.empty() || known == given) return absl::OkStatus();
  const auto [ours, theirs] = std::mismatch(known.begin(), known.end(), given.begin(), given.end());
  const auto name = [](const auto& at, const auto& end) {
    return at == end ? std::string("none") : Quoted(*at);
  };
  return absl::InvalidArgumentError(absl::StrCat(
      "the classes of the data are not those that the model tells apart: where it has ",
      name(ours, known.end()), " the data have ", name(theirs, given.end()),
      "; choose data with the same ", known.size(), " names"));
}

// Returns the part of the training file that the model's recipe trained on or held out.
absl::StatusOr<data::DatasetView> TrainingPart(const evaluate::LoadedModel& model,
                                               const v1::EvaluateModelRequest& request,
                                               const data::DataSource& source) {
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(
      ParseTextProto(model.description().recipe_textproto, request.name() + ": recipe", &recipe));
  const absl::StatusOr<data::Split> parts =
      data::SplitTrainingImages(source.train.count, recipe.validation_split(), recipe.train_limit(),
                                source.validation_images);
  if (!parts.ok()) {
    return absl::FailedPreconditionError(absl::StrCat(
        "these are not the images that the model was trained on: ", parts.status().message(),
        "; ask for the split TEST"));
  }
  if (request.split() == v1::VALIDATION && parts->validation.empty()) {
    return TextError(
        absl::StatusCode::kFailedPrecondition,
        "split: the model's recipe held no images out for validation; ask for TEST or TRAIN");
  }
  return source.train.View().Slice(request.split() == v1::TRAIN ? parts->train : parts->validation);
}

absl::StatusOr<data::DatasetView> SplitOf(const evaluate::LoadedModel& model,
                                          const v1::EvaluateModelRequest& request,
                                          const data::DataSource& source) {
  const bool held_out = request.split() == v1::VALIDATION;
  if (held_out || request.split() == v1::TRAIN) return TrainingPart(model, request, source);
  return source.test.View();
}

void AddClasses(const metrics::ConfusionMatrix& confusion, const formats::ModelFile& model,
                v1::EvaluateModelResponse* response) {
  for (int actual = 0; actual < confusion.num_classes(); ++actual) {
    v1::ConfusionRow* row = response->add_confusion_matrix();
    int64_t taken_for_it = 0;
    for (int other = 0; other < confusion.num_classes(); ++other) {
      row->add_counts(confusion.count(actual, other));
      taken_for_it += confusion.count(other, actual);
    }
    const metrics::ClassScore score = confusion.Score(actual);
    v1::ClassReport* report = response->add_classes();
    report->set_label(actual);
    report->set_class_name(ClassName(model, actual));
    report->set_support(score.images);
    if (taken_for_it > 0) report->set_precision(score.precision);
    if (score.images > 0) report->set_recall(score.recall);
    if (taken_for_it > 0 && score.images > 0) report->set_f1_score(score.f1);
  }
}

v1::Mistake ToProto(const evaluate::Mistake& mistake, const v1::EvaluateModelRequest& request,
                    const data::DatasetView& data) {
  v1::Mistake out;
  out.set_image_index(mistake.image);
  out.set_label(mistake.actual);
  out.set_predicted_label(mistake.predicted);
  out.set_predicted_probability(mistake.confidence);
  out.set_label_probability(mistake.actual_probability);
  std::vector<uint8_t> pixels(static_cast<size_t>(data.image_bytes()));
  data::AddNoise(data.image(mistake.image), data.image_bytes(), request.noise_level(),
                 request.noise_seed(), static_cast<uint32_t>(mistake.image), pixels.data());
  v1::RawImage* image = out.mutable_image();
  image->set_height(data.height);
  image->set_width(data.width);
  image->set_channels(data.channels);
  image->set_pixels(pixels.data(), pixels.size());
  return out;
}

// The images that a request asks for, and what the model makes of them.
struct Evaluated {
  data::DatasetView images;
  std::shared_ptr<const evaluate::DetailedEvaluation> result;
};

absl::StatusOr<Evaluated> Evaluate(const evaluate::LoadedModel& model,
                                   const data::DataSource& source,
                                   const v1::EvaluateModelRequest& request,
                                   const Evaluator& evaluator) {
  CONVOY_RETURN_IF_ERROR(CheckRequest(request));
  CONVOY_RETURN_IF_ERROR(CheckSameClasses(model, source));
  Evaluated evaluated;
  CONVOY_ASSIGN_OR_RETURN(evaluated.images, SplitOf(model, request, source));
  const evaluate::EvaluationOptions options{.noise_level = request.noise_level(),
                                            .noise_seed = request.noise_seed()};
  CONVOY_ASSIGN_OR_RETURN(evaluated.result, evaluator(evaluated.images, options));
  return evaluated;
}

absl::Status CheckLabel(const std::string& field, int label, int classes) {
  if (label >= 0 && label < classes) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(field, ": must be 0 to ", classes - 1, ", a class of the model, not ", label));
}

}  // namespace

absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const evaluate::LoadedModel& model,
                                                        const data::DataSource& source,
                                                        const v1::EvaluateModelRequest& request,
                                                        const Evaluator& evaluator) {
  CONVOY_ASSIGN_OR_RETURN(const Evaluated evaluated, Evaluate(model, source, request, evaluator));
  const data::DatasetView& images = evaluated.images;
  const evaluate::DetailedEvaluation& evaluation = *evaluated.result;
  v1::EvaluateModelResponse response;
  response.set_data_kind(source.kind);
  response.set_data_sha256(source.sha256);
  const std::string& trained_on = model.description().data_sha256;
  if (!trained_on.empty()) response.set_trained_with_these_images(trained_on == source.sha256);
  response.set_split(request.split() == v1::SPLIT_UNSPECIFIED ? v1::TEST : request.split());
  response.set_image_count(evaluation.images);
  response.set_loss(evaluation.loss);
  response.set_accuracy(evaluation.accuracy);
  AddClasses(evaluation.confusion, model.description(), &response);
  for (const evaluate::Mistake& mistake :
       evaluate::WorstMistakes(evaluation, images, static_cast<size_t>(request.max_mistakes()))) {
    *response.add_mistakes() = ToProto(mistake, request, images);
  }
  return response;
}

absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const evaluate::LoadedModel& model,
                                                        const data::DataSource& source,
                                                        const v1::EvaluateModelRequest& request,
                                                        int threads) {
  const Evaluator now = [&model, threads](const data::DatasetView& images,
                                          evaluate::EvaluationOptions options)
      -> absl::StatusOr<std::shared_ptr<const evaluate::DetailedEvaluation>> {
    options.threads = threads;
    CONVOY_ASSIGN_OR_RETURN(auto made, evaluate::EvaluateInDetail(model, images, options));
    return std::make_shared<const evaluate::DetailedEvaluation>(std::move(made));
  };
  return EvaluateModel(model, source, request, now);
}

absl::StatusOr<ListedImages> ListImages(const evaluate::LoadedModel& model,
                                        const data::DataSource& source,
                                        const v1::ListImagesRequest& request, const ImagePage& page,
                                        const Evaluator& evaluator) {
  v1::EvaluateModelRequest asked;
  asked.set_name(request.name());
  asked.set_split(request.split());
  asked.set_noise_level(request.noise_level());
  asked.set_noise_seed(request.noise_seed());
  const int classes = model.network().num_classes();
  CONVOY_RETURN_IF_ERROR(CheckLabel("label", request.label(), classes));
  CONVOY_RETURN_IF_ERROR(CheckLabel("predicted_label", request.predicted_label(), classes));
  CONVOY_ASSIGN_OR_RETURN(const Evaluated evaluated, Evaluate(model, source, asked, evaluator));
  const data::DatasetView& images = evaluated.images;
  const evaluate::DetailedEvaluation& evaluation = *evaluated.result;
  ListedImages listed;
  for (int64_t i = std::max<int64_t>(page.first, 0); i < images.count; ++i) {
    const auto image = static_cast<size_t>(i);
    const int predicted = evaluation.predicted[image];
    if (images.labels[i] != request.label() || predicted != request.predicted_label()) continue;
    if (listed.response.images_size() == page.most) {
      listed.next = i;
      break;
    }
    *listed.response.add_images() =
        ToProto({.image = i,
                 .actual = request.label(),
                 .predicted = predicted,
                 .confidence = evaluation.confidence[image],
                 .actual_probability = evaluation.actual_probability[image]},
                asked, images);
  }
  return listed;
}

}  // namespace convoy::api
