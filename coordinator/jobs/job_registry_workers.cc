// What trainers report to the registry.
#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/api/model_description.h"
#include "common/api/resource_names.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/jobs/requests.h"

namespace convoy::coordinator {

absl::StatusOr<JobRegistry::Entry*> JobRegistry::FindForProcess(const std::string& job_name,
                                                                const std::string& process_id) {
  CONVOY_ASSIGN_OR_RETURN(const std::string id, api::ParseJobName(job_name, "job"));
  absl::StatusOr<Entry*> found = Find(id);
  if (absl::IsDataLoss(found.status())) {
    return absl::NotFoundError(absl::StrCat(job_name, ": is damaged; register it again"));
  }
  CONVOY_ASSIGN_OR_RETURN(Entry * entry, std::move(found));
  if (entry->live.record().process_id == process_id) return entry;
  return absl::FailedPreconditionError(
      absl::StrCat(job_name, ": another trainer works on this job by now"));
}

// Jobs that are not saved yet are in memory: those that other registrations make.
absl::StatusOr<bool> JobRegistry::IsTaken(const std::string& id) {
  {
    const absl::MutexLock lock(&mutex_);
    if (live_.count(id) > 0) return true;
  }
  return store_.HasJob(id);
}

absl::StatusOr<std::string> JobRegistry::FreeId(const std::string& run_name) {
  constexpr size_t kSuffixChars = 12;
  const std::string wanted = api::MakeId(run_name);
  const std::string stem = wanted.substr(0, api::kMaxIdChars - kSuffixChars);
  std::string id = wanted;
  CONVOY_ASSIGN_OR_RETURN(bool taken, IsTaken(id));
  if (!taken) return id;
  CONVOY_ASSIGN_OR_RETURN(int64_t number, store_.FreeNumber(stem));
  for (; taken; ++number) {  // once, but for jobs that are not stored yet
    id = absl::StrCat(stem, "-", number);
    CONVOY_ASSIGN_OR_RETURN(taken, IsTaken(id));
  }
  return id;
}

absl::StatusOr<std::string> JobRegistry::IdOfRun(const worker::v1::RegisterJobRequest& request) {
  std::optional<StoredRun> known;
  {
    const absl::MutexLock lock(&mutex_);
    for (const auto& [id, entry] : live_) {
      const JobRecord& record = entry.live.record();
      if (record.run_id == request.run_id()) {
        known = StoredRun{.id = id, .run_key = record.run_key};
      }
    }
  }
  if (!known) {
    CONVOY_ASSIGN_OR_RETURN(known, store_.FindRun(request.run_id()));
  }
  if (known && !known->run_key.empty() && known->run_key != Sha256Hex(request.run_key())) {
    return absl::PermissionDeniedError(
        absl::StrCat("run_key: ", api::JobName(known->id),
                     " is a run with another key; only its owner can report it"));
  }
  if (known) return known->id;
  CONVOY_ASSIGN_OR_RETURN(const std::string id, FreeId(request.run_name()));
  const absl::MutexLock lock(&mutex_);
  ChangedToSave(Add(id, LiveJob(id, request, options_.now())));
  return id;
}

absl::StatusOr<JobRegistry::Entry*> JobRegistry::FindToRegister(
    const std::string& id, const worker::v1::RegisterJobRequest& request) {
  absl::StatusOr<Entry*> found = Find(id);
  if (!absl::IsDataLoss(found.status())) return found;
  return &Add(id, LiveJob(id, request, options_.now()));
}

absl::StatusOr<worker::v1::RegisterJobResponse> JobRegistry::Register(
    const worker::v1::RegisterJobRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  worker::v1::RegisterJobResponse response;
  std::string id;
  uint64_t version = 0;
  {
    const absl::MutexLock registering(&registering_);
    CONVOY_ASSIGN_OR_RETURN(id, IdOfRun(request));
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(Entry * entry, FindToRegister(id, request));
    entry->live.Register(request, options_.now());
    version = ChangedToSave(*entry);
    response.set_cancel_requested(entry->live.shall_stop());
  }
  CONVOY_RETURN_IF_ERROR(Save(id, version));
  response.set_job(api::JobName(id));
  CONVOY_ASSIGN_OR_RETURN(const int stored_epochs, store_.CompletedEpochs(id));
  response.set_stored_epochs(stored_epochs);
  response.set_heartbeat_interval_ms(
      static_cast<int32_t>(absl::ToInt64Milliseconds(options_.heartbeat_interval)));
  return response;
}

absl::StatusOr<worker::v1::ReportProgressResponse> JobRegistry::Report(
    const worker::v1::ReportProgressRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  CONVOY_ASSIGN_OR_RETURN(const std::set<std::string> names, MetricNames(request));
  worker::v1::ReportProgressResponse response;
  std::string id;
  uint64_t version = 0;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(Entry * entry, FindForProcess(request.job(), request.process_id()));
    CONVOY_RETURN_IF_ERROR(entry->live.Admit(request, names));
    entry->live.Apply(request, options_.liveness, options_.now());
    version = ChangedToSave(*entry);
    id = entry->live.record().id;
    response.set_cancel_requested(entry->live.shall_stop());
  }
  CONVOY_RETURN_IF_ERROR(Save(id, version));
  return response;
}

// What a heartbeat changes need not survive a restart, but the events that follow from it: those
// are saved by the next tick.
absl::StatusOr<worker::v1::HeartbeatResponse> JobRegistry::Heartbeat(
    const worker::v1::HeartbeatRequest& request) {
  CONVOY_RETURN_IF_ERROR(Check(request));
  const absl::MutexLock lock(&mutex_);
  CONVOY_ASSIGN_OR_RETURN(Entry * entry, FindForProcess(request.job(), request.process_id()));
  entry->live.Apply(request, options_.now());
  entry->live.HasUnsavedEvents() ? ChangedToSave(*entry) : Changed(*entry);
  worker::v1::HeartbeatResponse response;
  response.set_cancel_requested(entry->live.shall_stop());
  return response;
}

void JobRegistry::NoteAlive(const worker::v1::ModelHeader& header) {
  const absl::MutexLock lock(&mutex_);
  const absl::StatusOr<Entry*> entry = FindForProcess(header.job(), header.process_id());
  if (entry.ok()) (*entry)->live.NoteAlive(options_.now());
}

absl::StatusOr<worker::v1::PublishModelResponse> JobRegistry::Publish(
    const worker::v1::ModelHeader& header, const std::string& bytes) {
  CONVOY_RETURN_IF_ERROR(Check(header));
  std::string id;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(const Entry* entry, FindForProcess(header.job(), header.process_id()));
    id = entry->live.record().id;
  }
  CONVOY_ASSIGN_OR_RETURN(v1::TrainedModel model, api::DescribeModel(bytes, "the published model"));
  if (model.sha256() != header.sha256() || model.size_bytes() != header.size_bytes()) {
    return absl::DataLossError("the model's bytes are not those that its header says; send again");
  }
  const absl::StatusOr<v1::TrainedModel> old = store_.GetModel(id);
  model.set_name(api::ModelName(id));
  model.set_job(api::JobName(id));
  model.set_version(absl::StrCat(header.epoch()));
  model.set_final(header.final());
  *model.mutable_update_time() = ToProto(options_.now().wall);
  *model.mutable_create_time() = old.ok() ? old->create_time() : model.update_time();
  *model.mutable_metrics() = header.metrics();
  const auto is_wanted = [&] {
    const absl::MutexLock lock(&mutex_);
    const absl::StatusOr<Entry*> entry = FindForProcess(header.job(), header.process_id());
    return entry.ok() && (*entry)->live.TakesModel(header.epoch(), header.final());
  };
  CONVOY_RETURN_IF_ERROR(store_.PutModel(id, model, bytes, is_wanted).status());
  uint64_t version = 0;
  {
    const absl::MutexLock lock(&mutex_);
    CONVOY_ASSIGN_OR_RETURN(Entry * entry, FindForProcess(header.job(), header.process_id()));
    if (header.epoch() > 0) {
      entry->live.SetModel(model.name(), options_.now());
    } else {
      entry->live.NoteAlive(options_.now());
    }
    version = ChangedToSave(*entry);
  }
  CONVOY_RETURN_IF_ERROR(Save(id, version));
  worker::v1::PublishModelResponse response;
  response.set_model(model.name());
  return response;
}

}  // namespace convoy::coordinator
