// The Open Inference Protocol, version 2 (KServe, Triton), on models and batches that the services
// share: names and shapes of its tensors from the network, statistics from the model's counters.
// ModelInfer is asynchronous: its answer is sent by whichever thread computes its last image.
#include "coordinator/service/inference_service.h"

#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/base/version.h"
#include "common/rpc/grpc_status.h"
#include "common/system/moment.h"
#include "coordinator/service/infer_tensors.h"

namespace convoy::coordinator {
namespace {

using ModelPointer = std::shared_ptr<const ServedModel>;

constexpr char kPlatform[] = "convoy";
constexpr int kIndexPage = 1000;

template <typename Repeated>
void AddShape(const Shape& shape, Repeated* out) {
  for (const int64_t size : shape) out->Add(size);
}

void Fill(const ServedModel& served, inference::ModelMetadataResponse* response) {
  const nn::Network& network = served.model->network();
  response->set_name(served.id);
  response->add_versions(served.facts.version());
  response->set_platform(kPlatform);
  auto* input = response->add_inputs();
  input->set_name(kInputName);
  input->set_datatype("FP32");
  input->add_shape(-1);
  AddShape(network.input_shape(), input->mutable_shape());
  auto* output = response->add_outputs();
  output->set_name(kOutputName);
  output->set_datatype("FP32");
  output->add_shape(-1);
  output->add_shape(network.num_classes());
  auto& properties = *response->mutable_properties();
  properties["network"] = network.spec().name;
  properties["weights_sha256"] = served.model->weights_sha256();
  properties["input_values"] = "grey levels or colours: FP32 from 0 to 1, or UINT8 from 0 to 255";
}

void Fill(const ServedModel& served, const ServingOptions& options,
          inference::ModelConfig* config) {
  const nn::Network& network = served.model->network();
  config->set_name(served.id);
  config->set_platform(kPlatform);
  config->set_backend(kPlatform);
  config->set_max_batch_size(options.max_images);
  auto* input = config->add_input();
  input->set_name(kInputName);
  input->set_data_type(inference::TYPE_FP32);
  input->set_format(inference::ModelInput::FORMAT_NHWC);
  AddShape(network.input_shape(), input->mutable_dims());
  auto* output = config->add_output();
  output->set_name(kOutputName);
  output->set_data_type(inference::TYPE_FP32);
  output->add_dims(network.num_classes());
  auto* batching = config->mutable_dynamic_batching();
  batching->add_preferred_batch_size(options.batcher.max_batch_images);
  batching->set_max_queue_delay_microseconds(
      static_cast<uint64_t>(absl::ToInt64Microseconds(options.batcher.max_delay)));
}

void Fill(const Tally& tally, inference::StatisticDuration* duration) {
  duration->set_count(static_cast<uint64_t>(tally.count));
  duration->set_ns(static_cast<uint64_t>(absl::ToInt64Nanoseconds(tally.time)));
}

void Fill(const ServedModel& served, inference::ModelStatistics* statistics) {
  const ModelCounters::Values values = served.counters->values();
  statistics->set_name(served.id);
  statistics->set_version(served.facts.version());
  statistics->set_last_inference(static_cast<uint64_t>(absl::ToUnixMillis(values.last_inference)));
  statistics->set_inference_count(static_cast<uint64_t>(values.images));
  statistics->set_execution_count(static_cast<uint64_t>(values.batches));
  auto* inferences = statistics->mutable_inference_stats();
  Fill(values.succeeded, inferences->mutable_success());
  Fill(values.failed, inferences->mutable_fail());
  Fill(values.queued, inferences->mutable_queue());
  Fill(values.computed, inferences->mutable_compute_infer());
  for (const auto& [images, tally] : values.by_batch) {
    auto* batch = statistics->add_batch_stats();
    batch->set_batch_size(static_cast<uint64_t>(images));
    Fill(tally, batch->mutable_compute_infer());
  }
}

absl::Status Index(ModelSource& source, inference::RepositoryIndexResponse* response) {
  std::string token;
  do {
    CONVOY_ASSIGN_OR_RETURN(const Page<v1::TrainedModel> page,
                            source.ListModels(kIndexPage, token));
    for (const v1::TrainedModel& model : page.entries) {
      CONVOY_ASSIGN_OR_RETURN(std::string id, api::ParseLatestModelName(model.name()));
      auto* entry = response->add_models();
      entry->set_name(std::move(id));
      entry->set_version(model.version());
      entry->set_state("READY");
    }
    token = page.next_token;
  } while (!token.empty());
  return absl::OkStatus();
}

bool IsVersion(const ServedModel& served, const std::string& asked) {
  return asked.empty() || asked == served.facts.version();
}

// A call of ModelInfer; all pointers are gRPC's and live until the reactor finishes.
struct InferCall {
  grpc::CallbackServerContext* context;
  grpc::ServerUnaryReactor* reactor;
  const inference::ModelInferRequest* request;
  inference::ModelInferResponse* response;
  Stopwatch since_it_came;
};

void Finish(const InferCall& call, const ServedModel& served,
            const absl::StatusOr<BatchedAnswer>& answer) {
  CountRequest(call.since_it_came, answer, *served.counters);
  if (answer.ok()) {
    call.response->set_model_name(served.id);
    call.response->set_model_version(served.facts.version());
    call.response->set_id(call.request->id());
    SetProbabilities(*call.request, answer->probabilities, served.model->network().num_classes(),
                     call.response);
  }
  call.reactor->Finish(rpc::ToGrpc(answer.status()));
}

void Infer(const InferCall& call, const ModelPointer& served, Serving& serving,
           bool caller_may_compute) {
  absl::StatusOr<std::vector<uint8_t>> pixels =
      PixelsOf(*call.request, served->model->network(), serving.options.max_images);
  if (!pixels.ok()) return Finish(call, *served, pixels.status());
  serving.batcher.Submit(
      {.model = served->model,
       .pixels = *std::move(pixels),
       .counters = served->counters,
       .deadline = Moment::Now().SteadyAt(absl::FromChrono(call.context->deadline())),
       .cancelled = [context = call.context] { return context->IsCancelled(); },
       .caller_may_compute = caller_may_compute},
      [=](const absl::StatusOr<BatchedAnswer>& answer) { Finish(call, *served, answer); });
}

}  // namespace

absl::StatusOr<ModelPointer> InferenceService::Find(const std::string& name,
                                                    const std::string& version) {
  if (!api::IsValidId(name)) {
    return absl::InvalidArgumentError(
        "model name: it is 1 to 128 letters, digits, '.', '_' and '-'; RepositoryIndex lists the "
        "models");
  }
  CONVOY_ASSIGN_OR_RETURN(ModelPointer served, serving_.models.Get(name));
  if (IsVersion(*served, version)) return served;
  return absl::NotFoundError(absl::StrCat("model '", name, "' is served in version ",
                                          served->facts.version(), ", not '", version,
                                          "'; leave the version out"));
}

grpc::Status InferenceService::ServerLive(grpc::ServerContext* context,
                                          const inference::ServerLiveRequest* request,
                                          inference::ServerLiveResponse* response) {
  using Response = inference::ServerLiveResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    Response live;
    live.set_live(true);
    return live;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ServerLive", response, answer);
}

grpc::Status InferenceService::ServerReady(grpc::ServerContext* context,
                                           const inference::ServerReadyRequest* request,
                                           inference::ServerReadyResponse* response) {
  using Response = inference::ServerReadyResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    Response ready;
    ready.set_ready(is_ready_());
    return ready;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ServerReady", response,
                    answer);
}

grpc::Status InferenceService::ModelReady(grpc::ServerContext* context,
                                          const inference::ModelReadyRequest* request,
                                          inference::ModelReadyResponse* response) {
  using Response = inference::ModelReadyResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    const auto served = Find(request->name(), request->version());
    if (!served.ok() && !absl::IsNotFound(served.status())) return served.status();
    Response ready;
    ready.set_ready(served.ok());
    return ready;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ModelReady", response, answer);
}

grpc::Status InferenceService::ServerMetadata(grpc::ServerContext* context,
                                              const inference::ServerMetadataRequest* request,
                                              inference::ServerMetadataResponse* response) {
  using Response = inference::ServerMetadataResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    Response metadata;
    metadata.set_name(kPlatform);
    metadata.set_version(std::string(Version()));
    for (const char* extension : {"model_repository", "model_configuration", "statistics"}) {
      metadata.add_extensions(extension);
    }
    return metadata;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ServerMetadata", response,
                    answer);
}

grpc::Status InferenceService::ModelMetadata(grpc::ServerContext* context,
                                             const inference::ModelMetadataRequest* request,
                                             inference::ModelMetadataResponse* response) {
  using Response = inference::ModelMetadataResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    CONVOY_ASSIGN_OR_RETURN(const auto served, Find(request->name(), request->version()));
    Response metadata;
    Fill(*served, &metadata);
    return metadata;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ModelMetadata", response,
                    answer);
}

grpc::ServerUnaryReactor* InferenceService::ModelInfer(grpc::CallbackServerContext* context,
                                                       const inference::ModelInferRequest* request,
                                                       inference::ModelInferResponse* response) {
  const InferCall call{.context = context,
                       .reactor = context->DefaultReactor(),
                       .request = request,
                       .response = response,
                       .since_it_came = {}};
  const ModelPointer fresh = serving_.models.GetFresh(request->model_name());
  if (fresh != nullptr && IsVersion(*fresh, request->model_version())) {
    Infer(call, fresh, serving_, /*caller_may_compute=*/true);
    return call.reactor;
  }
  loader_.Post([this, call] {
    const auto found = Find(call.request->model_name(), call.request->model_version());
    if (found.ok()) {
      Infer(call, *found, serving_, /*caller_may_compute=*/false);
    } else {
      call.reactor->Finish(rpc::ToGrpc(found.status()));
    }
    return absl::OkStatus();
  });
  return call.reactor;
}

grpc::Status InferenceService::ModelConfig(grpc::ServerContext* context,
                                           const inference::ModelConfigRequest* request,
                                           inference::ModelConfigResponse* response) {
  using Response = inference::ModelConfigResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    CONVOY_ASSIGN_OR_RETURN(const auto served, Find(request->name(), request->version()));
    Response config;
    Fill(*served, serving_.options, config.mutable_config());
    return config;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ModelConfig", response,
                    answer);
}

grpc::Status InferenceService::ModelStatistics(grpc::ServerContext* context,
                                               const inference::ModelStatisticsRequest* request,
                                               inference::ModelStatisticsResponse* response) {
  using Response = inference::ModelStatisticsResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    Response statistics;
    if (request->name().empty()) {
      for (const auto& served : serving_.models.Loaded()) {
        Fill(*served, statistics.add_model_stats());
      }
      return statistics;
    }
    CONVOY_ASSIGN_OR_RETURN(const auto served, Find(request->name(), request->version()));
    Fill(*served, statistics.add_model_stats());
    return statistics;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/ModelStatistics", response,
                    answer);
}

grpc::Status InferenceService::RepositoryIndex(grpc::ServerContext* context,
                                               const inference::RepositoryIndexRequest* request,
                                               inference::RepositoryIndexResponse* response) {
  using Response = inference::RepositoryIndexResponse;
  const auto answer = [&](const auto&) -> absl::StatusOr<Response> {
    Response index;
    CONVOY_RETURN_IF_ERROR(Index(serving_.source, &index));
    return index;
  };
  return AnswerCall(gate_, *context, "inference.GRPCInferenceService/RepositoryIndex", response,
                    answer);
}

}  // namespace convoy::coordinator
