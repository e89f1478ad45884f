// What trainers tell the registry.
#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/api/model_description.h"
#include "common/base/status.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/jobs/progress.h"
#include "coordinator/jobs/requests.h"

namespace convoy::coordinator {
namespace {

bool ShallStop(const v1::Job& job) {
  return job.cancel_requested() || job.state() == v1::Job::CANCELLED;
}

std::string StartMessage(const worker::v1::RegisterJobRequest& request) {
  std::set<std::string> hosts;
  for (const v1::Rank& rank : request.ranks()) hosts.insert(rank.host());
  const std::string where =
      absl::StrCat(request.ranks_size(), request.ranks_size() == 1 ? " rank on " : " ranks on ",
                   hosts.size(), hosts.size() == 1 ? " host" : " hosts");
  if (request.restarts() == 0) return absl::StrCat("started: ", where);
  return absl::StrCat("resumed at step ", request.resumed_at_step(), " of ",
                      request.epochs() * request.steps_per_epoch(), ": ", where);
}

std::string Conclusion(const worker::v1::Conclusion& conclusion, const v1::Job& job) {
  switch (conclusion.state()) {
    case v1::Job::SUCCEEDED:
      for (const v1::Metric& metric : job.metrics()) {
        if (metric.name() != "test_accuracy") continue;
        return absl::StrFormat("succeeded: test accuracy %.4f", metric.value());
      }
      return "succeeded";
    case v1::Job::STOPPED:
      return absl::StrCat("stopped on request at step ", job.step(),
                          "; the trainer's --resume goes on from there");
    case v1::Job::CANCELLED:
      return absl::StrCat("cancelled at step ", job.step(), ", with a checkpoint");
    default:
      return absl::StrCat("failed: ", conclusion.error());
  }
}

}  // namespace

absl::StatusOr<JobRegistry::LiveJob*> JobRegistry::FindForProcess(const std::string& job_name,
                                                                  const std::string& process_id) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, ParseName("jobs", job_name, "job"));
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, Find(id));
  if (live->record.process_id == process_id) return live;
  return absl::FailedPreconditionError(
      absl::StrCat(job_name, ": another trainer works on this job by now"));
}

absl::StatusOr<std::string> JobRegistry::FreeId(const std::string& run_name) {
  const std::string wanted = MakeId(run_name);
  std::string id = wanted;
  for (int number = 2;; ++number) {
    const absl::Status taken = store_.GetJob(id).status();
    if (absl::IsNotFound(taken)) return id;
    CONVOY_RETURN_IF_ERROR(taken);
    const std::string suffix = absl::StrCat("-", number);
    id = wanted.substr(0, kMaxIdChars - suffix.size()) + suffix;
  }
}

absl::StatusOr<JobRegistry::LiveJob*> JobRegistry::FindOrMakeForRun(
    const worker::v1::RegisterJobRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const std::optional<JobRecord> known, store_.FindRun(request.run_id()));
  if (known) return Find(known->id);
  CONVOY_ASSIGN_OR_RETURN(const std::string id, FreeId(request.run_name()));
  LiveJob made;
  made.record.id = id;
  made.record.run_id = request.run_id();
  made.record.job.set_name(JobName(id));
  *made.record.job.mutable_create_time() = ToProto(options_.now());
  *made.record.job.mutable_start_time() = request.start_time();
  made.heard = made.stepped = options_.now();
  return &(live_[id] = std::move(made));
}

// A process that goes on with a job. It may tell the same twice.
void JobRegistry::SetUpJob(const worker::v1::RegisterJobRequest& request, Change* change) const {
  JobRecord& record = change->next.record;
  v1::Job& job = record.job;
  *job.mutable_setup() = request.setup();
  *job.mutable_recipe() = request.recipe();
  *job.mutable_ranks() = request.ranks();
  job.set_world_size(request.ranks_size());
  job.set_epochs(request.epochs());
  job.set_steps_per_epoch(request.steps_per_epoch());
  job.set_restarts(request.restarts());
  if (record.process_id == request.process_id()) return;
  record.process_id = request.process_id();
  change->forget_after_step = request.resumed_at_step();
  change->next.stalled = false;
  change->next.stragglers.clear();
  job.set_step(request.resumed_at_step());
  job.set_completed_epochs(request.completed_epochs());
  job.set_activity(v1::Job::ACTIVITY_UNSPECIFIED);
  if (job.state() == v1::Job::CANCELLED) return;
  job.set_state(v1::Job::RUNNING);
  job.clear_end_time();
  job.clear_error();
  job.clear_weights_sha256();
  AddEvent(request.restarts() == 0 ? v1::Event::STARTED : v1::Event::RESUMED, v1::Event::INFO,
           StartMessage(request), change);
}

absl::StatusOr<worker::v1::RegisterJobResponse> JobRegistry::Register(
    const worker::v1::RegisterJobRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, FindOrMakeForRun(request));
  Change change = BeginChange(*live);
  SetUpJob(request, &change);
  HearOf(&change);
  const std::string id = change.next.record.id;
  const absl::Status stored = Commit(live, std::move(change));
  if (!stored.ok()) {
    if (live->version == 0) live_.erase(id);  // it was made just now, and is in no store
    return stored;
  }
  worker::v1::RegisterJobResponse response;
  response.set_job(JobName(id));
  CONVOY_ASSIGN_OR_RETURN(const int stored_epochs, store_.CompletedEpochs(id));
  response.set_stored_epochs(stored_epochs);
  response.set_cancel_requested(ShallStop(live->record.job));
  response.set_heartbeat_interval_ms(
      static_cast<int32_t>(absl::ToInt64Milliseconds(options_.heartbeat_interval)));
  return response;
}

void JobRegistry::HearOf(Change* change) const {
  v1::Job& job = change->next.record.job;
  const absl::Duration silence = options_.now() - change->next.heard;
  change->next.heard = options_.now();
  *job.mutable_update_time() = ToProto(options_.now());
  if (job.state() != v1::Job::LOST) return;
  job.set_state(v1::Job::RUNNING);
  job.clear_end_time();
  change->next.stepped = options_.now();
  AddEvent(v1::Event::FOUND, v1::Event::INFO,
           absl::StrCat("heard of again, after ", absl::ToInt64Seconds(silence), " s"), change);
}

void JobRegistry::NoteProgress(const worker::v1::Progress& progress, Change* change) const {
  v1::Job& job = change->next.record.job;
  const int64_t step_before = job.step();
  ApplyProgress(progress, &job);
  if (job.step() == step_before && job.activity() == v1::Job::TRAINING) return;
  change->next.stepped = options_.now();
  if (!change->next.stalled) return;
  change->next.stalled = false;
  AddEvent(v1::Event::STALL_ENDED, v1::Event::INFO, "steps are made again", change);
}

void JobRegistry::NoteSample(const v1::MetricSample& sample, Change* change) const {
  ApplySample(sample, &change->next.record.job);
  if (sample.scope() == v1::MetricSample::EPOCH) {
    change->next.between_epochs = absl::Seconds(std::max(0.0, sample.validation_seconds()));
  }
  change->samples.push_back(sample);
}

// Says once that a rank became a straggler, and once that it is none any more.
void JobRegistry::NoteStragglers(Change* change) const {
  const v1::Job& job = change->next.record.job;
  std::set<int> now;
  for (const Straggler& straggler :
       FindStragglers({job.ranks().begin(), job.ranks().end()}, options_.straggler_slowdown)) {
    now.insert(straggler.rank);
    if (change->next.stragglers.count(straggler.rank) > 0) continue;
    const std::string& host = job.ranks(straggler.rank).host();
    AddEvent(v1::Event::STRAGGLER, v1::Event::WARNING,
             absl::StrFormat("rank %d on %s takes %.1f times as long as the median, mostly in %s",
                             straggler.rank, host, straggler.slowdown, straggler.phase),
             change);
    v1::StragglerDetails* details = change->events.back().mutable_straggler();
    details->set_rank(straggler.rank);
    details->set_host(host);
    details->set_phase(straggler.phase);
    details->set_slowdown(straggler.slowdown);
  }
  for (const int rank : change->next.stragglers) {
    if (now.count(rank) > 0 || rank >= job.ranks_size()) continue;
    const std::string& host = job.ranks(rank).host();
    AddEvent(v1::Event::STRAGGLER_RECOVERED, v1::Event::INFO,
             absl::StrCat("rank ", rank, " on ", host, " keeps pace again"), change);
    change->events.back().mutable_straggler()->set_rank(rank);
    change->events.back().mutable_straggler()->set_host(host);
  }
  change->next.stragglers = std::move(now);
}

void JobRegistry::Conclude(const worker::v1::Conclusion& conclusion, Change* change) const {
  v1::Job& job = change->next.record.job;
  EndAs(conclusion.state(), Conclusion(conclusion, job), change);
  job.set_error(conclusion.error());
  job.set_weights_sha256(conclusion.weights_sha256());
  job.set_activity(v1::Job::ACTIVITY_UNSPECIFIED);
}

absl::StatusOr<worker::v1::ReportProgressResponse> JobRegistry::Report(
    const worker::v1::ReportProgressRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, FindForProcess(request.job(), request.process_id()));
  Change change = BeginChange(*live);
  HearOf(&change);
  if (request.has_progress()) NoteProgress(request.progress(), &change);
  for (const v1::MetricSample& sample : request.samples()) NoteSample(sample, &change);
  if (request.ranks_size() == change.next.record.job.world_size()) {
    *change.next.record.job.mutable_ranks() = request.ranks();
    NoteStragglers(&change);
  }
  if (request.has_conclusion()) Conclude(request.conclusion(), &change);
  CONVOY_RETURN_IF_ERROR(Commit(live, std::move(change)));
  worker::v1::ReportProgressResponse response;
  response.set_cancel_requested(ShallStop(live->record.job));
  return response;
}

absl::StatusOr<worker::v1::HeartbeatResponse> JobRegistry::Heartbeat(
    const worker::v1::HeartbeatRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, FindForProcess(request.job(), request.process_id()));
  Change change = BeginChange(*live);
  HearOf(&change);
  if (request.has_progress()) NoteProgress(request.progress(), &change);
  CONVOY_RETURN_IF_ERROR(CommitOrTakeOver(live, std::move(change)));
  worker::v1::HeartbeatResponse response;
  response.set_cancel_requested(ShallStop(live->record.job));
  return response;
}

void JobRegistry::NoteAlive(const worker::v1::ModelHeader& header) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<LiveJob*> live = FindForProcess(header.job(), header.process_id());
  if (live.ok()) (*live)->heard = options_.now();
}

absl::StatusOr<worker::v1::PublishModelResponse> JobRegistry::Publish(
    const worker::v1::ModelHeader& header, const std::string& bytes) {
  CONVOY_RETURN_IF_ERROR(Check(header));
  std::string id;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(const LiveJob* live, FindForProcess(header.job(), header.process_id()));
    id = live->record.id;
  }
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, api::DescribeModel(bytes, "the published model"));
  if (model.sha256() != header.sha256() || model.size_bytes() != header.size_bytes()) {
    return absl::DataLossError("the model's bytes are not those that its header says; send again");
  }
  const absl::StatusOr<v1::TrainedModel> old = store_.GetModel(id);
  model.set_name(ModelName(id));
  model.set_job(JobName(id));
  model.set_version(absl::StrCat(header.epoch()));
  model.set_final(header.final());
  *model.mutable_update_time() = ToProto(options_.now());
  *model.mutable_create_time() = old.ok() ? old->create_time() : model.update_time();
  *model.mutable_metrics() = header.metrics();
  CONVOY_RETURN_IF_ERROR(store_.PutModel(id, model, bytes));
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, FindForProcess(header.job(), header.process_id()));
  Change change = BeginChange(*live);
  HearOf(&change);
  change.next.record.job.set_model(model.name());
  CONVOY_RETURN_IF_ERROR(Commit(live, std::move(change)));
  worker::v1::PublishModelResponse response;
  response.set_model(model.name());
  return response;
}

}  // namespace convoy::coordinator
