// The REST half of the Open Inference Protocol (KServe V2): each path becomes a call of the gRPC
// service, so that limits, token and errors are the same.
#include "coordinator/rest/open_inference.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "common/rpc/grpc_status.h"
#include "coordinator/rest/ask.h"
#include "coordinator/rest/infer_json.h"
#include "coordinator/rest/message_json.h"
#include "inference/grpc_service.pb.h"

namespace convoy::rest {
namespace {

using ReplyPointer = std::shared_ptr<http::Reply>;

// "/v2/models/NAME[/versions/VERSION][/VERB]".
struct ModelPath {
  std::string model;
  std::string version;
  std::string verb;
};

// Returns whether `path` has that form.
bool ParseModelPath(const std::string& path, ModelPath* result) {
  std::vector<std::string> parts = absl::StrSplit(path, '/');
  if (parts.size() < 4 || parts[2] != "models") return false;
  result->model = parts[3];
  size_t next = 4;
  if (parts.size() >= 6 && parts[4] == "versions") {
    result->version = parts[5];
    next = 6;
  }
  if (parts.size() == next + 1) result->verb = parts[next];
  return parts.size() <= next + 1;
}

http::Response NoSuchPath() {
  return {.status = 404,
          .content_type = "application/json",
          .body = ErrorJson("path: not one of the protocol's")};
}

template <class Message>
Message ForModel(const ModelPath& path) {
  Message message;
  message.set_name(path.model);
  message.set_version(path.version);
  return message;
}

// One request, on its way through the handlers.
struct Asked {
  bridge::GrpcCaller& caller;
  const http::Request& request;
  const ReplyPointer& reply;

  template <class Answer, class Write>
  void Ask(const std::string& method, const google::protobuf::Message& message, Write write) const {
    rest::Ask<Answer>(caller, method, message, request, reply, std::move(write));
  }

  template <class Answer>
  void AskForAll(const std::string& method, const google::protobuf::Message& message) const {
    Ask<Answer>(method, message, [](const Answer& answer) { return JsonResponse(ToJson(answer)); });
  }
};

void Infer(const Asked& asked, const ModelPath& path) {
  const std::string length(http::Find(asked.request.headers, kJsonLength));
  std::optional<size_t> json_bytes;
  uint64_t number = 0;
  if (!length.empty()) {
    // A text that is no number is longer than any body.
    json_bytes = absl::SimpleAtoi(length, &number) ? number : std::string::npos;
  }
  absl::StatusOr<InferRequest> request = ReadInfer(asked.request.body, json_bytes);
  if (!request.ok()) return asked.reply->Send(Failure(rpc::ToGrpc(request.status())));
  inference::ModelInferRequest message;
  message.Swap(&request->message);
  message.set_model_name(path.model);
  message.set_model_version(path.version);
  asked.Ask<inference::ModelInferResponse>(
      "ModelInfer", message,
      [request = *std::move(request)](const inference::ModelInferResponse& answer) {
        return WriteInfer(answer, request);
      });
}

void AskModel(const Asked& asked, const ModelPath& path) {
  if (path.verb.empty()) {
    asked.AskForAll<inference::ModelMetadataResponse>(
        "ModelMetadata", ForModel<inference::ModelMetadataRequest>(path));
  } else if (path.verb == "ready") {
    asked.Ask<inference::ModelReadyResponse>(
        "ModelReady", ForModel<inference::ModelReadyRequest>(path),
        [](const inference::ModelReadyResponse& answer) {
          return answer.ready() ? JsonResponse({{"ready", true}})
                                : Failure({grpc::NOT_FOUND, "there is no such model"});
        });
  } else if (path.verb == "config") {
    asked.Ask<inference::ModelConfigResponse>("ModelConfig",
                                              ForModel<inference::ModelConfigRequest>(path),
                                              [](const inference::ModelConfigResponse& answer) {
                                                return JsonResponse(ToJson(answer.config()));
                                              });
  } else if (path.verb == "stats") {
    asked.AskForAll<inference::ModelStatisticsResponse>(
        "ModelStatistics", ForModel<inference::ModelStatisticsRequest>(path));
  } else {
    asked.reply->Send(NoSuchPath());
  }
}

void AskServer(const Asked& asked, const std::string& path) {
  if (path == "/v2") {
    asked.Ask<inference::ServerMetadataResponse>(
        "ServerMetadata", inference::ServerMetadataRequest(),
        [](const inference::ServerMetadataResponse& answer) {
          Json json = ToJson(answer);
          json["extensions"].push_back("binary_tensor_data");
          json["extensions"].push_back("classification");
          return JsonResponse(json);
        });
  } else if (path == "/v2/health/live") {
    asked.AskForAll<inference::ServerLiveResponse>("ServerLive", inference::ServerLiveRequest());
  } else if (path == "/v2/health/ready") {
    asked.AskForAll<inference::ServerReadyResponse>("ServerReady", inference::ServerReadyRequest());
  } else if (path == "/v2/models/stats") {
    asked.AskForAll<inference::ModelStatisticsResponse>("ModelStatistics",
                                                        inference::ModelStatisticsRequest());
  } else {
    asked.reply->Send(NoSuchPath());
  }
}

void Index(const Asked& asked) {
  asked.Ask<inference::RepositoryIndexResponse>(
      "RepositoryIndex", inference::RepositoryIndexRequest(),
      [](const inference::RepositoryIndexResponse& answer) {
        return JsonResponse(ToJson(answer)["models"]);
      });
}

http::Response WrongMethod(const char* allowed) {
  http::Response response{
      .status = 405,
      .content_type = "application/json",
      .body = ErrorJson(std::string("method: ") + allowed + " is answered here")};
  response.headers.emplace_back("Allow", allowed);
  return response;
}

void Handle(const Asked& asked) {
  const std::string& path = asked.request.path;
  const bool posts = asked.request.method == "POST";
  ModelPath model;
  const bool of_model = path != "/v2/models/stats" && ParseModelPath(path, &model);
  const bool wants_post = (of_model && model.verb == "infer") || path == "/v2/repository/index";
  if (posts != wants_post) return asked.reply->Send(WrongMethod(wants_post ? "POST" : "GET"));
  if (path == "/v2/repository/index") return Index(asked);
  if (!of_model) return AskServer(asked, path);
  if (wants_post) return Infer(asked, model);
  AskModel(asked, model);
}

}  // namespace

void AddOpenInference(bridge::GrpcCaller& caller, uint64_t max_body_bytes, http::Router& router) {
  for (const char* path : {"/v2", "/v2/"}) {
    router.Add({.path = path,
                .handler =
                    [&caller](const http::Request& request, const ReplyPointer& reply) {
                      Handle({caller, request, reply});
                    },
                .reads_only = false,
                .max_body_bytes = max_body_bytes});
  }
}

}  // namespace convoy::rest
