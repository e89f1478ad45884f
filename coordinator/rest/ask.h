// Asks the coordinator's own inference service for a REST client.
#pragma once

#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <utility>

#include "common/rpc/grpc_status.h"
#include "coordinator/bridge/codes.h"
#include "coordinator/bridge/grpc_caller.h"
#include "coordinator/http/message.h"
#include "coordinator/rest/bounded_json.h"

namespace convoy::rest {

inline http::Response Failure(const grpc::Status& status) {
  return {.status = bridge::HttpStatus(status.error_code()),
          .content_type = "application/json",
          .body = ErrorJson(status.error_message())};
}

inline http::Response JsonResponse(const Json& json) {
  return {.content_type = "application/json", .body = Dump(json)};
}

// Calls `method` of the service and sends what `write(const Answer&)` makes of its answer, or its
// error. A client that leaves cancels the call. `asked` is the client's request.
template <class Answer, class Write>
void Ask(bridge::GrpcCaller& caller, const std::string& method,
         const google::protobuf::Message& message, const http::Request& asked,
         const std::shared_ptr<http::Reply>& reply, Write write) {
  bridge::CallOptions options;
  absl::StatusOr<std::string> authorization =
      bridge::CheckedHeader("authorization", http::Find(asked.headers, "Authorization"));
  if (!authorization.ok()) return reply->Send(Failure(rpc::ToGrpc(authorization.status())));
  options.authorization = *std::move(authorization);
  const auto call = caller.Unary(
      "/inference.GRPCInferenceService/" + method, message.SerializeAsString(), options,
      [reply, write = std::move(write)](const grpc::Status& status, const std::string& bytes) {
        Answer answer;
        if (!status.ok()) return reply->Send(Failure(status));
        if (!answer.ParseFromString(bytes)) {
          return reply->Send(Failure({grpc::INTERNAL, "the service's answer cannot be read"}));
        }
        reply->Send(write(answer));
      });
  reply->OnGone([weak = std::weak_ptr<bridge::Call>(call)] {
    if (const auto running = weak.lock()) running->Cancel();
  });
}

}  // namespace convoy::rest
