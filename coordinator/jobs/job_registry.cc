// What clients ask, and how changes take effect. job_registry_workers.cc has what trainers tell.
#include "coordinator/jobs/job_registry.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/job_progress.h"
#include "common/base/status.h"

namespace convoy::coordinator {
namespace {

constexpr int kStallSteps = 20;

absl::Status Stopping() {
  return absl::UnavailableError("the coordinator is stopping; try again when it is back");
}

// The job as clients get it.
v1::Job Whole(v1::Job job, const std::vector<v1::Event>& events, absl::Duration between_epochs) {
  api::Derive(between_epochs, &job);
  *job.mutable_events() = {events.begin(), events.end()};
  return job;
}

std::vector<v1::Job::State> StatesOf(const v1::ListJobsRequest& request) {
  std::vector<v1::Job::State> states;
  for (const int state : request.states()) states.push_back(static_cast<v1::Job::State>(state));
  return states;
}

absl::Duration StepDuration(const v1::Job& job) {
  if (job.images_per_second() <= 0) return absl::ZeroDuration();
  return absl::Seconds(job.recipe().batch_size() / job.images_per_second());
}

}  // namespace

absl::StatusOr<std::unique_ptr<JobRegistry>> JobRegistry::Open(Store& store,
                                                               RegistryOptions options) {
  std::unique_ptr<JobRegistry> registry(new JobRegistry(store, std::move(options)));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<JobRecord> running,
                          store.JobsInState(v1::Job::RUNNING));
  const absl::MutexLock lock(&registry->mutex_);
  for (const JobRecord& record : running) {
    CONVOY_RETURN_IF_ERROR(registry->Find(record.id).status());
  }
  return registry;
}

// Returns the job in memory, where it is brought to if need be; Tick drops what need not be there.
absl::StatusOr<JobRegistry::LiveJob*> JobRegistry::Find(const std::string& id) {
  const auto found = live_.find(id);
  if (found != live_.end()) return &found->second;
  LiveJob live;
  CONVOY_ASSIGN_OR_RETURN(live.record, store_.GetJob(id));
  CONVOY_ASSIGN_OR_RETURN(live.events, store_.Events(id));
  live.version = ++last_version_;
  live.heard = live.stepped = options_.now();
  return &(live_[id] = std::move(live));
}

JobRegistry::Change JobRegistry::BeginChange(const LiveJob& live) const {
  return {.next = live, .samples = {}, .events = {}, .forget_after_step = {}};
}

void JobRegistry::AddEvent(v1::Event::Type type, v1::Event::Severity severity,
                           const std::string& message, Change* change) const {
  v1::Event& event = change->events.emplace_back();
  *event.mutable_time() = ToProto(options_.now());
  event.set_type(type);
  event.set_severity(severity);
  event.set_message(message);
  event.set_step(change->next.record.job.step());
}

absl::Status JobRegistry::Commit(LiveJob* live, Change change) {
  CONVOY_RETURN_IF_ERROR(store_.Update({.record = &change.next.record,
                                        .samples = std::move(change.samples),
                                        .events = change.events,
                                        .forget_after_step = change.forget_after_step}));
  for (const v1::Event& event : change.events) {
    if (options_.on_event) options_.on_event(change.next.record.id, event);
    change.next.events.push_back(event);
  }
  if (change.next.events.size() > kMaxEvents) {
    change.next.events.erase(change.next.events.begin(), change.next.events.end() - kMaxEvents);
  }
  TakeOver(live, std::move(change));
  return absl::OkStatus();
}

void JobRegistry::TakeOver(LiveJob* live, Change change) {
  *live = std::move(change.next);
  live->version = ++last_version_;
  changed_.SignalAll();
}

absl::Status JobRegistry::CommitOrTakeOver(LiveJob* live, Change change) {
  if (!change.events.empty()) return Commit(live, std::move(change));
  TakeOver(live, std::move(change));
  return absl::OkStatus();
}

absl::StatusOr<v1::Job> JobRegistry::Get(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(const LiveJob* live, Find(id));
  return Whole(live->record.job, live->events, live->between_epochs);
}

absl::StatusOr<v1::ListJobsResponse> JobRegistry::List(const v1::ListJobsRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size(), 50, 1000));
  CONVOY_ASSIGN_OR_RETURN(Page<v1::Job> page,
                          store_.ListJobs(StatesOf(request), page_size, request.page_token()));
  v1::ListJobsResponse response;
  response.set_next_page_token(page.next_token);
  const absl::MutexLock lock(&mutex_);
  for (v1::Job& stored : page.entries) {
    const auto live = live_.find(stored.name().substr(JobName("").size()));
    const bool newer = live != live_.end() && live->second.record.job.state() == stored.state();
    v1::Job& job = *response.add_jobs();
    job = newer ? live->second.record.job : std::move(stored);
    job.clear_recipe();
    job.clear_ranks();
    api::Derive(newer ? live->second.between_epochs : absl::ZeroDuration(), &job);
  }
  return response;
}

absl::StatusOr<v1::ListMetricsResponse> JobRegistry::ListMetrics(
    const std::string& id, const v1::ListMetricsRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size(), 1000, 10000));
  CONVOY_RETURN_IF_ERROR(store_.GetJob(id).status());
  CONVOY_ASSIGN_OR_RETURN(Page<v1::MetricSample> page,
                          store_.ListSamples(id, request.scope(), page_size, request.page_token()));
  v1::ListMetricsResponse response;
  for (v1::MetricSample& sample : page.entries) *response.add_samples() = std::move(sample);
  response.set_next_page_token(page.next_token);
  return response;
}

absl::StatusOr<v1::Job> JobRegistry::Cancel(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(LiveJob * live, Find(id));
  Change change = BeginChange(*live);
  v1::Job& job = change.next.record.job;
  if (job.state() == v1::Job::SUCCEEDED) {
    return absl::FailedPreconditionError(
        absl::StrCat(job.name(), " has succeeded; there is nothing to cancel"));
  }
  if (job.state() == v1::Job::RUNNING && !job.cancel_requested()) {
    job.set_cancel_requested(true);
    AddEvent(v1::Event::CANCEL_REQUESTED, v1::Event::INFO, "cancelling was requested", &change);
  } else if (job.state() != v1::Job::RUNNING) {
    EndAs(v1::Job::CANCELLED, "cancelled while no trainer ran", &change);
  }
  CONVOY_RETURN_IF_ERROR(CommitOrTakeOver(live, std::move(change)));
  return Whole(live->record.job, live->events, live->between_epochs);
}

absl::Status JobRegistry::Delete(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(const LiveJob* live, Find(id));
  if (live->record.job.state() == v1::Job::RUNNING) {
    return absl::FailedPreconditionError(
        absl::StrCat(JobName(id), " is running; cancel it first, then delete it"));
  }
  CONVOY_RETURN_IF_ERROR(store_.DeleteJob(id));
  live_.erase(id);
  changed_.SignalAll();
  return absl::OkStatus();
}

// Sets the state of a job that ends, with an event where that is new.
void JobRegistry::EndAs(v1::Job::State state, const std::string& message, Change* change) const {
  v1::Job& job = change->next.record.job;
  job.set_cancel_requested(false);
  if (job.state() == state) return;
  job.set_state(state);
  *job.mutable_end_time() = ToProto(options_.now());
  switch (state) {
    case v1::Job::SUCCEEDED:
      return AddEvent(v1::Event::SUCCEEDED, v1::Event::INFO, message, change);
    case v1::Job::STOPPED:
      return AddEvent(v1::Event::STOPPED, v1::Event::INFO, message, change);
    case v1::Job::CANCELLED:
      return AddEvent(v1::Event::CANCELLED, v1::Event::INFO, message, change);
    case v1::Job::LOST:
      return AddEvent(v1::Event::LOST, v1::Event::ERROR, message, change);
    default:
      return AddEvent(v1::Event::FAILED, v1::Event::ERROR, message, change);
  }
}

void JobRegistry::Tick() {
  const absl::MutexLock lock(&mutex_);
  for (auto next = live_.begin(); next != live_.end();) {
    const auto job = next++;
    if (job->second.record.job.state() != v1::Job::RUNNING) {
      if (watches_.count(job->first) == 0) live_.erase(job);
      continue;
    }
    // What cannot be stored now is found again by the next tick.
    (void)TickJob(&job->second);
  }
}

absl::Status JobRegistry::TickJob(LiveJob* live) {
  const absl::Time now = options_.now();
  const v1::Job& job = live->record.job;
  Change change = BeginChange(*live);
  const absl::Duration silence = now - live->heard;
  if (silence >= options_.lost_after) {
    const std::string message =
        absl::StrCat("not heard of for ", absl::ToInt64Seconds(silence),
                     " s: the trainer was killed, or is cut off from the coordinator");
    // Nobody is there to answer a request to cancel.
    EndAs(job.cancel_requested() ? v1::Job::CANCELLED : v1::Job::LOST, message, &change);
    return Commit(live, std::move(change));
  }
  const absl::Duration patience = std::max(options_.stalled_after, kStallSteps * StepDuration(job));
  if (live->stalled || job.activity() != v1::Job::TRAINING || now - live->stepped < patience) {
    return absl::OkStatus();
  }
  change.next.stalled = true;
  AddEvent(
      v1::Event::STALLED, v1::Event::WARNING,
      absl::StrCat("no step for ", absl::ToInt64Seconds(now - live->stepped),
                   " s, though the trainer answers: a rank may hang or its host be overloaded"),
      &change);
  return Commit(live, std::move(change));
}

void JobRegistry::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
  changed_.SignalAll();
}

std::vector<v1::Job> JobRegistry::RunningJobs() {
  const absl::MutexLock lock(&mutex_);
  std::vector<v1::Job> jobs;
  for (const auto& [id, live] : live_) {
    if (live.record.job.state() != v1::Job::RUNNING) continue;
    jobs.push_back(Whole(live.record.job, live.events, live.between_epochs));
  }
  return jobs;
}

absl::StatusOr<std::unique_ptr<JobRegistry::Watch>> JobRegistry::StartWatch(const std::string& id) {
  const absl::MutexLock lock(&mutex_);
  CONVOY_RETURN_IF_ERROR(Find(id).status());
  ++watches_[id];
  return std::unique_ptr<Watch>(new Watch(*this, id));
}

JobRegistry::Watch::~Watch() {
  const absl::MutexLock lock(&registry_.mutex_);
  const auto count = registry_.watches_.find(id_);
  if (--count->second == 0) registry_.watches_.erase(count);
}

absl::StatusOr<NumberedJob> JobRegistry::Watch::Await(uint64_t version, absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  const absl::MutexLock lock(&registry_.mutex_);
  for (;;) {
    if (registry_.stopping_) return Stopping();
    const auto live = registry_.live_.find(id_);
    if (live == registry_.live_.end()) {
      return absl::NotFoundError(absl::StrCat(JobName(id_), " was deleted"));
    }
    const bool late = absl::Now() >= deadline;
    if (live->second.version != version || late) {
      return NumberedJob{
          .job = Whole(live->second.record.job, live->second.events, live->second.between_epochs),
          .version = live->second.version};
    }
    registry_.changed_.WaitWithDeadline(&registry_.mutex_, deadline);
  }
}

}  // namespace convoy::coordinator
