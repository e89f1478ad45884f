#include "worker/report/finished_run.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::report {
namespace {

using Json = nlohmann::ordered_json;

constexpr uint64_t kMaxBytes = 256 << 20;

absl::StatusOr<Json> ReadJson(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxBytes));
  Json json = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (json.is_object()) return json;
  return absl::DataLossError(absl::StrCat(path, ": is no JSON object"));
}

// The history's columns as epochs.
metrics::History ToHistory(const Json& columns) {
  metrics::History history;
  for (const auto& [name, values] : columns.items()) {
    history.resize(std::max(history.size(), values.size()));
    for (size_t epoch = 0; epoch < values.size(); ++epoch) {
      history[epoch].emplace_back(name, values[epoch].get<double>());
    }
  }
  return history;
}

JobFacts ToFacts(const Json& summary) {
  JobFacts facts;
  facts.world_size = summary.at("world_size");
  facts.threads = summary.at("threads").get<std::vector<int>>();
  // The summary has each host once; which rank was where is only known where there was one.
  const auto hosts = summary.at("hosts").get<std::vector<std::string>>();
  facts.hosts.assign(facts.threads.size(), hosts.size() == 1 ? hosts[0] : "");
  facts.isa = summary.at("isa");
  facts.blas_core = summary.at("blas_core");
  facts.data_kind = summary.at("data");
  facts.data_sha256 = summary.at("data_sha256");
  facts.model_name = summary.at("model");
  facts.parameters = summary.at("parameters");
  facts.train_images = summary.at("train_images");
  facts.validation_images = summary.at("validation_images");
  facts.test_images = summary.at("test_images");
  facts.epochs = summary.at("epochs");
  facts.batch_size = summary.at("batch_size");
  facts.micro_batch = summary.at("micro_batch");
  facts.restarts = summary.at("restarts");
  facts.resumed_at_step = summary.at("steps");
  return facts;
}

}  // namespace

absl::StatusOr<FinishedRun> ReadFinishedRun(const std::string& run_directory) {
  CONVOY_ASSIGN_OR_RETURN(const Json summary, ReadJson(run_directory + "/summary.json"));
  CONVOY_ASSIGN_OR_RETURN(const Json history, ReadJson(run_directory + "/history.json"));
  FinishedRun run;
  try {
    run.facts = ToFacts(summary);
    run.history = ToHistory(history);
    const auto epochs = static_cast<int64_t>(run.history.size());  // fewer than planned, maybe
    run.facts.steps_per_epoch = run.facts.resumed_at_step / std::max<int64_t>(epochs, 1);
    run.result = {.test_loss = summary.at("test_loss"),
                  .test_accuracy = summary.at("test_accuracy"),
                  .weights_sha256 = summary.at("weights_sha256")};
  } catch (const Json::exception& error) {
    return absl::DataLossError(absl::StrCat(run_directory, "/summary.json: ", error.what()));
  }
  return run;
}

}  // namespace convoy::report
