// A reporting loop on a thread of its own: twice a second it sends what is due of the JobStory, a
// heartbeat where nothing is. At-least-once delivery: what was not acknowledged is sent again, and
// the coordinator takes the same twice. Where it is away the loop only tries more slowly.
#include "worker/report/coordinator_client.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "common/api/job_description.h"
#include "common/api/job_labels.h"
#include "common/api/resource_names.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/rpc/grpc_status.h"
#include "common/run/events_file.h"
#include "common/run/labels_file.h"
#include "common/run/run_files.h"
#include "common/system/secret_digits.h"
#include "convoy/worker/v1/worker_service.grpc.pb.h"

namespace convoy::report {
namespace {

using Clock = std::chrono::steady_clock;
using i18n::MakeMessage;
using std::chrono::milliseconds;

constexpr milliseconds kDefaultInterval{500};
// While the coordinator is away; at the end of the job it is asked more often.
constexpr milliseconds kRetryInterval{1000};
constexpr milliseconds kHurry{50};
constexpr milliseconds kStepsInterval{2000};
constexpr milliseconds kCallTimeout{5000};
constexpr milliseconds kPublishTimeout{60000};
constexpr milliseconds kPublishRetry{1000};
constexpr milliseconds kSlowestPublishRetry{30000};
constexpr size_t kChunkBytes = 256 << 10;

// Whether calling again cannot help. A token may be changed, and is read with each call.
bool IsFinal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsUnimplemented(status) || absl::IsPermissionDenied(status);
}

// Whether the job must be registered anew, or is another's by now: not the model's fault.
bool IsAboutTheJob(const absl::Status& status) {
  return absl::IsNotFound(status) || absl::IsFailedPrecondition(status);
}

// Whether a model may be taken later: how often it is to be sent.
int Attempts(const absl::Status& status) {
  constexpr int kAFew = 5;
  switch (status.code()) {
    case absl::StatusCode::kUnavailable:  // also a full disk
    case absl::StatusCode::kDeadlineExceeded:
    case absl::StatusCode::kCancelled:
    case absl::StatusCode::kUnauthenticated:
      return std::numeric_limits<int>::max();
    case absl::StatusCode::kResourceExhausted:  // a limit: of size, or of callers at a time
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kAborted:
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
      return kAFew;
    default:
      return 1;
  }
}

}  // namespace

absl::StatusOr<RunIdentity> ReadOrMakeIdentity(const std::string& run_directory) {
  RunIdentity identity;
  CONVOY_ASSIGN_OR_RETURN(identity.id,
                          ReadOrDrawSecretDigits(run::PathIn(run_directory, run::kRunIdFile)));
  CONVOY_ASSIGN_OR_RETURN(identity.key,
                          ReadOrDrawSecretDigits(run::PathIn(run_directory, run::kRunKeyFile)));
  return identity;
}

// The service with deadlines and the token.
class CoordinatorClient::Calls {
 public:
  explicit Calls(const CoordinatorOptions& options)
      : channel_(options.channel), stub_(worker::v1::WorkerService::NewStub(channel_.channel())) {}

  absl::Status Register(const worker::v1::RegisterJobRequest& request,
                        worker::v1::RegisterJobResponse* response) {
    Call call(*this, kCallTimeout);
    return rpc::FromGrpc(stub_->RegisterJob(&call.context, request, response));
  }

  absl::Status Report(const worker::v1::ReportProgressRequest& request,
                      worker::v1::ReportProgressResponse* response) {
    Call call(*this, kCallTimeout);
    return rpc::FromGrpc(stub_->ReportProgress(&call.context, request, response));
  }

  absl::Status Heartbeat(const worker::v1::HeartbeatRequest& request,
                         worker::v1::HeartbeatResponse* response) {
    Call call(*this, kCallTimeout);
    return rpc::FromGrpc(stub_->Heartbeat(&call.context, request, response));
  }

  absl::Status Publish(const worker::v1::ModelHeader& header, const std::string& bytes) {
    Call call(*this, kPublishTimeout);
    worker::v1::PublishModelResponse response;
    const auto writer = stub_->PublishModel(&call.context, &response);
    worker::v1::PublishModelRequest message;
    *message.mutable_header() = header;
    bool open = writer->Write(message);
    for (size_t begin = 0; open && begin < bytes.size(); begin += kChunkBytes) {
      message.set_chunk(bytes.substr(begin, kChunkBytes));
      open = writer->Write(message);
    }
    writer->WritesDone();
    return rpc::FromGrpc(writer->Finish());
  }

  // Ends the call that is under way, and all later ones at once. Thread-safe.
  void Cancel() {
    const std::lock_guard lock(mutex_);
    cancelled_ = true;
    if (current_ != nullptr) current_->TryCancel();
  }

 private:
  // One call, which Cancel can reach.
  struct Call {
    Call(Calls& owner, milliseconds timeout) : calls(owner) {
      calls.channel_.Prepare(&context, timeout);
      const std::lock_guard lock(calls.mutex_);
      if (calls.cancelled_) context.TryCancel();
      calls.current_ = &context;
    }
    ~Call() {
      const std::lock_guard lock(calls.mutex_);
      calls.current_ = nullptr;
    }
    Calls& calls;
    grpc::ClientContext context;
  };

  const rpc::ClientChannel channel_;
  const std::unique_ptr<worker::v1::WorkerService::Stub> stub_;
  std::mutex mutex_;
  grpc::ClientContext* current_ = nullptr;  // guarded by mutex_
  bool cancelled_ = false;                  // guarded by mutex_
};

absl::StatusOr<std::unique_ptr<CoordinatorClient>> CoordinatorClient::Start(
    CoordinatorOptions options) {
  CONVOY_ASSIGN_OR_RETURN(const RunIdentity identity, ReadOrMakeIdentity(options.run_directory));
  StoryOfRun run{.run_directory = options.run_directory,
                 .run_id = identity.id,
                 .run_key = identity.key,
                 .process_id = DrawSecretDigits(),
                 .recipe = options.recipe,
                 .finished_epochs = options.finished_epochs};
  return std::unique_ptr<CoordinatorClient>(
      new CoordinatorClient(std::move(options), std::move(run)));
}

CoordinatorClient::CoordinatorClient(CoordinatorOptions options, StoryOfRun run)
    : options_(std::move(options)),
      story_(std::move(run)),
      calls_(std::make_unique<Calls>(options_)),
      interval_(kDefaultInterval),
      thread_([this] { Serve(); }) {}

CoordinatorClient::~CoordinatorClient() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  calls_->Cancel();
  thread_.join();
}

void CoordinatorClient::PublishUntrained(formats::ModelFile model) {
  const std::lock_guard lock(mutex_);
  untrained_ = std::make_shared<const formats::ModelFile>(std::move(model));
}

bool CoordinatorClient::Finish(milliseconds timeout, milliseconds model_timeout) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  changed_.notify_all();
  const auto done = [this] { return done_; };
  if (!changed_.wait_for(lock, timeout, done) && story_.concluded()) {
    changed_.wait_for(lock, model_timeout, done);
  }
  return story_.complete();
}

void CoordinatorClient::Serve() {
  Clock::time_point steps_told;
  std::unique_lock lock(mutex_);
  while (!ending_ && !done_) {
    lock.unlock();
    if (story_.started() && !given_up_) {
      const Clock::time_point now = Clock::now();
      const bool with_steps = now - steps_told >= kStepsInterval;
      if (with_steps) steps_told = now;
      NoteResult(Talk(with_steps));
    }
    lock.lock();
    done_ = given_up_ || story_.complete() || (hurry_ && !story_.started());
    if (done_) changed_.notify_all();
    if (hurry_) {
      changed_.wait_for(lock, kHurry, [this] { return ending_; });
    } else {
      changed_.wait_for(lock, away_ ? kRetryInterval : interval_,
                        [this] { return ending_ || hurry_; });
    }
  }
}

// Tells what is due, or only that the job lives.
absl::Status CoordinatorClient::Talk(bool with_steps) {
  if (job_.empty() || LabelsChanged()) CONVOY_RETURN_IF_ERROR(Register());
  bool told = false;
  while (auto report = story_.DueReport(with_steps)) {
    report->set_job(job_);
    worker::v1::ReportProgressResponse response;
    CONVOY_RETURN_IF_ERROR(calls_->Report(*report, &response));
    story_.Reported(*report);
    NoteCancel(response.cancel_requested());
    told = true;
  }
  CONVOY_RETURN_IF_ERROR(PublishUntrained());
  const auto model = story_.due_model();
  if (model && Clock::now() >= publish_again_) {
    CONVOY_RETURN_IF_ERROR(PublishModel(*model));
    if (story_.ended() && !story_.concluded())
      return Talk(with_steps);  // the conclusion is due now
  }
  if (told || story_.complete()) return absl::OkStatus();
  worker::v1::HeartbeatRequest beat;
  beat.set_job(job_);
  beat.set_process_id(story_.Registration().process_id());
  *beat.mutable_progress() = story_.progress();
  worker::v1::HeartbeatResponse response;
  CONVOY_RETURN_IF_ERROR(calls_->Heartbeat(beat, &response));
  NoteCancel(response.cancel_requested());
  return absl::OkStatus();
}

// Somebody else's run may be called so already.
void CoordinatorClient::NoteName(const std::string& run_name) {
  const std::string id = api::ShortName(job_);
  if (id == run_name || std::exchange(name_told_, true)) return;
  options_.on_note(MakeMessage("coordinator $0 knows this run as $1", address(), id));
}

// What `convoy note` wrote meanwhile.
bool CoordinatorClient::LabelsChanged() const {
  const absl::StatusOr<run::Labels> labels = run::ReadLabels(options_.run_directory);
  return labels.ok() && labels->time != labels_told_;
}

absl::Status CoordinatorClient::Register() {
  worker::v1::RegisterJobResponse response;
  worker::v1::RegisterJobRequest request = story_.Registration();
  for (const run::RunEvent& event : run::ReadEvents(options_.run_directory)) {
    *request.add_run_events() = api::ToEvent(event);
  }
  const absl::StatusOr<run::Labels> labels = run::ReadLabels(options_.run_directory);
  if (labels.ok() && labels->time != absl::InfinitePast()) {
    *request.mutable_labels() = api::ToProto(*labels);
  }
  CONVOY_RETURN_IF_ERROR(calls_->Register(request, &response));
  job_ = response.job();
  NoteName(request.run_name());
  labels_told_ = labels.ok() ? labels->time : absl::InfinitePast();
  if (response.heartbeat_interval_ms() > 0) {
    interval_ = milliseconds(response.heartbeat_interval_ms());
  }
  story_.Registered(response.stored_epochs());
  NoteCancel(response.cancel_requested());
  return absl::OkStatus();
}

absl::Status CoordinatorClient::Publish(int epoch, bool final, const metrics::EpochMetrics& metrics,
                                        const std::string& bytes) {
  worker::v1::ModelHeader header;
  header.set_job(job_);
  header.set_process_id(story_.Registration().process_id());
  header.set_epoch(epoch);
  header.set_final(final);
  header.set_size_bytes(static_cast<int64_t>(bytes.size()));
  header.set_sha256(Sha256Hex(bytes));
  for (const auto& [name, value] : metrics) {
    v1::Metric* metric = header.add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  return calls_->Publish(header, bytes);
}

// Its memory is given back once it is sent: a coordinator with an empty store gets all but this
// again. It is a picture to look at, so nobody is told where it is not taken.
absl::Status CoordinatorClient::PublishUntrained() {
  std::unique_lock lock(mutex_);
  const std::shared_ptr<const formats::ModelFile> model = untrained_;
  lock.unlock();
  if (model == nullptr || Clock::now() < untrained_again_) return absl::OkStatus();
  const absl::StatusOr<std::string> bytes = formats::EncodeModel(*model);
  const absl::Status published =
      bytes.ok() ? Publish(/*epoch=*/0, /*final=*/false, {}, *bytes) : absl::OkStatus();
  if (IsAboutTheJob(published)) return published;
  if (!published.ok() && ++untrained_refusals_ < Attempts(published)) {
    untrained_again_ =
        Clock::now() + std::min(kPublishRetry * untrained_refusals_, kSlowestPublishRetry);
    return absl::OkStatus();
  }
  lock.lock();
  untrained_.reset();
  return absl::OkStatus();
}

// A model that is not on the disk yet is tried again by the next call; one that the coordinator
// cannot take now more and more slowly, and one that it does not want not at all.
absl::Status CoordinatorClient::PublishModel(const DueModel& model) {
  const absl::StatusOr<std::string> bytes = ReadModelBytes(model);
  if (!bytes.ok()) {
    if (story_.ended()) story_.ModelDone(model);  // then it will not come any more
    return absl::OkStatus();
  }
  const absl::Status published =
      Publish(model.completed_epochs, model.final, model.metrics, *bytes);
  if (IsAboutTheJob(published)) return published;
  if (!published.ok() && ++refusals_ < Attempts(published)) {
    PutOff(model, published);
    return absl::OkStatus();
  }
  story_.ModelDone(model);
  refusals_ = 0;
  put_off_because_.clear();
  put_off_told_ = false;
  if (!published.ok()) {
    options_.on_note(MakeMessage("coordinator $0 does not take the model: $1", address(),
                                 i18n::MessageOf(published)));
  }
  return absl::OkStatus();
}

// Whether the coordinator is there at all the next heartbeat finds out.
void CoordinatorClient::PutOff(const DueModel& model, const absl::Status& refusal) {
  story_.PutOff(model);
  publish_again_ = Clock::now() + std::min(kPublishRetry * refusals_, kSlowestPublishRetry);
  put_off_because_ = std::string(refusal.message());
}

void CoordinatorClient::NotePutOff() {
  if (put_off_because_.empty() || put_off_told_) return;
  put_off_told_ = true;
  options_.on_note(
      MakeMessage("coordinator $0 cannot take the model now; it will be sent again ($1)", address(),
                  put_off_because_));
}

// The final model is the run's; that of an epoch is in the checkpoint that ends the epoch.
absl::StatusOr<std::string> CoordinatorClient::ReadModelBytes(const DueModel& model) const {
  if (model.final) {
    return ReadFile(run::PathIn(options_.run_directory, run::kModelFile), formats::kMaxFileBytes);
  }
  CONVOY_ASSIGN_OR_RETURN(
      const formats::ModelFile file,
      formats::ReadModel(run::PathIn(run::PathIn(options_.run_directory, run::kCheckpoints),
                                     formats::CheckpointFileName(model.step))));
  return formats::EncodeModel(file);
}

void CoordinatorClient::NoteResult(const absl::Status& result) {
  if (absl::IsNotFound(result)) {
    job_.clear();  // another store, or the job was deleted: all is told anew
    return;
  }
  if (IsFinal(result)) {
    given_up_ = true;
    options_.on_note(
        MakeMessage("coordinator $0 is told no more: $1", address(), i18n::MessageOf(result)));
    return;
  }
  if (result.ok()) {
    NotePutOff();
  } else {
    // It is away, which is why it did not take the model; once it is back it gets it at once.
    publish_again_ = {};
    refusals_ = 0;
    put_off_because_.clear();
  }
  if (result.ok() == !away_) return;
  away_ = !result.ok();
  options_.on_note(away_ ? MakeMessage("coordinator $0 cannot be told now; training goes on and it "
                                       "will be told later ($1)",
                                       address(), i18n::MessageOf(result))
                         : MakeMessage("coordinator $0 is there again", address()));
}

void CoordinatorClient::NoteCancel(bool requested) {
  if (!requested || cancel_told_) return;
  cancel_told_ = true;
  options_.on_cancel();
}

}  // namespace convoy::report
