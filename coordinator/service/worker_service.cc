// Handlers of convoy.worker.v1.WorkerService, by gRPC's callbacks: a call that waits holds no
// thread. A model is received piece by piece, each asked for when the one before is here, and given
// to the registry on a thread that may wait.
#include "coordinator/service/worker_service.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/rpc/call_timer.h"
#include "common/rpc/grpc_status.h"

namespace convoy::coordinator {
namespace {

constexpr int kHeartbeatThreads = 2;
constexpr int kReportThreads = 16;  // wait for the disk, which takes what they have in one group
constexpr size_t kMaxWaiting = 1024;
constexpr size_t kMaxWaitingReports = 256;
// Of all models that are being received; at least two of the largest.
constexpr int64_t kReceivedBytes = int64_t{1} << 30;
constexpr std::chrono::minutes kPublicationTime{10};

absl::Status TooMany() {
  return absl::ResourceExhaustedError(
      "more trainers report than this coordinator can answer; try again later");
}

}  // namespace

WorkerService::WorkerService(JobRegistry& registry, const TokenAuthenticator& authenticator,
                             int64_t max_model_bytes)
    : registry_(registry),
      authenticator_(authenticator),
      max_model_bytes_(max_model_bytes),
      heartbeats_(kHeartbeatThreads, kMaxWaiting),
      reports_(kReportThreads, kMaxWaitingReports) {}

template <typename Response, typename Call>
grpc::ServerUnaryReactor* WorkerService::AnswerOn(TaskPool& pool,
                                                  grpc::CallbackServerContext& context,
                                                  Response* response, Call call) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  const absl::Status admitted = authenticator_.Authenticate(context);
  if (!admitted.ok()) {
    reactor->Finish(rpc::ToGrpc(admitted));
  } else if (!pool.Post([reactor, response, call = std::move(call)] {
               reactor->Finish(rpc::Respond<Response>(call(), response));
             })) {
    reactor->Finish(rpc::ToGrpc(TooMany()));
  }
  return reactor;
}

grpc::ServerUnaryReactor* WorkerService::RegisterJob(grpc::CallbackServerContext* context,
                                                     const worker::v1::RegisterJobRequest* request,
                                                     worker::v1::RegisterJobResponse* response) {
  return AnswerOn(reports_, *context, response,
                  [this, request] { return registry_.Register(*request); });
}

grpc::ServerUnaryReactor* WorkerService::ReportProgress(
    grpc::CallbackServerContext* context, const worker::v1::ReportProgressRequest* request,
    worker::v1::ReportProgressResponse* response) {
  return AnswerOn(reports_, *context, response,
                  [this, request] { return registry_.Report(*request); });
}

grpc::ServerUnaryReactor* WorkerService::Heartbeat(grpc::CallbackServerContext* context,
                                                   const worker::v1::HeartbeatRequest* request,
                                                   worker::v1::HeartbeatResponse* response) {
  return AnswerOn(heartbeats_, *context, response,
                  [this, request] { return registry_.Heartbeat(*request); });
}

bool WorkerService::Reserve(int64_t bytes) {
  const int64_t most = std::max(kReceivedBytes, 2 * max_model_bytes_);
  if (received_bytes_.fetch_add(bytes) + bytes <= most) return true;
  received_bytes_.fetch_sub(bytes);
  return false;
}

// One model on its way in. gRPC calls it on one thread after another; it ends itself.
class WorkerService::Publication final
    : public grpc::ServerReadReactor<worker::v1::PublishModelRequest> {
 public:
  Publication(WorkerService& service, grpc::CallbackServerContext& context,
              worker::v1::PublishModelResponse* response)
      : service_(service), context_(context), response_(response) {
    const absl::Status admitted = service_.authenticator_.Authenticate(context_);
    if (!admitted.ok()) {
      End(admitted);
      return;
    }
    // Whoever sends nothing more gives the memory back in the end.
    timer_.Start(kPublicationTime);
    StartRead(&message_);
  }

  void OnReadDone(bool ok) override {
    const absl::Status taken = ok ? Take() : CheckComplete();
    if (!taken.ok()) return End(taken);
    if (ok) return StartRead(&message_);
    if (!service_.reports_.Post([this] { Publish(); })) End(TooMany());
  }

  void OnDone() override { delete this; }

 private:
  ~Publication() override { service_.received_bytes_ -= reserved_; }

  // Ends the call once; what comes later is not looked at.
  void End(const absl::Status& status) { Finish(rpc::ToGrpc(status)); }

  absl::Status Take() {
    if (!has_header_) return TakeHeader();
    if (!message_.has_chunk()) return absl::InvalidArgumentError("a second header");
    // Memory grows with what comes, not with what the header claims.
    bytes_ += message_.chunk();
    if (bytes_.size() > static_cast<size_t>(header_.size_bytes())) return WrongSize();
    service_.registry_.NoteAlive(header_);
    return absl::OkStatus();
  }

  absl::Status TakeHeader() {
    if (!message_.has_header()) return NoHeader();
    has_header_ = true;
    header_ = message_.header();
    const int64_t size = header_.size_bytes();
    if (size <= 0 || size > service_.max_model_bytes_) {
      return absl::ResourceExhaustedError(
          absl::StrCat("header.size_bytes: ", size, ", but this coordinator takes models of 1 to ",
                       service_.max_model_bytes_, " bytes (`max_model_mb`)"));
    }
    if (!service_.Reserve(size)) return TooMany();
    reserved_ = size;
    return absl::OkStatus();
  }

  absl::Status CheckComplete() const {
    if (!has_header_) return NoHeader();
    return static_cast<int64_t>(bytes_.size()) == header_.size_bytes() ? absl::OkStatus()
                                                                       : WrongSize();
  }

  static absl::Status NoHeader() {
    return absl::InvalidArgumentError("the first message must be the header");
  }

  absl::Status WrongSize() const {
    return absl::DataLossError(
        absl::StrCat("the model has another size than its header says: ", header_.size_bytes(),
                     " bytes; the stream was cut or too long, send it again"));
  }

  void Publish() { Finish(rpc::Respond(service_.registry_.Publish(header_, bytes_), response_)); }

  WorkerService& service_;
  grpc::CallbackServerContext& context_;
  worker::v1::PublishModelResponse* const response_;
  worker::v1::PublishModelRequest message_;
  worker::v1::ModelHeader header_;
  bool has_header_ = false;
  int64_t reserved_ = 0;
  std::string bytes_;
  rpc::CallTimer timer_{context_};
};

grpc::ServerReadReactor<worker::v1::PublishModelRequest>* WorkerService::PublishModel(
    grpc::CallbackServerContext* context, worker::v1::PublishModelResponse* response) {
  return new Publication(*this, *context, response);
}

}  // namespace convoy::coordinator
