#include "client/jobs/job_json.h"

#include <string>

#include "absl/strings/ascii.h"
#include "client/view/time_text.h"
#include "common/api/job_description.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;
using google::protobuf::Timestamp;

Json TimeToJson(bool known, const Timestamp& time) {
  const std::string text = known ? Rfc3339(time.seconds(), time.nanos()) : "";
  return text.empty() ? Json() : Json(text);
}

Json PhasesToJson(const v1::PhaseSeconds& proto) {
  const metrics::PhaseSeconds seconds = api::FromProto(proto);
  Json json;
  for (const metrics::Phase& phase : metrics::kPhases) json[phase.name] = seconds.*phase.seconds;
  return json;
}

Json RanksToJson(const v1::Job& job) {
  Json ranks = Json::array();
  for (const v1::Rank& rank : job.ranks()) {
    ranks.push_back({{"rank", rank.rank()},
                     {"host", rank.host()},
                     {"threads", rank.threads()},
                     {"phase_seconds", PhasesToJson(rank.phase_seconds())}});
  }
  return ranks;
}

Json EventsToJson(const v1::Job& job) {
  Json events = Json::array();
  for (const v1::Event& event : job.events()) {
    events.push_back(
        {{"time", TimeToJson(event.has_time(), event.time())},
         {"type", absl::AsciiStrToLower(v1::Event::Type_Name(event.type()))},
         {"severity", absl::AsciiStrToLower(v1::Event::Severity_Name(event.severity()))},
         {"step", event.step()},
         {"message", event.message()}});
  }
  return events;
}

void AddProgress(const v1::Job& job, Json* json) {
  (*json)["epoch"] = job.epoch();
  (*json)["epochs"] = job.epochs();
  (*json)["completed_epochs"] = job.completed_epochs();
  (*json)["step"] = job.step();
  (*json)["total_steps"] = job.total_steps();
  (*json)["steps_per_epoch"] = job.steps_per_epoch();
  (*json)["progress_percentage"] = job.progress_percentage();
  const bool known = job.has_estimated_remaining_duration();
  const google::protobuf::Duration& left = job.estimated_remaining_duration();
  (*json)["estimated_remaining_seconds"] =
      known ? Json(static_cast<double>(left.seconds()) + left.nanos() * 1e-9) : Json();
  (*json)["images_per_second"] = job.images_per_second();
}

void AddSetup(const v1::JobSetup& setup, Json* json) {
  (*json)["owner"] = setup.owner();
  (*json)["run_directory"] = setup.run_directory();
  (*json)["network"] = setup.network();
  (*json)["parameters"] = setup.parameter_count();
  (*json)["data"] = setup.data_kind();
  (*json)["data_sha256"] = setup.data_sha256();
  (*json)["train_images"] = setup.train_image_count();
  (*json)["validation_images"] = setup.validation_image_count();
  (*json)["test_images"] = setup.test_image_count();
  (*json)["isa"] = setup.isa();
  (*json)["blas_core"] = setup.blas_core();
}

void AddLabels(const v1::JobLabels& labels, Json* json) {
  (*json)["display_name"] = labels.display_name().empty() ? Json() : Json(labels.display_name());
  (*json)["tags"] = Json::array();
  for (const std::string& tag : labels.tags()) (*json)["tags"].push_back(tag);
  (*json)["note"] = labels.note().empty() ? Json() : Json(labels.note());
}

}  // namespace

std::string JobId(const v1::Job& job) { return api::ShortName(job.name()); }

Json JobToJson(const v1::Job& job) {
  Json json = {{"name", JobId(job)}, {"state", api::StateName(job.state())}};
  AddLabels(job.labels(), &json);
  json["error"] = job.error().empty() ? Json() : Json(job.error());
  AddProgress(job, &json);
  json["metrics"] = Json::object();
  for (const v1::Metric& metric : job.metrics()) json["metrics"][metric.name()] = metric.value();
  json["world_size"] = job.world_size();
  json["create_time"] = TimeToJson(job.has_create_time(), job.create_time());
  json["start_time"] = TimeToJson(job.has_start_time(), job.start_time());
  json["end_time"] = TimeToJson(job.has_end_time(), job.end_time());
  json["update_time"] = TimeToJson(job.has_update_time(), job.update_time());
  json["restarts"] = job.restarts();
  json["cancel_requested"] = job.cancel_requested();
  AddSetup(job.setup(), &json);
  json["weights_sha256"] = job.weights_sha256().empty() ? Json() : Json(job.weights_sha256());
  json["ranks"] = RanksToJson(job);
  json["events"] = EventsToJson(job);
  return json;
}

metrics::History ToHistory(const std::vector<v1::MetricSample>& epochs) {
  metrics::History history;
  for (const v1::MetricSample& epoch : epochs) {
    metrics::EpochMetrics& values = history.emplace_back();
    for (const v1::Metric& metric : epoch.metrics()) {
      values.emplace_back(metric.name(), metric.value());
    }
  }
  return history;
}

}  // namespace convoy::client
