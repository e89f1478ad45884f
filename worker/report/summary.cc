#include "worker/report/summary.h"

#include <nlohmann/json.hpp>

#include "common/base/version.h"

namespace convoy::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json OrNull(const std::string& value) { return value.empty() ? Json(nullptr) : Json(value); }

Json PhasesToJson(const metrics::PhaseSeconds& phases) {
  return {{"data", phases.data},     {"forward", phases.forward}, {"backward", phases.backward},
          {"reduce", phases.reduce}, {"update", phases.update},   {"wait", phases.wait}};
}

void AddFacts(const JobFacts& facts, Json* json) {
  (*json)["world_size"] = facts.world_size;
  (*json)["threads"] = facts.threads;
  (*json)["hosts"] = facts.DistinctHosts();
  (*json)["isa"] = facts.isa;
  (*json)["blas_core"] = facts.blas_core;
  (*json)["version"] = Version();
  (*json)["git_commit"] = GitCommit();
  (*json)["data"] = facts.data_kind;
  (*json)["data_sha256"] = facts.data_sha256;
  (*json)["model"] = facts.model_name;
  (*json)["train_images"] = facts.train_images;
  (*json)["validation_images"] = facts.validation_images;
  (*json)["test_images"] = facts.test_images;
  (*json)["epochs"] = facts.epochs;
}

}  // namespace

std::string RunStateName(RunState state) {
  switch (state) {
    case RunState::kRunning:
      return "running";
    case RunState::kSucceeded:
      return "succeeded";
    case RunState::kFailed:
      return "failed";
    case RunState::kStopped:
      return "stopped";
    case RunState::kCancelled:
      return "cancelled";
  }
  return "";
}

std::string SummaryToJson(const Summary& summary) {
  const JobFacts& facts = summary.facts;
  Json json;
  json["schema_version"] = kSchemaVersion;
  json["state"] = RunStateName(summary.state);
  json["error"] = OrNull(summary.error);
  AddFacts(facts, &json);
  json["steps"] = summary.steps;
  json["batch_size"] = facts.batch_size;
  json["micro_batch"] = facts.micro_batch;
  json["reduce"] = facts.reduce;
  json["seed"] = facts.seed;
  json["parameters"] = facts.parameters;
  json["restarts"] = facts.restarts;
  json["train_seconds"] = summary.train_seconds;
  json["train_images_per_second"] = summary.train_images_per_second;
  json["wall_seconds"] = summary.wall_seconds;
  json["peak_rss_bytes"] = summary.peak_rss_bytes;
  json["test_loss"] = OrNull(summary.test_loss);
  json["test_accuracy"] = OrNull(summary.test_accuracy);
  json["validation_accuracy"] = OrNull(summary.validation_accuracy);
  json["weights_sha256"] = OrNull(summary.weights_sha256);
  json["phase_seconds"] = Json::array();
  for (const auto& phases : summary.phase_seconds) {
    json["phase_seconds"].push_back(PhasesToJson(phases));
  }
  return json.dump(2) + "\n";
}

std::string StateInSummary(const std::string& json) {
  const auto parsed = nlohmann::json::parse(json, nullptr, /*allow_exceptions=*/false);
  if (!parsed.is_object() || !parsed.contains("state") || !parsed["state"].is_string()) return "";
  return parsed["state"].get<std::string>();
}

}  // namespace convoy::report
