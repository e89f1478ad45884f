// summary.json, written and read by the same table of keys: what one direction knows, the other
// does. Keys are added, never changed or taken away, so SummaryFromJson reads the files of every
// version of Convoy, and takes what an older one lacks as unknown.
#include "common/run/summary.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "common/base/text_error.h"

namespace convoy::run {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kSchemaVersion = 1;

constexpr std::array<std::pair<RunState, const char*>, 5> kStates = {
    {{RunState::kRunning, "running"},
     {RunState::kSucceeded, "succeeded"},
     {RunState::kFailed, "failed"},
     {RunState::kStopped, "stopped"},
     {RunState::kCancelled, "cancelled"}}};

Json OrNull(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json OrNull(const std::string& value) { return value.empty() ? Json() : Json(value); }

Json OrNull(absl::Time time) {
  if (time == absl::InfinitePast() || time == absl::InfiniteFuture()) return {};
  return absl::FormatTime("%Y-%m-%dT%H:%M:%E6SZ", time, absl::UTCTimeZone());
}

Json ToJson(const metrics::PhaseSeconds& seconds) {
  Json json;
  for (const metrics::Phase& phase : metrics::kPhases) json[phase.name] = seconds.*phase.seconds;
  return json;
}

void AddFacts(const Summary& summary, Json* json) {
  const JobFacts& facts = summary.facts;
  (*json)["world_size"] = facts.world_size;
  (*json)["threads"] = facts.threads;
  (*json)["hosts"] = facts.DistinctHosts();
  (*json)["rank_hosts"] = facts.hosts;
  (*json)["owner"] = OrNull(facts.owner);
  (*json)["isa"] = facts.isa;
  (*json)["blas_core"] = facts.blas_core;
  (*json)["version"] = summary.version;
  (*json)["git_commit"] = summary.git_commit;
  (*json)["data"] = facts.data_kind;
  (*json)["data_sha256"] = facts.data_sha256;
  (*json)["class_names"] = facts.class_names.empty() ? Json() : Json(facts.class_names);
  (*json)["model"] = facts.model_name;
  (*json)["train_images"] = facts.train_images;
  (*json)["validation_images"] = facts.validation_images;
  (*json)["test_images"] = facts.test_images;
  (*json)["epochs"] = facts.epochs;
  (*json)["batch_size"] = facts.batch_size;
  (*json)["micro_batch"] = facts.micro_batch;
  (*json)["reduce"] = facts.reduce;
  (*json)["exchange"] = OrNull(facts.exchange);
  (*json)["seed"] = facts.seed;
  (*json)["parameters"] = facts.parameters;
  (*json)["restarts"] = facts.restarts;
}

void AddProgress(const Summary& summary, Json* json) {
  (*json)["start_time"] = OrNull(summary.facts.start_time);
  (*json)["end_time"] = OrNull(summary.end_time);
  (*json)["epoch"] = summary.epoch;
  (*json)["steps"] = summary.steps;
  (*json)["loss"] = OrNull(summary.loss);
  (*json)["accuracy"] = OrNull(summary.accuracy);
  (*json)["images_per_second"] = summary.images_per_second;
  (*json)["train_seconds"] = summary.train_seconds;
  (*json)["validation_seconds"] = summary.validation_seconds;
  (*json)["train_images_per_second"] = summary.train_images_per_second;
  (*json)["wall_seconds"] = summary.wall_seconds;
  (*json)["peak_rss_bytes"] = summary.peak_rss_bytes;
}

// An object's values; what is missing or of another type is empty or 0.
class Fields {
 public:
  explicit Fields(const Json& json) : json_(json) {}

  const Json& At(const char* key) const {
    static const Json* const kNothing = new Json();
    const auto found = json_.find(key);
    return found == json_.end() ? *kNothing : *found;
  }

  std::string Text(const char* key) const {
    return At(key).is_string() ? At(key).get<std::string>() : "";
  }

  std::optional<double> Number(const char* key) const {
    return At(key).is_number() ? std::optional(At(key).get<double>()) : std::nullopt;
  }

  // A count, cut to what a double has exactly.
  int64_t Whole(const char* key) const {
    return static_cast<int64_t>(std::clamp(Number(key).value_or(0), 0.0, 9007199254740992.0));
  }

  int Small(const char* key) const {
    return static_cast<int>(std::min<int64_t>(Whole(key), 1 << 30));
  }

  absl::Time Time(const char* key, absl::Time unknown) const {
    absl::Time time;
    return absl::ParseTime(absl::RFC3339_full, Text(key), &time, nullptr) ? time : unknown;
  }

  // Calls `add` with every entry of a list.
  template <typename Add>
  void ForEach(const char* key, const Add& add) const {
    if (!At(key).is_array()) return;
    for (const Json& entry : At(key)) add(entry);
  }

 private:
  const Json& json_;
};

std::string TextOf(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

// An earlier version wrote each host only once: which rank was where is known if all were on one.
std::vector<std::string> HostsOfRanks(const Fields& fields, size_t ranks) {
  std::vector<std::string> hosts;
  fields.ForEach("rank_hosts", [&](const Json& host) { hosts.push_back(TextOf(host)); });
  if (!hosts.empty()) return hosts;
  fields.ForEach("hosts", [&](const Json& host) { hosts.push_back(TextOf(host)); });
  return std::vector<std::string>(ranks, hosts.size() == 1 ? hosts[0] : "");
}

JobFacts FactsIn(const Fields& fields) {
  JobFacts facts;
  facts.world_size = fields.Small("world_size");
  fields.ForEach("threads", [&](const Json& count) {
    facts.threads.push_back(count.is_number_integer() ? count.get<int>() : 0);
  });
  facts.hosts = HostsOfRanks(fields, facts.threads.size());
  facts.owner = fields.Text("owner");
  facts.isa = fields.Text("isa");
  facts.blas_core = fields.Text("blas_core");
  facts.data_kind = fields.Text("data");
  facts.data_sha256 = fields.Text("data_sha256");
  fields.ForEach("class_names",
                 [&](const Json& name) { facts.class_names.push_back(TextOf(name)); });
  facts.model_name = fields.Text("model");
  facts.parameters = fields.Whole("parameters");
  facts.train_images = fields.Whole("train_images");
  facts.validation_images = fields.Whole("validation_images");
  facts.test_images = fields.Whole("test_images");
  facts.epochs = fields.Small("epochs");
  facts.batch_size = fields.Small("batch_size");
  facts.micro_batch = fields.Small("micro_batch");
  const int64_t batch = std::max(facts.batch_size, 1);
  facts.steps_per_epoch = (facts.train_images + batch - 1) / batch;
  facts.reduce = fields.Text("reduce");
  facts.exchange = fields.Text("exchange");
  if (fields.At("seed").is_number_unsigned()) facts.seed = fields.At("seed").get<uint64_t>();
  facts.restarts = fields.Whole("restarts");
  facts.start_time = fields.Time("start_time", absl::InfinitePast());
  return facts;
}

metrics::PhaseSeconds PhasesIn(const Json& json) {
  metrics::PhaseSeconds seconds;
  if (!json.is_object()) return seconds;
  for (const metrics::Phase& phase : metrics::kPhases) {
    seconds.*phase.seconds = Fields(json).Number(phase.name).value_or(0);
  }
  return seconds;
}

// Null after the end of a run that succeeded is what became of a value that is not finite.
std::optional<double> ResultIn(const Fields& fields, const char* key, RunState state) {
  const std::optional<double> value = fields.Number(key);
  if (value || state != RunState::kSucceeded || !fields.At(key).is_null()) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

Summary SummaryIn(const Fields& fields, RunState state) {
  Summary summary;
  summary.state = state;
  summary.error = fields.Text("error");
  summary.facts = FactsIn(fields);
  summary.version = fields.Text("version");
  summary.git_commit = fields.Text("git_commit");
  summary.end_time = fields.Time("end_time", absl::InfiniteFuture());
  summary.epoch = fields.Whole("epoch");
  summary.steps = fields.Whole("steps");
  summary.loss = fields.Number("loss");
  summary.accuracy = fields.Number("accuracy");
  summary.train_seconds = fields.Number("train_seconds").value_or(0);
  summary.validation_seconds = fields.Number("validation_seconds").value_or(0);
  summary.train_images_per_second = fields.Number("train_images_per_second").value_or(0);
  summary.images_per_second =
      fields.Number("images_per_second").value_or(summary.train_images_per_second);
  summary.wall_seconds = fields.Number("wall_seconds").value_or(0);
  summary.peak_rss_bytes = fields.Whole("peak_rss_bytes");
  summary.test_loss = ResultIn(fields, "test_loss", state);
  summary.test_accuracy = ResultIn(fields, "test_accuracy", state);
  summary.validation_accuracy = fields.Number("validation_accuracy");
  summary.weights_sha256 = fields.Text("weights_sha256");
  fields.ForEach("phase_seconds",
                 [&](const Json& rank) { summary.phase_seconds.push_back(PhasesIn(rank)); });
  return summary;
}

}  // namespace

std::string RunStateName(RunState state) {
  for (const auto& [known, name] : kStates) {
    if (known == state) return name;
  }
  return "";
}

std::string ToJson(const Summary& summary) {
  Json json;
  json["schema_version"] = kSchemaVersion;
  json["state"] = RunStateName(summary.state);
  json["error"] = OrNull(summary.error);
  AddFacts(summary, &json);
  AddProgress(summary, &json);
  json["test_loss"] = OrNull(summary.test_loss);
  json["test_accuracy"] = OrNull(summary.test_accuracy);
  json["validation_accuracy"] = OrNull(summary.validation_accuracy);
  json["weights_sha256"] = OrNull(summary.weights_sha256);
  json["phase_seconds"] = Json::array();
  for (const auto& phases : summary.phase_seconds) json["phase_seconds"].push_back(ToJson(phases));
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

absl::StatusOr<Summary> SummaryFromJson(const std::string& text, const std::string& path) {
  const Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!json.is_object()) {
    return TextError(absl::StatusCode::kDataLoss,
                     "$0: is damaged, it holds no JSON object; resume the run or train again",
                     path);
  }
  const Fields fields(json);
  for (const auto& [state, name] : kStates) {
    if (fields.Text("state") == name) return SummaryIn(fields, state);
  }
  return TextError(absl::StatusCode::kDataLoss,
                   "$0: its state is unknown; is it of another version of Convoy?", path);
}

}  // namespace convoy::run
