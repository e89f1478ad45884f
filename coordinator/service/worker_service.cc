#include "coordinator/service/worker_service.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/grpc_status.h"

namespace convoy::coordinator {
namespace {

// Calls `call` if the caller is admitted, and writes its value or returns its error.
template <typename T, typename Call>
grpc::Status Answer(const TokenAuthenticator& authenticator, const grpc::ServerContext& context,
                    T* response, Call call) {
  if (const absl::Status admitted = authenticator.Authenticate(context); !admitted.ok())
    return rpc::ToGrpc(admitted);
  return rpc::Respond<T>(call(), response);
}

}  // namespace

grpc::Status WorkerService::RegisterJob(grpc::ServerContext* context,
                                        const worker::v1::RegisterJobRequest* request,
                                        worker::v1::RegisterJobResponse* response) {
  return Answer(authenticator_, *context, response, [&] { return registry_.Register(*request); });
}

grpc::Status WorkerService::ReportProgress(grpc::ServerContext* context,
                                           const worker::v1::ReportProgressRequest* request,
                                           worker::v1::ReportProgressResponse* response) {
  return Answer(authenticator_, *context, response, [&] { return registry_.Report(*request); });
}

grpc::Status WorkerService::Heartbeat(grpc::ServerContext* context,
                                      const worker::v1::HeartbeatRequest* request,
                                      worker::v1::HeartbeatResponse* response) {
  return Answer(authenticator_, *context, response, [&] { return registry_.Heartbeat(*request); });
}

grpc::Status WorkerService::PublishModel(
    grpc::ServerContext* context, grpc::ServerReader<worker::v1::PublishModelRequest>* reader,
    worker::v1::PublishModelResponse* response) {
  const auto publish = [&]() -> absl::StatusOr<worker::v1::PublishModelResponse> {
    worker::v1::PublishModelRequest first;
    if (!reader->Read(&first) || !first.has_header()) {
      return absl::InvalidArgumentError("the first message must be the header");
    }
    CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadChunks(first.header(), reader));
    return registry_.Publish(first.header(), bytes);
  };
  return Answer(authenticator_, *context, response, publish);
}

absl::StatusOr<std::string> WorkerService::ReadChunks(
    const worker::v1::ModelHeader& header,
    grpc::ServerReader<worker::v1::PublishModelRequest>* reader) {
  if (header.size_bytes() <= 0 || header.size_bytes() > max_model_bytes_) {
    return absl::ResourceExhaustedError(absl::StrCat("header.size_bytes: ", header.size_bytes(),
                                                     ", but this coordinator takes models of 1 to ",
                                                     max_model_bytes_, " bytes (`max_model_mb`)"));
  }
  const auto size = static_cast<size_t>(header.size_bytes());
  std::string bytes;
  worker::v1::PublishModelRequest message;
  // Memory grows with what comes, not with what the header claims.
  while (bytes.size() <= size && reader->Read(&message)) {
    if (!message.has_chunk()) return absl::InvalidArgumentError("a second header");
    bytes += message.chunk();
    registry_.NoteAlive(header);
  }
  if (bytes.size() == size) return bytes;
  return absl::DataLossError(
      absl::StrCat("the model has another size than its header says: ", header.size_bytes(),
                   " bytes; the stream was cut or too long, send it again"));
}

}  // namespace convoy::coordinator
