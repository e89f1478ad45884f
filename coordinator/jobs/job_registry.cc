// What clients ask, and how changes reach the store. job_registry_workers.cc has what trainers
// report, live_job.cc what follows from it.
//
// Write-behind with group commit, as in databases: a change is made in memory under the lock and
// numbered; one thread (`writer_`) saves the newest state of a job with all that is unsaved,
// without the lock; its callers are answered when the number that the store has reached theirs. So
// several changes of a job share one commit (an fsync), and all who only read or tell that they
// live go on.
#include "coordinator/jobs/job_registry.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "coordinator/jobs/requests.h"
#include "coordinator/store/page_token.h"

namespace convoy::coordinator {
namespace {

absl::Status Stopping() {
  return absl::UnavailableError("the coordinator is stopping; try again when it is back");
}

absl::Status Deleted(const std::string& id) {
  return absl::NotFoundError(absl::StrCat(api::JobName(id), " was deleted"));
}

// A job with its recipe.
v1::Job Whole(v1::Job job, const std::shared_ptr<const v1::Recipe>& recipe) {
  *job.mutable_recipe() = *recipe;
  return job;
}

v1::Event DamageEvent(absl::Time now) {
  v1::Event event;
  *event.mutable_time() = ToProto(now);
  event.set_type(v1::Event::DAMAGED);
  event.set_severity(v1::Event::ERROR);
  event.set_message(
      "what the store has of it is damaged and left out; delete the job, or resume it: its trainer "
      "tells all anew");
  return event;
}

std::vector<v1::Job::State> StatesOf(const v1::ListJobsRequest& request) {
  std::vector<v1::Job::State> states;
  for (const int state : request.states()) states.push_back(static_cast<v1::Job::State>(state));
  return states;
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
  registry->TellDamage();
  return registry;
}

JobRegistry::Entry& JobRegistry::Add(const std::string& id, LiveJob live) {
  const uint64_t version = ++last_version_;
  return live_
      .insert_or_assign(
          id,
          Entry{.live = std::move(live), .version = version, .to_save = version, .saved = version})
      .first->second;
}

absl::StatusOr<JobRegistry::Entry*> JobRegistry::Find(const std::string& id) {
  for (;;) {
    const auto found = live_.find(id);
    if (found != live_.end()) return &found->second;
    const uint64_t deletions = deletions_;
    mutex_.Unlock();
    absl::StatusOr<JobRecord> record = store_.GetJob(id);
    absl::StatusOr<std::vector<v1::Event>> events = store_.Events(id);
    mutex_.Lock();
    CONVOY_RETURN_IF_ERROR(record.status());
    CONVOY_RETURN_IF_ERROR(events.status());
    // What was read may just have been deleted, or another caller was faster.
    if (deletions != deletions_ || live_.count(id) > 0) continue;
    return &Add(id, LiveJob(*std::move(record), *std::move(events), options_.now()));
  }
}

uint64_t JobRegistry::Changed(Entry& entry) {
  changed_.SignalAll();
  return entry.version = ++last_version_;
}

uint64_t JobRegistry::ChangedToSave(Entry& entry) { return entry.to_save = Changed(entry); }

absl::Status JobRegistry::Save(const std::string& id, uint64_t version) {
  return writer_.Run([&] { return Write(id, version); });
}

absl::Status JobRegistry::Write(const std::string& id, uint64_t version) {
  JobRecord record;
  UnsavedChanges unsaved;
  uint64_t written = 0;
  {
    const absl::MutexLock lock(&mutex_);
    const auto found = live_.find(id);
    if (found == live_.end()) return Deleted(id);
    Entry& entry = found->second;
    entry.queued = false;
    if (entry.saved >= version) return absl::OkStatus();  // an earlier write took it along
    record = entry.live.record();
    unsaved = entry.live.TakeUnsaved();
    written = entry.version;
  }
  JobUpdate update{.record = &record,
                   .samples = {},
                   .events = unsaved.events,
                   .forget_after_step = unsaved.forget_after_step};
  for (const auto& [key, sample] : unsaved.samples) update.samples.push_back(sample);
  const absl::Status stored = store_.Update(update);
  for (const v1::Event& event : unsaved.events) {
    if (stored.ok() && options_.on_event) options_.on_event(id, event);
  }
  const absl::MutexLock lock(&mutex_);
  Entry& entry = live_.at(id);  // what is not saved is not dropped, and only this thread deletes
  if (stored.ok()) {
    entry.saved = written;
  } else {
    entry.live.PutBack(std::move(unsaved));
  }
  return stored;
}

absl::StatusOr<v1::Job> JobRegistry::Get(const std::string& id) {
  v1::Job job;
  std::shared_ptr<const v1::Recipe> recipe;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(const Entry* entry, Find(id));
    job = entry->live.Snapshot();
    recipe = entry->live.recipe();
  }
  return Whole(std::move(job), recipe);
}

absl::StatusOr<v1::ListJobsResponse> JobRegistry::List(const v1::ListJobsRequest& request) {
  CONVOY_ASSIGN_OR_RETURN(const int page_size, PageSize(request.page_size(), 50, 1000));
  CONVOY_ASSIGN_OR_RETURN(Page<v1::Job> page,
                          store_.ListJobs(StatesOf(request), page_size, request.page_token()));
  v1::ListJobsResponse response;
  response.set_next_page_token(page.next_token);
  const absl::MutexLock lock(&mutex_);
  for (v1::Job& stored : page.entries) {
    const auto found = live_.find(api::ShortName(stored.name()));
    // One that was asked for by its state is shown in that state.
    const bool newer = found != live_.end() && found->second.live.job().state() == stored.state();
    if (newer) {
      *response.add_jobs() = found->second.live.Summary();
    } else {
      api::Derive(absl::ZeroDuration(), &stored);
      *response.add_jobs() = std::move(stored);
    }
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
  v1::Job job;
  std::shared_ptr<const v1::Recipe> recipe;
  uint64_t version = 0;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(Entry * entry, Find(id));
    if (entry->live.job().state() == v1::Job::SUCCEEDED) {
      return absl::FailedPreconditionError(
          absl::StrCat(api::JobName(id), " has succeeded; there is nothing to cancel"));
    }
    entry->live.Cancel(options_.now());
    version = ChangedToSave(*entry);
    job = entry->live.Snapshot();
    recipe = entry->live.recipe();
  }
  CONVOY_RETURN_IF_ERROR(Save(id, version));
  return Whole(std::move(job), recipe);
}

absl::StatusOr<v1::Job> JobRegistry::Update(const std::string& id,
                                            const v1::UpdateJobRequest& request) {
  v1::Job job;
  std::shared_ptr<const v1::Recipe> recipe;
  uint64_t version = 0;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(Entry * entry, Find(id));
    CONVOY_ASSIGN_OR_RETURN(const v1::JobLabels labels,
                            ChangedLabels(entry->live.job().labels(), request));
    entry->live.SetLabels(labels, options_.now());
    version = ChangedToSave(*entry);
    job = entry->live.Snapshot();
    recipe = entry->live.recipe();
  }
  CONVOY_RETURN_IF_ERROR(Save(id, version));
  return Whole(std::move(job), recipe);
}

absl::Status JobRegistry::Delete(const std::string& id) {
  return writer_.Run([&] { return DeleteFromStore(id); });
}

// A trainer that comes back just now finds its job deleted, and registers it anew.
absl::Status JobRegistry::DeleteFromStore(const std::string& id) {
  {
    const absl::MutexLock lock(&mutex_);
    const absl::StatusOr<Entry*> entry = Find(id);
    if (!entry.ok() && !absl::IsDataLoss(entry.status())) return entry.status();
    if (entry.ok() && (*entry)->live.running()) {
      return absl::FailedPreconditionError(
          absl::StrCat(api::JobName(id), " is running; cancel it first, then delete it"));
    }
  }
  CONVOY_RETURN_IF_ERROR(store_.DeleteJob(id));
  const absl::MutexLock lock(&mutex_);
  live_.erase(id);
  ++deletions_;
  changed_.SignalAll();
  return absl::OkStatus();
}

void JobRegistry::TellDamage() {
  for (const std::string& id : store_.TakeDamaged()) {
    const auto known = live_.find(id);
    if (known != live_.end()) ChangedToSave(known->second);
    if (!options_.on_event) continue;
    writer_.Post([this, id, event = DamageEvent(options_.now().wall)] {
      options_.on_event(id, event);
      return absl::OkStatus();
    });
  }
}

void JobRegistry::Tick() {
  const absl::MutexLock lock(&mutex_);
  TellDamage();
  for (auto next = live_.begin(); next != live_.end();) {
    const auto current = next++;
    const std::string& id = current->first;
    Entry& entry = current->second;
    if (entry.live.running() && entry.live.CheckLiveness(options_.liveness, options_.now())) {
      ChangedToSave(entry);
    }
    if (entry.saved < entry.to_save && !entry.queued) {
      entry.queued = true;
      // What cannot be stored now is tried again by the next tick.
      writer_.Post([this, id = id, version = entry.to_save] {
        Write(id, version).IgnoreError();
        return absl::OkStatus();
      });
    }
    const bool idle = !entry.live.running() && entry.saved >= entry.to_save;
    if (idle && watches_.count(id) == 0) live_.erase(current);
  }
  changed_.SignalAll();  // for watches whose time is up
}

void JobRegistry::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
  changed_.SignalAll();
}

std::vector<v1::Job> JobRegistry::RunningJobs() {
  const absl::MutexLock lock(&mutex_);
  std::vector<v1::Job> jobs;
  for (const auto& [id, entry] : live_) {
    if (entry.live.running()) jobs.push_back(entry.live.Snapshot());  // without recipes
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
  NumberedJob state;
  std::shared_ptr<const v1::Recipe> recipe;
  {
    const absl::MutexLock lock(&registry_.mutex_);
    CONVOY_ASSIGN_OR_RETURN(const Entry* entry, AwaitEntry(version, timeout));
    state = {.job = entry->live.Snapshot(), .version = entry->version};
    recipe = entry->live.recipe();
  }
  state.job = Whole(std::move(state.job), recipe);
  return state;
}

absl::StatusOr<const JobRegistry::Entry*> JobRegistry::Watch::AwaitEntry(uint64_t version,
                                                                         absl::Duration timeout) {
  const absl::Duration deadline = registry_.options_.now().steady + timeout;
  for (;;) {
    if (registry_.stopping_) return Stopping();
    const auto found = registry_.live_.find(id_);
    if (found == registry_.live_.end()) return Deleted(id_);
    const absl::Duration left = deadline - registry_.options_.now().steady;
    const Entry& entry = found->second;
    if (entry.version != version || left <= absl::ZeroDuration()) return &entry;
    registry_.changed_.WaitFor(&registry_.mutex_, left);
  }
}

}  // namespace convoy::coordinator
