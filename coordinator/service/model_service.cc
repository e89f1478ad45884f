// Handlers of convoy.v1.ModelService: each finds the model (ModelCache), brings pictures into the
// network's form, and has the DynamicBatcher compute them. What is heavy, decoding and evaluating,
// takes a permit first, so that many callers share the processor instead of thrashing it.
#include "coordinator/service/model_service.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <variant>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/api/image_options.h"
#include "common/api/prediction.h"
#include "common/api/resource_names.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/evaluate/detailed_evaluation.h"
#include "common/evaluate/layer_outputs.h"
#include "common/nn/geometry.h"
#include "common/rpc/grpc_status.h"
#include "coordinator/service/model_export.h"
#include "coordinator/store/page_token.h"

namespace convoy::coordinator {
namespace {

constexpr int kStandardPage = 50;
constexpr int kLargestPage = 1000;
constexpr int kLargestPageOfImages = 200;
constexpr size_t kChunkBytes = 256 << 10;
// Of all pictures of a request together: some two seconds of one core.
constexpr int64_t kMaxPixels = 2 * api::kMaxImagePixels;
// How soon one that waits sees that its caller has gone.
constexpr std::chrono::milliseconds kPermitPatience{100};

// One of a semaphore's permits, given back in the end.
class Permit {
 public:
  // Waits until there is one, or the call is over.
  Permit(std::counting_semaphore<>& semaphore, const CallGate::Pass& pass) : semaphore_(semaphore) {
    while (!taken_ && !pass.IsOver()) taken_ = semaphore_.try_acquire_for(kPermitPatience);
  }
  ~Permit() {
    if (taken_) semaphore_.release();
  }
  Permit(const Permit&) = delete;
  Permit& operator=(const Permit&) = delete;

  bool taken() const { return taken_; }

 private:
  std::counting_semaphore<>& semaphore_;
  bool taken_ = false;
};

// Why a call that is over was given up.
absl::Status Over(const CallGate::Pass& pass) {
  if (!pass.IsLate()) return absl::CancelledError("the caller has gone");
  return absl::DeadlineExceededError("the deadline passed before the work was done");
}

absl::StatusOr<v1::ListModelsResponse> List(ModelSource& source,
                                            const v1::ListModelsRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const int size,
                          PageSize(request.page_size(), kStandardPage, kLargestPage));
  CONVOY_ASSIGN_OR_RETURN(auto page, source.ListModels(size, request.page_token()));
  v1::ListModelsResponse response;
  for (v1::TrainedModel& model : page.entries) *response.add_models() = std::move(model);
  response.set_next_page_token(std::move(page.next_token));
  return response;
}

std::vector<std::string> LayerNames(const nn::Network& network, bool convolutions_only) {
  std::vector<std::string> names;
  for (const nn::Layer& layer : network.layers()) {
    if (convolutions_only && !std::holds_alternative<nn::Conv2dSpec>(layer.kind)) continue;
    names.push_back(layer.name);
  }
  return names;
}

// Returns [filters, height, width, channels] of Keras's [height, width, channels, filters].
v1::LayerFilters FiltersOf(const nn::Layer& layer, const float* weights) {
  const nn::Parameter& kernel = layer.parameters.front();
  v1::LayerFilters out;
  out.set_layer(layer.name);
  out.set_height(static_cast<int>(kernel.shape[0]));
  out.set_width(static_cast<int>(kernel.shape[1]));
  out.set_channels(static_cast<int>(kernel.shape[2]));
  out.set_filter_count(static_cast<int>(kernel.shape[3]));
  const int64_t filters = kernel.shape[3];
  out.mutable_values()->Reserve(static_cast<int>(kernel.size));
  for (int64_t filter = 0; filter < filters; ++filter) {
    for (int64_t i = filter; i < kernel.size; i += filters) {
      out.add_values(weights[kernel.offset + i]);
    }
  }
  if (layer.parameters.size() > 1) {
    const float* biases = weights + layer.parameters[1].offset;
    out.mutable_biases()->Add(biases, biases + filters);
  }
  return out;
}

absl::StatusOr<v1::GetFiltersResponse> FiltersOf(const ServedModel& served,
                                                 const std::string& wanted) {
  const nn::Network& network = served.model->network();
  v1::GetFiltersResponse response;
  for (const nn::Layer& layer : network.layers()) {
    if (!wanted.empty() && layer.name != wanted) continue;
    if (std::holds_alternative<nn::Conv2dSpec>(layer.kind)) {
      *response.add_layers() = FiltersOf(layer, served.model->weights().weights);
    } else if (!wanted.empty()) {
      return absl::InvalidArgumentError(
          absl::StrCat("layer: '", wanted, "' is no convolution; these are: ",
                       absl::StrJoin(LayerNames(network, /*convolutions_only=*/true), ", ")));
    }
  }
  if (response.layers().empty() && !wanted.empty()) {
    return absl::NotFoundError(
        absl::StrCat("layer: there is no '", wanted, "'; the convolutions are: ",
                     absl::StrJoin(LayerNames(network, /*convolutions_only=*/true), ", ")));
  }
  return response;
}

// Returns [channels, height, width] of a layer's output [height, width, channels].
v1::FeatureMaps MapsOf(const nn::Layer& layer, const std::vector<float>& output) {
  v1::FeatureMaps maps;
  maps.set_layer(layer.name);
  maps.set_height(static_cast<int>(layer.output[0]));
  maps.set_width(static_cast<int>(layer.output[1]));
  maps.set_channels(static_cast<int>(layer.output[2]));
  const auto channels = static_cast<size_t>(layer.output[2]);
  maps.mutable_values()->Reserve(static_cast<int>(output.size()));
  for (size_t channel = 0; channel < channels; ++channel) {
    for (size_t i = channel; i < output.size(); i += channels) maps.add_values(output[i]);
  }
  return maps;
}

bool HasMaps(const nn::Layer& layer) { return layer.output.size() == 3; }

absl::Status CheckLayers(const nn::Network& network, const v1::GetFeatureMapsRequest& request) {
  for (const std::string& name : request.layers()) {
    const auto found = std::find_if(network.layers().begin(), network.layers().end(),
                                    [&](const nn::Layer& layer) { return layer.name == name; });
    if (found == network.layers().end()) {
      return absl::NotFoundError(
          absl::StrCat("layers: there is no '", name, "'; the layers are: ",
                       absl::StrJoin(LayerNames(network, /*convolutions_only=*/false), ", ")));
    }
    if (!HasMaps(*found)) {
      return absl::InvalidArgumentError(absl::StrCat("layers: the output of '", name, "' is a row ",
                                                     "of ", found->output[0], " values, no maps"));
    }
  }
  return absl::OkStatus();
}

void SetImage(const api::NetworkImage& image, const nn::Network& network, v1::RawImage* out) {
  const nn::ModelSpec& spec = network.spec();
  out->set_height(spec.height);
  out->set_width(spec.width);
  out->set_channels(spec.channels);
  out->set_pixels(image.pixels.data(), image.pixels.size());
}

// What a file of the model is called, without its ending.
absl::StatusOr<std::string> FileStem(const std::string& id) {
  CONVOY_ASSIGN_OR_RETURN(const api::ModelId model, api::ParseModelId(id));
  return model.version ? absl::StrCat(model.job, "-epoch-", *model.version) : model.job;
}

// What the evaluation is of that a request for one, or for a page of its images, needs.
template <typename Request>
EvaluationKey KeyOf(const Request& request, const ServedModel& served,
                    const data::DataSource& source) {
  return {.model_sha256 = served.facts.sha256(),
          .data_set = request.data_set(),
          .data_sha256 = source.sha256,
          .split = request.split() == v1::SPLIT_UNSPECIFIED ? v1::TEST : request.split(),
          .noise_level = request.noise_level(),
          .noise_seed = request.noise_level() == 0 ? 0 : request.noise_seed()};
}

absl::Status CheckPreparation(v1::Preparation preparation) {
  if (v1::Preparation_IsValid(preparation)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("preparation: ", static_cast<int>(preparation),
                   " is unknown; it is AUTOMATIC, NONE, ALWAYS or DRAWING"));
}

}  // namespace

absl::StatusOr<ModelService::ModelPointer> ModelService::Find(const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseModelName(name));
  return serving_.models.Get(id);
}

grpc::Status ModelService::ListModels(grpc::ServerContext* context,
                                      const v1::ListModelsRequest* request,
                                      v1::ListModelsResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/ListModels", response,
                    [&](const auto&) { return List(serving_.source, *request); });
}

grpc::Status ModelService::ListModelVersions(grpc::ServerContext* context,
                                             const v1::ListModelVersionsRequest* request,
                                             v1::ListModelVersionsResponse* response) {
  const auto list = [&](const auto&) -> absl::StatusOr<v1::ListModelVersionsResponse> {
    CONVOY_ASSIGN_OR_RETURN(const std::string id,
                            api::ParseLatestModelName(request->parent(), "parent"));
    CONVOY_ASSIGN_OR_RETURN(auto versions, serving_.source.ListVersions(id));
    v1::ListModelVersionsResponse listed;
    for (v1::TrainedModel& model : versions) *listed.add_models() = std::move(model);
    return listed;
  };
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/ListModelVersions", response, list);
}

grpc::Status ModelService::GetModel(grpc::ServerContext* context,
                                    const v1::GetModelRequest* request,
                                    v1::TrainedModel* response) {
  const auto get = [&](const auto&) -> absl::StatusOr<v1::TrainedModel> {
    CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseModelName(request->name()));
    return serving_.source.GetModel(id);
  };
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/GetModel", response, get);
}

absl::StatusOr<std::shared_ptr<const data::DataSource>> ModelService::DataFor(
    const ServedModel& served, const std::string& data_set) {
  CONVOY_ASSIGN_OR_RETURN(const auto images, api::ImageOptionsOf(*served.model));
  return serving_.data.Get(data_set, images);
}

grpc::Status ModelService::EvaluateModel(grpc::ServerContext* context,
                                         const v1::EvaluateModelRequest* request,
                                         v1::EvaluateModelResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/EvaluateModel", response,
                    [&](const CallGate::Pass& pass) { return Evaluate(pass, *request); });
}

absl::StatusOr<v1::EvaluateModelResponse> ModelService::Evaluate(
    const CallGate::Pass& pass, const v1::EvaluateModelRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const ModelPointer served, Find(request.name()));
  CONVOY_ASSIGN_OR_RETURN(const auto source, DataFor(*served, request.data_set()));
  auto result = api::EvaluateModel(*served->model, *source, request,
                                   EvaluatorOf(pass, *served, KeyOf(request, *served, *source)));
  if (result.ok()) result->set_model_version(served->facts.version());
  return result;
}

// `pass` and `served` must outlive what it returns.
api::Evaluator ModelService::EvaluatorOf(const CallGate::Pass& pass, const ServedModel& served,
                                         EvaluationKey key) {
  return [this, &pass, &served, key = std::move(key)](
             const data::DatasetView& images,
             evaluate::EvaluationOptions options) -> absl::StatusOr<EvaluationCache::Pointer> {
    if (auto kept = serving_.evaluations.Find(key)) return kept;
    const Permit permit(evaluating_, pass);
    if (!permit.taken()) return Over(pass);
    // Another caller may have computed it in the meantime.
    if (auto kept = serving_.evaluations.Find(key)) return kept;
    options.threads = serving_.batcher.options().threads;
    options.stop = [&pass] { return pass.IsOver(); };
    auto made = evaluate::EvaluateInDetail(*served.model, images, options);
    if (absl::IsCancelled(made.status())) return Over(pass);
    if (!made.ok()) return made.status();
    auto evaluation = std::make_shared<const evaluate::DetailedEvaluation>(*std::move(made));
    serving_.evaluations.Put(key, evaluation);
    return evaluation;
  };
}

absl::StatusOr<api::NetworkImage> ModelService::Prepare(
    const CallGate::Pass& pass, const v1::Image& image, v1::Preparation preparation,
    const ModelPointer& served, const std::string& field, int64_t max_pixels) {
  const Permit permit(preparing_, pass);
  if (!permit.taken()) return Over(pass);
  return api::ToNetworkImage(image, preparation, *served->model, field, max_pixels);
}

absl::StatusOr<std::vector<v1::Prediction>> ModelService::Answer(
    const CallGate::Pass& pass, const ModelPointer& served,
    const std::vector<api::NetworkImage>& images) {
  BatchedRequest request{.model = served->model,
                         .pixels = {},
                         .counters = served->counters,
                         .deadline = pass.deadline(),
                         .cancelled = [&pass] { return pass.IsOver(); }};
  for (const api::NetworkImage& image : images) {
    request.pixels.insert(request.pixels.end(), image.pixels.begin(), image.pixels.end());
  }
  const Stopwatch since_it_came;
  const absl::StatusOr<BatchedAnswer> answer = serving_.batcher.Predict(std::move(request));
  CountRequest(since_it_came, answer, *served->counters);
  if (!answer.ok()) return answer.status();
  const int classes = served->model->network().num_classes();
  std::vector<v1::Prediction> predictions;
  const float* next = answer->probabilities.data();
  for (const api::NetworkImage& image : images) {
    predictions.push_back(api::ToPrediction(next, *served->model, image.report));
    next += classes;
  }
  return predictions;
}

grpc::Status ModelService::ListImages(grpc::ServerContext* context,
                                      const v1::ListImagesRequest* request,
                                      v1::ListImagesResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/ListImages", response,
                    [&](const CallGate::Pass& pass) { return ImagesOf(pass, *request); });
}

absl::StatusOr<v1::ListImagesResponse> ModelService::ImagesOf(
    const CallGate::Pass& pass, const v1::ListImagesRequest& request) {
  PageStart start;
  if (!request.page_token().empty()) {
    CONVOY_ASSIGN_OR_RETURN(start, ParsePageToken(request.page_token()));
  }
  CONVOY_ASSIGN_OR_RETURN(const int size,
                          PageSize(request.page_size(), kStandardPage, kLargestPageOfImages));
  CONVOY_ASSIGN_OR_RETURN(const ModelPointer served, Find(request.name()));
  CONVOY_ASSIGN_OR_RETURN(const auto source, DataFor(*served, request.data_set()));
  auto found =
      api::ListImages(*served->model, *source, request, {.first = start.number, .most = size},
                      EvaluatorOf(pass, *served, KeyOf(request, *served, *source)));
  if (!found.ok()) return found.status();
  if (found->next) {
    found->response.set_next_page_token(MakePageToken({.number = *found->next, .id = ""}));
  }
  found->response.set_model_version(served->facts.version());
  return std::move(found->response);
}

grpc::Status ModelService::Predict(grpc::ServerContext* context, const v1::PredictRequest* request,
                                   v1::PredictResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/Predict", response,
                    [&](const CallGate::Pass& pass) { return PredictImages(pass, *request); });
}

absl::StatusOr<std::vector<api::NetworkImage>> ModelService::PrepareAll(
    const CallGate::Pass& pass, const v1::PredictRequest& request, const ModelPointer& served) {
  std::vector<api::NetworkImage> images;
  int64_t pixels_left = kMaxPixels;
  for (int i = 0; i < request.images_size(); ++i) {
    CONVOY_ASSIGN_OR_RETURN(
        api::NetworkImage image,
        Prepare(pass, request.images(i), request.preparation(), served,
                absl::StrCat("images[", i, "]"), std::min(pixels_left, api::kMaxImagePixels)));
    pixels_left -= int64_t{image.report.source_height()} * image.report.source_width();
    images.push_back(std::move(image));
  }
  return images;
}

absl::StatusOr<v1::PredictResponse> ModelService::PredictImages(const CallGate::Pass& pass,
                                                                const v1::PredictRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckPreparation(request.preparation()));
  if (request.images().empty())
    return absl::InvalidArgumentError("images: none given; send at least one");
  if (request.images_size() > serving_.options.max_images) {
    return absl::ResourceExhaustedError(absl::StrCat("images: ", request.images_size(),
                                                     " are too many; send at most ",
                                                     serving_.options.max_images, " at a time"));
  }
  CONVOY_ASSIGN_OR_RETURN(const ModelPointer served, Find(request.name()));
  const nn::Network& network = served->model->network();
  CONVOY_ASSIGN_OR_RETURN(const auto images, PrepareAll(pass, request, served));
  CONVOY_ASSIGN_OR_RETURN(std::vector<v1::Prediction> predictions, Answer(pass, served, images));
  v1::PredictResponse response;
  response.set_model_version(served->facts.version());
  for (size_t i = 0; i < images.size(); ++i) {
    if (request.include_prepared_images()) {
      SetImage(images[i], network, predictions[i].mutable_prepared_image());
    }
    *response.add_predictions() = std::move(predictions[i]);
  }
  return response;
}

grpc::Status ModelService::GetFilters(grpc::ServerContext* context,
                                      const v1::GetFiltersRequest* request,
                                      v1::GetFiltersResponse* response) {
  const auto get = [&](const auto&) -> absl::StatusOr<v1::GetFiltersResponse> {
    CONVOY_ASSIGN_OR_RETURN(const ModelPointer served, Find(request->name()));
    return FiltersOf(*served, request->layer());
  };
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/GetFilters", response, get);
}

grpc::Status ModelService::GetFeatureMaps(grpc::ServerContext* context,
                                          const v1::GetFeatureMapsRequest* request,
                                          v1::GetFeatureMapsResponse* response) {
  return AnswerCall(gate_, *context, "convoy.v1.ModelService/GetFeatureMaps", response,
                    [&](const CallGate::Pass& pass) { return FeatureMapsOf(pass, *request); });
}

absl::StatusOr<v1::GetFeatureMapsResponse> ModelService::FeatureMapsOf(
    const CallGate::Pass& pass, const v1::GetFeatureMapsRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckPreparation(request.preparation()));
  CONVOY_ASSIGN_OR_RETURN(const ModelPointer served, Find(request.name()));
  const nn::Network& network = served->model->network();
  CONVOY_RETURN_IF_ERROR(CheckLayers(network, request));
  CONVOY_ASSIGN_OR_RETURN(
      const api::NetworkImage image,
      Prepare(pass, request.image(), request.preparation(), served, "image", api::kMaxImagePixels));
  CONVOY_ASSIGN_OR_RETURN(std::vector<v1::Prediction> predictions, Answer(pass, served, {image}));
  v1::GetFeatureMapsResponse response;
  *response.mutable_prediction() = std::move(predictions.front());
  SetImage(image, network, response.mutable_prediction()->mutable_prepared_image());
  const Permit permit(preparing_, pass);
  if (!permit.taken()) return Over(pass);
  const auto outputs = evaluate::LayerOutputs(*served->model, image.pixels.data());
  const auto& wanted = request.layers();
  for (const nn::Layer& layer : network.layers()) {
    const bool chosen = wanted.empty()
                            ? HasMaps(layer)
                            : std::find(wanted.begin(), wanted.end(), layer.name) != wanted.end();
    if (chosen) *response.add_layers() = MapsOf(layer, outputs[static_cast<size_t>(layer.ordinal)]);
  }
  return response;
}

grpc::Status ModelService::DownloadModel(grpc::ServerContext* context,
                                         const v1::DownloadModelRequest* request,
                                         grpc::ServerWriter<v1::DownloadModelResponse>* writer) {
  const absl::StatusOr<CallGate::Pass> pass =
      gate_.Enter(*context, "convoy.v1.ModelService/DownloadModel");
  return rpc::ToGrpc(pass.ok() ? Send(*pass, request->name(), writer) : pass.status());
}

// A piece is read when the one before was taken, so a slow reader holds a piece and no more. What
// does not have the SHA-256 that was announced is told at the end, when it is known.
absl::Status ModelService::Send(const CallGate::Pass& pass, const std::string& name,
                                grpc::ServerWriter<v1::DownloadModelResponse>* writer) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseModelName(name));
  CONVOY_ASSIGN_OR_RETURN(const OpenModel opened, serving_.source.OpenFile(id));
  v1::DownloadModelResponse message;
  *message.mutable_model() = opened.model;
  Sha256 sha256;
  std::string piece;
  do {
    pass.NoteTaken();
    if (!writer->Write(message)) return Over(pass);
    piece.resize(kChunkBytes);
    opened.file->read(piece.data(), static_cast<std::streamsize>(piece.size()));
    piece.resize(static_cast<size_t>(opened.file->gcount()));
    sha256.Update(piece);
    message.set_chunk(piece);
  } while (!piece.empty() && !pass.IsOver());
  if (!piece.empty()) return Over(pass);
  if (sha256.HexDigest() == opened.model.sha256()) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("the file of model ", id,
                                          " is damaged in the store; the ",
                                          "trainer's run directory has it too (model.convoy)"));
}

grpc::Status ModelService::ExportModel(grpc::ServerContext* context,
                                       const v1::ExportModelRequest* request,
                                       grpc::ServerWriter<v1::ExportModelResponse>* writer) {
  const absl::StatusOr<CallGate::Pass> pass =
      gate_.Enter(*context, "convoy.v1.ModelService/ExportModel");
  return rpc::ToGrpc(pass.ok() ? Export(*pass, *request, writer) : pass.status());
}

absl::Status ModelService::Export(const CallGate::Pass& pass, const v1::ExportModelRequest& request,
                                  grpc::ServerWriter<v1::ExportModelResponse>* writer) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseModelName(request.name()));
  v1::ExportModelResponse message;
  std::string bytes;
  {
    const Permit permit(exporting_, pass);
    if (!permit.taken()) return Over(pass);
    CONVOY_ASSIGN_OR_RETURN(auto read, serving_.source.ReadModel(id));
    CONVOY_ASSIGN_OR_RETURN(const std::string stem, FileStem(id));
    CONVOY_ASSIGN_OR_RETURN(ExportedFile made, coordinator::ExportModel(request.format(), stem,
                                                                        std::move(read.second)));
    *message.mutable_file()->mutable_model() = std::move(read.first);
    message.mutable_file()->set_name(made.name);
    bytes = std::move(made.bytes);
  }
  message.mutable_file()->set_size_bytes(static_cast<int64_t>(bytes.size()));
  message.mutable_file()->set_sha256(Sha256Hex(bytes));
  bool open = writer->Write(message);
  for (size_t sent = 0; open && sent < bytes.size(); sent += kChunkBytes) {
    pass.NoteTaken();
    message.set_chunk(bytes.substr(sent, kChunkBytes));
    open = writer->Write(message);
  }
  return open ? absl::OkStatus() : Over(pass);
}

}  // namespace convoy::coordinator
