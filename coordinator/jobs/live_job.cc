// The state machine of one job: RUNNING from its registration until its trainer concludes it
// (SUCCEEDED, FAILED, STOPPED, CANCELLED) or falls silent (LOST); heard from again, or resumed, it
// is RUNNING as before. Each transition adds an event, once. Failure detection is by heartbeat and
// timeout, as in most cluster managers; a straggler is a rank whose work in an epoch takes much
// longer than the median rank's.
#include "coordinator/jobs/live_job.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/api/job_labels.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"
#include "common/base/sha256.h"
#include "coordinator/jobs/progress.h"
#include "coordinator/jobs/requests.h"

namespace convoy::coordinator {
namespace {

constexpr int kStallSteps = 20;

absl::Duration StepDuration(const JobRecord& record) {
  if (record.job.images_per_second() <= 0) return absl::ZeroDuration();
  return absl::Seconds(record.recipe->batch_size() / record.job.images_per_second());
}

// How long a trainer was silent that an earlier coordinator may have heard: nobody but the wall
// clock knows.
absl::Duration SilenceSince(const v1::Job& job, absl::Time now) {
  if (job.state() != v1::Job::LOST || !job.has_update_time()) return absl::ZeroDuration();
  return std::max(now - FromProto(job.update_time()), absl::ZeroDuration());
}

// When the job's labels were given; InfinitePast where nobody gave any.
absl::Time LabelsTime(const v1::JobLabels& labels) { return api::FromProto(labels).time; }

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

std::string EndMessage(const worker::v1::Conclusion& conclusion, const v1::Job& job) {
  switch (conclusion.state()) {
    case v1::Job::SUCCEEDED:
      for (const v1::Metric& metric : job.metrics()) {
        if (metric.name() != "test_accuracy") continue;
        return absl::StrFormat("succeeded: test accuracy %.4f", metric.value());
      }
      return "succeeded";
    case v1::Job::STOPPED:
      return absl::StrCat("stopped on request at step ", job.step(),
                          "; the trainer can be resumed from there");
    case v1::Job::CANCELLED:
      return absl::StrCat("cancelled at step ", job.step(), ", with a checkpoint");
    default:
      return absl::StrCat("failed: ", conclusion.error());
  }
}

std::pair<v1::Event::Type, v1::Event::Severity> EventOfEnd(v1::Job::State state) {
  switch (state) {
    case v1::Job::SUCCEEDED:
      return {v1::Event::SUCCEEDED, v1::Event::INFO};
    case v1::Job::STOPPED:
      return {v1::Event::STOPPED, v1::Event::INFO};
    case v1::Job::CANCELLED:
      return {v1::Event::CANCELLED, v1::Event::INFO};
    case v1::Job::LOST:
      return {v1::Event::LOST, v1::Event::ERROR};
    default:
      return {v1::Event::FAILED, v1::Event::ERROR};
  }
}

void KeepNewest(std::vector<v1::Event>& events) {
  if (events.size() > kMaxEvents) events.erase(events.begin(), events.end() - kMaxEvents);
}

}  // namespace

// While the disk is full they would pile up here; the store thins them likewise.
void UnsavedChanges::Add(const v1::MetricSample& sample) {
  const bool added = samples.insert_or_assign({sample.step(), sample.scope()}, sample).second;
  // Now and then, so that a sample costs no more the more there are.
  if (!added || samples.size() % (2 * kMaxStepSamples) != 0) return;
  int64_t stride = 1;
  while (samples.rbegin()->first.first / stride >= kMaxStepSamples) stride *= 2;
  std::erase_if(samples, [stride](const auto& kept) {
    return kept.first.second == v1::MetricSample::STEP && kept.first.first % stride != 0;
  });
}

void UnsavedChanges::ForgetAfter(int64_t step) {
  samples.erase(samples.lower_bound({step + 1, 0}), samples.end());
  forget_after_step = std::min(forget_after_step.value_or(step), step);
}

void UnsavedChanges::Append(UnsavedChanges later) {
  if (later.forget_after_step) ForgetAfter(*later.forget_after_step);
  for (const auto& [key, sample] : later.samples) Add(sample);
  events.insert(events.end(), later.events.begin(), later.events.end());
  KeepNewest(events);
}

LiveJob::LiveJob(JobRecord record, std::vector<v1::Event> events, const Moment& now)
    : record_(std::move(record)),
      events_(std::move(events)),
      heard_(now.steady - SilenceSince(record_.job, now.wall)),
      stepped_(now.steady) {}

LiveJob::LiveJob(const std::string& id, const worker::v1::RegisterJobRequest& request,
                 const Moment& now)
    : heard_(now.steady), stepped_(now.steady) {
  record_.id = id;
  record_.run_id = request.run_id();
  record_.job.set_name(api::JobName(id));
  *record_.job.mutable_create_time() = ToProto(now.wall);
  *record_.job.mutable_start_time() = request.start_time();
  Register(request, now);
}

v1::Job LiveJob::Snapshot() const {
  v1::Job job = record_.job;
  api::Derive(between_epochs_, &job);
  *job.mutable_events() = {events_.begin(), events_.end()};
  return job;
}

v1::Job LiveJob::Summary() const {
  v1::Job job = record_.job;
  api::Derive(between_epochs_, &job);
  job.clear_ranks();
  return job;
}

void LiveJob::AddEvent(v1::Event::Type type, v1::Event::Severity severity,
                       const std::string& message, const Moment& now,
                       const v1::StragglerDetails* straggler) {
  v1::Event& event = events_.emplace_back();
  *event.mutable_time() = ToProto(now.wall);
  event.set_type(type);
  event.set_severity(severity);
  event.set_message(message);
  event.set_step(job().step());
  if (straggler != nullptr) *event.mutable_straggler() = *straggler;
  unsaved_.events.push_back(event);
  KeepNewest(events_);
  KeepNewest(unsaved_.events);
}

// All of them are told at each registration. What is older than the newest that is known, or than
// all that is kept, has been taken in before.
void LiveJob::AddRunEvents(const worker::v1::RegisterJobRequest& request) {
  absl::Time known = absl::InfinitePast();
  if (events_.size() >= kMaxEvents) known = FromProto(events_.front().time());
  for (const v1::Event& event : events_) {
    if (IsOfSupervisor(event)) known = std::max(known, FromProto(event.time()));
  }
  for (const v1::Event& told : request.run_events()) {
    if (FromProto(told.time()) <= known) continue;
    v1::Event event;  // without what only a coordinator adds
    *event.mutable_time() = told.time();
    event.set_type(told.type());
    event.set_severity(told.severity());
    event.set_message(told.message());
    event.set_step(request.resumed_at_step());
    events_.push_back(event);
    unsaved_.events.push_back(event);
  }
  KeepNewest(events_);
  KeepNewest(unsaved_.events);
}

void LiveJob::Register(const worker::v1::RegisterJobRequest& request, const Moment& now) {
  v1::Job& job = record_.job;
  *job.mutable_setup() = request.setup();
  if (LabelsTime(request.labels()) > LabelsTime(job.labels())) {
    *job.mutable_labels() = request.labels();
  }
  record_.recipe = std::make_shared<v1::Recipe>(request.recipe());
  if (!request.run_key().empty()) record_.run_key = Sha256Hex(request.run_key());
  *job.mutable_ranks() = request.ranks();
  job.set_world_size(request.ranks_size());
  job.set_epochs(request.epochs());
  job.set_steps_per_epoch(request.steps_per_epoch());
  job.set_restarts(request.restarts());
  if (record_.process_id != request.process_id()) {
    record_.process_id = request.process_id();
    unsaved_.ForgetAfter(request.resumed_at_step());
    stalled_ = false;
    stragglers_.clear();
    published_ = {};
    AddRunEvents(request);
    job.set_step(request.resumed_at_step());
    job.set_completed_epochs(request.completed_epochs());
    job.set_activity(v1::Job::ACTIVITY_UNSPECIFIED);
    if (job.state() != v1::Job::CANCELLED) {
      job.set_state(v1::Job::RUNNING);
      job.clear_end_time();
      job.clear_error();
      job.clear_weights_sha256();
      AddEvent(request.restarts() == 0 ? v1::Event::STARTED : v1::Event::RESUMED, v1::Event::INFO,
               StartMessage(request), now);
    }
  }
  Contact(now);
}

// The trainer has called: it lives.
void LiveJob::Contact(const Moment& now) {
  const absl::Duration silence = now.steady - heard_;
  heard_ = now.steady;
  *record_.job.mutable_update_time() = ToProto(now.wall);
  if (job().state() != v1::Job::LOST) return;
  record_.job.set_state(v1::Job::RUNNING);
  record_.job.clear_end_time();
  stepped_ = now.steady;
  AddEvent(v1::Event::FOUND, v1::Event::INFO,
           absl::StrCat("heard of again, after ", absl::ToInt64Seconds(silence), " s"), now);
}

void LiveJob::Apply(const worker::v1::HeartbeatRequest& request, const Moment& now) {
  Contact(now);
  if (request.has_progress()) Progress(request.progress(), now);
}

void LiveJob::Apply(const worker::v1::ReportProgressRequest& request, const LivenessRules& rules,
                    const Moment& now) {
  Contact(now);
  if (request.has_progress()) Progress(request.progress(), now);
  ApplySamples(request.samples(), &record_.job);
  for (const v1::MetricSample& sample : request.samples()) {
    if (sample.scope() == v1::MetricSample::EPOCH) {
      between_epochs_ = absl::Seconds(std::max(0.0, sample.validation_seconds()));
    }
    unsaved_.Add(sample);
  }
  if (request.ranks_size() == job().world_size()) {
    *record_.job.mutable_ranks() = request.ranks();
    UpdateStragglers(rules.straggler_slowdown, now);
  }
  if (request.has_conclusion()) Conclude(request.conclusion(), now);
}

absl::Status LiveJob::Admit(const worker::v1::ReportProgressRequest& request,
                            const std::set<std::string>& names) const {
  size_t all = names.size();
  for (const v1::Metric& metric : job().metrics()) all += names.count(metric.name()) == 0 ? 1 : 0;
  if (!names.empty() && all > kMaxMetrics + 2) {  // ApplyProgress has two of its own
    return absl::InvalidArgumentError(
        absl::StrCat("samples.metrics: a job has at most ", kMaxMetrics, " metrics, not ", all));
  }
  for (const v1::MetricSample& sample : request.samples()) {
    const int64_t epoch_end = sample.epoch() * job().steps_per_epoch();
    if (sample.epoch() > job().epochs() || sample.step() > epoch_end) {
      return absl::InvalidArgumentError(absl::StrCat("samples: epoch ", sample.epoch(), ", step ",
                                                     sample.step(), " is beyond the job's ",
                                                     job().epochs(), " epochs"));
    }
    if (sample.scope() == v1::MetricSample::EPOCH && sample.step() != epoch_end) {
      return absl::InvalidArgumentError(absl::StrCat("samples.step: epoch ", sample.epoch(),
                                                     " ends with step ", epoch_end, ", not ",
                                                     sample.step()));
    }
  }
  return absl::OkStatus();
}

bool LiveJob::TakesModel(int epoch, bool final) {
  const std::pair<bool, int> model(final, epoch);
  if (model < published_) return false;
  published_ = model;
  return true;
}

void LiveJob::SetModel(const std::string& name, const Moment& now) {
  Contact(now);
  record_.job.set_model(name);
}

void LiveJob::Progress(const worker::v1::Progress& progress, const Moment& now) {
  const int64_t step_before = job().step();
  ApplyProgress(progress, &record_.job);
  if (job().step() == step_before && job().activity() == v1::Job::TRAINING) return;
  stepped_ = now.steady;
  if (!stalled_) return;
  stalled_ = false;
  AddEvent(v1::Event::STALL_ENDED, v1::Event::INFO, "steps are made again", now);
}

// Says once that a rank became a straggler, and once that it has caught up.
void LiveJob::UpdateStragglers(double slowdown, const Moment& now) {
  std::set<int> slow;
  for (const Straggler& straggler :
       FindStragglers({job().ranks().begin(), job().ranks().end()}, slowdown)) {
    slow.insert(straggler.rank);
    if (stragglers_.count(straggler.rank) > 0) continue;
    v1::StragglerDetails details;
    details.set_rank(straggler.rank);
    details.set_host(job().ranks(straggler.rank).host());
    details.set_phase(straggler.phase);
    details.set_slowdown(straggler.slowdown);
    AddEvent(v1::Event::STRAGGLER, v1::Event::WARNING,
             absl::StrFormat("rank %d on %s takes %.1f times as long as the median, mostly in %s",
                             straggler.rank, details.host(), straggler.slowdown, straggler.phase),
             now, &details);
  }
  for (const int rank : stragglers_) {
    if (slow.count(rank) > 0 || rank >= job().ranks_size()) continue;
    v1::StragglerDetails details;
    details.set_rank(rank);
    details.set_host(job().ranks(rank).host());
    AddEvent(v1::Event::STRAGGLER_RECOVERED, v1::Event::INFO,
             absl::StrCat("rank ", rank, " on ", details.host(), " keeps pace again"), now,
             &details);
  }
  stragglers_ = std::move(slow);
}

void LiveJob::Conclude(const worker::v1::Conclusion& conclusion, const Moment& now) {
  End(conclusion.state(), EndMessage(conclusion, job()), now);
  record_.job.set_error(conclusion.error());
  record_.job.set_weights_sha256(conclusion.weights_sha256());
  record_.job.set_activity(v1::Job::ACTIVITY_UNSPECIFIED);
}

void LiveJob::End(v1::Job::State state, const std::string& message, const Moment& now) {
  v1::Job& job = record_.job;
  job.set_cancel_requested(false);
  if (job.state() == state) return;
  job.set_state(state);
  *job.mutable_end_time() = ToProto(now.wall);
  const auto [type, severity] = EventOfEnd(state);
  AddEvent(type, severity, message, now);
}

void LiveJob::Cancel(const Moment& now) {
  if (!running()) return End(v1::Job::CANCELLED, "cancelled while no trainer ran", now);
  if (job().cancel_requested()) return;
  record_.job.set_cancel_requested(true);
  AddEvent(v1::Event::CANCEL_REQUESTED, v1::Event::INFO, "cancelling was requested", now);
}

void LiveJob::SetLabels(const v1::JobLabels& labels, const Moment& now) {
  const absl::Time later = LabelsTime(job().labels()) + absl::Microseconds(1);
  *record_.job.mutable_labels() = labels;
  *record_.job.mutable_labels()->mutable_update_time() = ToProto(std::max(now.wall, later));
}

bool LiveJob::CheckLiveness(const LivenessRules& rules, const Moment& now) {
  const absl::Duration silence = now.steady - heard_;
  if (silence >= rules.lost_after) {
    // Nobody is there to answer a request to cancel.
    End(job().cancel_requested() ? v1::Job::CANCELLED : v1::Job::LOST,
        absl::StrCat("not heard of for ", absl::ToInt64Seconds(silence),
                     " s: the trainer was killed, or is cut off from the coordinator"),
        now);
    return true;
  }
  const absl::Duration patience =
      std::max(rules.stalled_after, kStallSteps * StepDuration(record_));
  const absl::Duration without_step = now.steady - stepped_;
  if (stalled_ || job().activity() != v1::Job::TRAINING || without_step < patience) return false;
  stalled_ = true;
  AddEvent(
      v1::Event::STALLED, v1::Event::WARNING,
      absl::StrCat("no step for ", absl::ToInt64Seconds(without_step),
                   " s, though the trainer answers: a rank may hang or its host be overloaded"),
      now);
  return true;
}

void LiveJob::PutBack(UnsavedChanges changes) {
  changes.Append(std::exchange(unsaved_, {}));
  unsaved_ = std::move(changes);
}

}  // namespace convoy::coordinator
