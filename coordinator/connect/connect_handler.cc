// A request is checked against the method's descriptor and passed on as bytes; what a message means
// only the service knows. Errors that are found here have the codes that the protocol asks for.
#include "coordinator/connect/connect_handler.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rpc/grpc_status.h"
#include "coordinator/bridge/codec.h"
#include "coordinator/bridge/codes.h"
#include "coordinator/bridge/methods.h"
#include "coordinator/connect/envelope.h"
#include "coordinator/connect/errors.h"

namespace convoy::connect {
namespace {

using bridge::Call;
using google::protobuf::MethodDescriptor;
using http::Find;

constexpr char kJson[] = "application/json";
constexpr size_t kMaxTimeoutDigits = 10;

// What a content type says of the messages and their framing.
struct Format {
  bool is_json;
  bool is_stream;
};

// Whether the parameters behind a media type, such as "; charset=utf-8", say nothing that would
// make the body mean something else than it does here.
bool IsUtf8(std::string_view parameters) {
  std::string lower = absl::AsciiStrToLower(std::string(parameters));
  lower.erase(std::remove_if(lower.begin(), lower.end(),
                             [](char c) { return c == ' ' || c == '\t' || c == '"'; }),
              lower.end());
  const size_t charset = lower.find(";charset=");
  if (charset == std::string::npos) return true;
  const std::string name = lower.substr(charset + std::string_view(";charset=").size());
  return name.substr(0, name.find(';')) == "utf-8";
}

std::optional<Format> FormatOf(std::string_view given) {
  const size_t end = std::min(given.find_first_of("; \t"), given.size());
  if (!IsUtf8(given.substr(end))) return std::nullopt;
  const std::string type = absl::AsciiStrToLower(std::string(given.substr(0, end)));
  // The last is what `curl -d` sends by itself. A page of another site could send it, too, which
  // the server has refused by its Origin.
  if (type == kJson || type == "application/x-www-form-urlencoded") return Format{true, false};
  if (type == "application/proto") return Format{false, false};
  if (type == "application/connect+json") return Format{true, true};
  if (type == "application/connect+proto") return Format{false, true};
  return std::nullopt;
}

http::Response ErrorResponse(const grpc::Status& status, int http_status) {
  return {.status = http_status,
          .content_type = kJson,
          .body = ErrorJson(status.error_code(), status.error_message())};
}

http::Response ErrorResponse(const grpc::Status& status) {
  return ErrorResponse(status, bridge::HttpStatus(status.error_code()));
}

absl::StatusOr<bridge::CallOptions> ReadOptions(const http::Request& request) {
  bridge::CallOptions options;
  CONVOY_ASSIGN_OR_RETURN(
      options.authorization,
      bridge::CheckedHeader("authorization", Find(request.headers, "Authorization")));
  const std::string version(Find(request.headers, "Connect-Protocol-Version"));
  if (!version.empty() && version != "1") {
    return absl::InvalidArgumentError("connect-protocol-version: only version 1 is spoken here");
  }
  const std::string timeout(Find(request.headers, "Connect-Timeout-Ms"));
  if (timeout.empty()) return options;
  int64_t milliseconds = 0;
  if (timeout.size() > kMaxTimeoutDigits || !absl::SimpleAtoi(timeout, &milliseconds) ||
      milliseconds < 0) {
    return absl::InvalidArgumentError("connect-timeout-ms: not a number of at most ten digits");
  }
  if (milliseconds == 0) return absl::DeadlineExceededError("connect-timeout-ms: is over at once");
  options.deadline = absl::Now() + absl::Milliseconds(milliseconds);
  return options;
}

absl::Status CheckEncoding(const http::Request& request) {
  for (const char* name : {"Content-Encoding", "Connect-Content-Encoding"}) {
    const std::string encoding(Find(request.headers, name));
    if (!encoding.empty() && encoding != "identity") {
      return absl::UnimplementedError("content-encoding: compressed messages are not accepted");
    }
  }
  return absl::OkStatus();
}

// The message in `body`, as protobuf's bytes.
absl::StatusOr<std::string> ReadMessage(const MethodDescriptor& method, Format format,
                                        std::string body) {
  if (format.is_stream) {
    CONVOY_ASSIGN_OR_RETURN(body, UnwrapOnly(body));
  }
  if (format.is_json) return bridge::JsonToBytes(*method.input_type(), body);
  CONVOY_RETURN_IF_ERROR(bridge::CheckBytes(*method.input_type(), body));
  return body;
}

absl::StatusOr<std::string> WriteMessage(const MethodDescriptor& method, bool is_json,
                                         std::string bytes) {
  if (is_json) return bridge::BytesToJson(*method.output_type(), bytes);
  return bytes;
}

// What one call needs on its way back.
struct Answer {
  const MethodDescriptor& method;
  const Format format;
  const std::shared_ptr<http::Reply> reply;

  void SendUnary(const grpc::Status& status, std::string bytes) const {
    if (!status.ok()) return reply->Send(ErrorResponse(status));
    absl::StatusOr<std::string> body = WriteMessage(method, format.is_json, std::move(bytes));
    if (!body.ok()) {
      return reply->Send(ErrorResponse({grpc::INTERNAL, std::string(body.status().message())}));
    }
    reply->Send(
        {.content_type = format.is_json ? kJson : "application/proto", .body = *std::move(body)});
  }

  void StartStream() const {
    reply->Start({.content_type =
                      format.is_json ? "application/connect+json" : "application/connect+proto"});
  }

  void SendNext(std::string bytes, bridge::GrpcCaller::Next next) const {
    absl::StatusOr<std::string> message = WriteMessage(method, format.is_json, std::move(bytes));
    if (!message.ok()) return next(false);
    reply->Write(Wrap(0, *message), std::move(next));
  }

  void EndStream(const grpc::Status& status) const {
    reply->Write(Wrap(kEndOfStreamFlag, EndOfStreamJson(status)), [](bool) {});
    reply->Finish();
  }

  void Fail(const absl::Status& status) const {
    if (!format.is_stream) return reply->Send(ErrorResponse(rpc::ToGrpc(status)));
    StartStream();
    EndStream(rpc::ToGrpc(status));
  }
};

void StartCall(bridge::GrpcCaller& caller, const std::string& path, const std::string& message,
               const bridge::CallOptions& options, const Answer& answer) {
  std::shared_ptr<Call> call;
  if (answer.format.is_stream) {
    answer.StartStream();
    call = caller.ServerStream(
        path, message, options,
        [answer](std::string bytes, bridge::GrpcCaller::Next next) {
          answer.SendNext(std::move(bytes), std::move(next));
        },
        [answer](const grpc::Status& status, const std::string&) { answer.EndStream(status); });
  } else {
    call = caller.Unary(path, message, options,
                        [answer](const grpc::Status& status, std::string bytes) {
                          answer.SendUnary(status, std::move(bytes));
                        });
  }
  answer.reply->OnGone([weak = std::weak_ptr<Call>(call)] {
    if (const auto running = weak.lock()) running->Cancel();
  });
}

http::Response WrongMethod() {
  http::Response response =
      ErrorResponse({grpc::UNIMPLEMENTED, "method: POST is answered here"}, 405);
  response.headers.emplace_back("Allow", "POST");
  return response;
}

http::Response WrongType(bool is_stream) {
  const std::string accepted = is_stream ? "application/connect+json, application/connect+proto"
                                         : "application/json, application/proto";
  http::Response response = ErrorResponse(
      {grpc::UNKNOWN, absl::StrCat("content-type: this method takes ", accepted)}, 415);
  response.headers.emplace_back("Accept-Post", accepted);
  return response;
}

void Handle(bridge::GrpcCaller& caller, http::Request request,
            const std::shared_ptr<http::Reply>& reply) {
  const MethodDescriptor* method = bridge::FindMethod(request.path);
  if (method == nullptr) {
    return reply->Send(ErrorResponse(
        {grpc::UNIMPLEMENTED, absl::StrCat("path: no such method: ", request.path.substr(0, 200))},
        404));
  }
  if (request.method != "POST") return reply->Send(WrongMethod());
  if (method->client_streaming()) {
    return reply->Send(
        ErrorResponse({grpc::UNIMPLEMENTED, "path: streams of requests are taken by gRPC alone"}));
  }
  const std::optional<Format> format = FormatOf(Find(request.headers, "Content-Type"));
  if (!format || format->is_stream != method->server_streaming()) {
    return reply->Send(WrongType(method->server_streaming()));
  }
  const Answer answer{*method, *format, reply};
  const absl::Status encoding = CheckEncoding(request);
  if (!encoding.ok()) return answer.Fail(encoding);
  const absl::StatusOr<bridge::CallOptions> options = ReadOptions(request);
  if (!options.ok()) return answer.Fail(options.status());
  const absl::StatusOr<std::string> message =
      ReadMessage(*method, *format, std::move(request.body));
  if (!message.ok()) return answer.Fail(message.status());
  StartCall(caller, request.path, *message, *options, answer);
}

}  // namespace

void AddRoutes(bridge::GrpcCaller& caller, uint64_t max_body_bytes, http::Router& router) {
  for (const auto* service : bridge::PublicServices()) {
    router.Add({.path = absl::StrCat("/", service->full_name(), "/"),
                .handler =
                    [&caller](http::Request request, const std::shared_ptr<http::Reply>& reply) {
                      Handle(caller, std::move(request), reply);
                    },
                .reads_only = false,
                .max_body_bytes = max_body_bytes});
  }
}

}  // namespace convoy::connect
