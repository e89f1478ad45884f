// A reporting loop on a thread of its own: twice a second it sends what is due of the JobStory, a
// heartbeat where nothing is. At-least-once delivery: what was not acknowledged is sent again, and
// the coordinator takes the same twice. Where it is away the loop only tries more slowly.
#include "worker/report/coordinator_client.h"

#include <array>
#include <random>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/rpc/grpc_status.h"
#include "common/run/run_files.h"
#include "convoy/worker/v1/worker_service.grpc.pb.h"

namespace convoy::report {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kDefaultInterval{500};
// While the coordinator is away; at the end of the job it is asked more often.
constexpr milliseconds kRetryInterval{1000};
constexpr milliseconds kHurry{50};
constexpr milliseconds kStepsInterval{2000};
constexpr milliseconds kCallTimeout{5000};
constexpr milliseconds kPublishTimeout{60000};
constexpr size_t kChunkBytes = 256 << 10;
constexpr size_t kIdDigits = 32;

// Names, not part of any result.
std::string DrawId() {
  std::random_device random;
  std::string id;
  for (size_t i = 0; i < kIdDigits; i += 8) absl::StrAppendFormat(&id, "%08x", random());
  return id;
}

// Whether calling again cannot help.
bool IsFinal(const absl::Status& status) {
  return absl::IsInvalidArgument(status) || absl::IsFailedPrecondition(status) ||
         absl::IsUnauthenticated(status) || absl::IsUnimplemented(status) ||
         absl::IsPermissionDenied(status);
}

// Whether a model that was not taken may be taken later, or the job must be registered anew.
bool MayPass(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsDeadlineExceeded(status) ||
         absl::IsCancelled(status) || absl::IsNotFound(status) ||
         absl::IsFailedPrecondition(status) || absl::IsUnauthenticated(status);
}

}  // namespace

absl::StatusOr<std::string> ReadOrMakeRunId(const std::string& run_directory) {
  const std::string path = run::PathIn(run_directory, run::kRunIdFile);
  if (PathExists(path)) {
    CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 1024));
    const std::string id(absl::StripAsciiWhitespace(text));
    if (id.size() == kIdDigits) return id;
  }
  const std::string id = DrawId();
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(path, id + "\n"));
  return id;
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
  CONVOY_ASSIGN_OR_RETURN(const std::string run_id, ReadOrMakeRunId(options.run_directory));
  StoryOfRun run{.run_directory = options.run_directory,
                 .run_id = run_id,
                 .process_id = DrawId(),
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

bool CoordinatorClient::Finish(milliseconds timeout) {
  std::unique_lock lock(mutex_);
  hurry_ = true;
  changed_.notify_all();
  changed_.wait_for(lock, timeout, [this] { return done_; });
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
  if (job_.empty()) CONVOY_RETURN_IF_ERROR(Register());
  bool told = false;
  while (auto report = story_.DueReport(with_steps)) {
    report->set_job(job_);
    worker::v1::ReportProgressResponse response;
    CONVOY_RETURN_IF_ERROR(calls_->Report(*report, &response));
    story_.Reported(*report);
    NoteCancel(response.cancel_requested());
    told = true;
  }
  if (const auto model = story_.due_model()) {
    CONVOY_RETURN_IF_ERROR(PublishModel(*model));
    if (!story_.due_model() && story_.ended())
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

absl::Status CoordinatorClient::Register() {
  worker::v1::RegisterJobResponse response;
  CONVOY_RETURN_IF_ERROR(calls_->Register(story_.Registration(), &response));
  job_ = response.job();
  if (response.heartbeat_interval_ms() > 0) {
    interval_ = milliseconds(response.heartbeat_interval_ms());
  }
  story_.Registered(response.stored_epochs());
  NoteCancel(response.cancel_requested());
  return absl::OkStatus();
}

// A model that is not on the disk yet is tried again by the next call; one that the coordinator
// does not want is not.
absl::Status CoordinatorClient::PublishModel(const DueModel& model) {
  const absl::StatusOr<std::string> bytes = ReadModelBytes(model);
  if (!bytes.ok()) {
    if (story_.ended()) story_.ModelDone(model);  // then it will not come any more
    return absl::OkStatus();
  }
  worker::v1::ModelHeader header;
  header.set_job(job_);
  header.set_process_id(story_.Registration().process_id());
  header.set_epoch(model.completed_epochs);
  header.set_final(model.final);
  header.set_size_bytes(static_cast<int64_t>(bytes->size()));
  header.set_sha256(Sha256Hex(*bytes));
  for (const auto& [name, value] : model.metrics) {
    v1::Metric* metric = header.add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  const absl::Status published = calls_->Publish(header, *bytes);
  if (!published.ok() && MayPass(published)) return published;
  story_.ModelDone(model);
  if (!published.ok()) {
    options_.on_note(absl::StrCat("coordinator ", address(),
                                  " does not take the model: ", std::string(published.message())));
  }
  return absl::OkStatus();
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
  const std::string who = absl::StrCat("coordinator ", address());
  if (absl::IsNotFound(result)) {
    job_.clear();  // another store, or the job was deleted: all is told anew
    return;
  }
  if (IsFinal(result)) {
    given_up_ = true;
    options_.on_note(absl::StrCat(who, " is told no more: ", std::string(result.message())));
    return;
  }
  if (result.ok() == !away_) return;
  away_ = !result.ok();
  options_.on_note(away_ ? absl::StrCat(who,
                                        " does not answer; training goes on and it will be told "
                                        "later (",
                                        std::string(result.message()), ")")
                         : absl::StrCat(who, " is there again"));
}

void CoordinatorClient::NoteCancel(bool requested) {
  if (!requested || cancel_told_) return;
  cancel_told_ = true;
  options_.on_cancel();
}

}  // namespace convoy::report
