// What a trainer may tell, field by field: whatever it sends, a job stays within bounds. Messages
// are bounded as a whole, too, because fields that this version does not know are kept as they are.
#include "coordinator/jobs/requests.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/job_description.h"
#include "common/api/job_labels.h"
#include "common/api/job_progress.h"
#include "common/api/resource_names.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "coordinator/jobs/live_job.h"

namespace convoy::coordinator {
namespace {

constexpr int kMaxRanks = 4096;
constexpr int kMaxSamples = 10000;
constexpr int kMaxRunEvents = 100;
constexpr size_t kMaxNameBytes = 64;
constexpr size_t kMaxHostBytes = 255;
constexpr size_t kMaxTextBytes = 4096;
constexpr size_t kMaxRecipeBytes = 256 << 10;
constexpr size_t kMaxSetupBytes = 16 << 10;
constexpr size_t kMaxRankBytes = 1024;
constexpr size_t kMaxLabelsBytes = 16 << 10;
constexpr size_t kMaxSampleBytes = 8 << 10;
constexpr size_t kMaxConclusionBytes = 2 * kMaxTextBytes;
constexpr int kMaxEpochs = 1'000'000;
constexpr int64_t kMaxSteps = int64_t{1} << 40;
constexpr double kMaxSeconds = 1e10;
constexpr double kMaxSpeed = 1e12;

absl::Status Wrong(const std::string& field, const std::string& what) {
  return absl::InvalidArgumentError(absl::StrCat(field, ": ", what));
}

absl::Status CheckHex(const std::string& field, const std::string& text, size_t digits) {
  bool hex = text.size() == digits;
  for (const char c : text) hex = hex && absl::ascii_isxdigit(static_cast<unsigned char>(c));
  return hex ? absl::OkStatus()
             : Wrong(field, absl::StrCat("must be ", digits, " hexadecimal digits"));
}

absl::Status CheckRange(const std::string& field, int64_t value, int64_t least, int64_t most) {
  if (value >= least && value <= most) return absl::OkStatus();
  return Wrong(field, absl::StrCat("must be from ", least, " to ", most, ", not ", value));
}

absl::Status CheckBytes(const std::string& field, size_t bytes, size_t most) {
  if (bytes <= most) return absl::OkStatus();
  return Wrong(field, absl::StrCat("has ", bytes, " bytes; at most ", most));
}

absl::Status CheckText(const std::string& field, const std::string& text) {
  return CheckBytes(field, text.size(), kMaxTextBytes);
}

// Seconds and speeds; nothing else can be computed with.
absl::Status CheckMeasured(const std::string& field, double value, double most) {
  if (std::abs(value) <= most) return absl::OkStatus();  // false for what is not a number
  return Wrong(field, absl::StrCat("must be a number up to ", most, ", not ", value));
}

// As protobuf defines it; JSON has no others.
absl::Status CheckTime(const std::string& field, const google::protobuf::Timestamp& time) {
  CONVOY_RETURN_IF_ERROR(
      CheckRange(absl::StrCat(field, ".seconds"), time.seconds(), -62135596800, 253402300799));
  return CheckRange(absl::StrCat(field, ".nanos"), time.nanos(), 0, 999'999'999);
}

absl::Status CheckProcess(const std::string& job, const std::string& process_id) {
  CONVOY_RETURN_IF_ERROR(api::ParseJobName(job, "job").status());
  return CheckHex("process_id", process_id, 32);
}

bool IsMetricName(const std::string& name) {
  return !name.empty() && name.size() <= kMaxNameBytes &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
         });
}

absl::Status CheckMetrics(const google::protobuf::RepeatedPtrField<v1::Metric>& metrics) {
  CONVOY_RETURN_IF_ERROR(CheckRange("number of metrics", metrics.size(), 0, kMaxMetrics));
  for (const v1::Metric& metric : metrics) {
    if (IsMetricName(metric.name())) continue;
    return Wrong("metrics.name", absl::StrCat(Quoted(metric.name()), " must be 1 to ",
                                              kMaxNameBytes, " of a to z, 0 to 9 and _"));
  }
  return absl::OkStatus();
}

absl::Status CheckProgress(const worker::v1::Progress& progress) {
  CONVOY_RETURN_IF_ERROR(
      CheckRange("progress.activity", progress.activity(), 0, v1::Job::FINISHING));
  CONVOY_RETURN_IF_ERROR(CheckRange("progress.epoch", progress.epoch(), 0, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(
      CheckMeasured("progress.images_per_second", progress.images_per_second(), kMaxSpeed));
  return CheckRange("progress.step", progress.step(), 0, kMaxSteps);
}

absl::Status CheckPhases(const std::string& field, const v1::PhaseSeconds& proto) {
  const metrics::PhaseSeconds seconds = api::FromProto(proto);
  for (const metrics::Phase& phase : metrics::kPhases) {
    CONVOY_RETURN_IF_ERROR(
        CheckMeasured(absl::StrCat(field, ".", phase.name), seconds.*phase.seconds, kMaxSeconds));
  }
  return absl::OkStatus();
}

absl::Status CheckRanks(const google::protobuf::RepeatedPtrField<v1::Rank>& ranks) {
  CONVOY_RETURN_IF_ERROR(CheckRange("number of ranks", ranks.size(), 0, kMaxRanks));
  for (int i = 0; i < ranks.size(); ++i) {
    CONVOY_RETURN_IF_ERROR(CheckRange("ranks.rank", ranks[i].rank(), i, i));
    CONVOY_RETURN_IF_ERROR(CheckBytes("ranks.host", ranks[i].host().size(), kMaxHostBytes));
    CONVOY_RETURN_IF_ERROR(CheckRange("ranks.threads", ranks[i].threads(), 0, INT32_MAX));
    CONVOY_RETURN_IF_ERROR(CheckBytes("ranks", ranks[i].ByteSizeLong(), kMaxRankBytes));
    CONVOY_RETURN_IF_ERROR(CheckPhases("ranks.phase_seconds", ranks[i].phase_seconds()));
    CONVOY_RETURN_IF_ERROR(
        CheckPhases("ranks.epoch_phase_seconds", ranks[i].epoch_phase_seconds()));
  }
  return absl::OkStatus();
}

absl::Status CheckSample(const v1::MetricSample& sample) {
  CONVOY_RETURN_IF_ERROR(
      CheckRange("samples.scope", sample.scope(), v1::MetricSample::STEP, v1::MetricSample::FINAL));
  CONVOY_RETURN_IF_ERROR(CheckRange("samples.epoch", sample.epoch(), 1, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckRange("samples.step", sample.step(), 0, kMaxSteps));
  CONVOY_RETURN_IF_ERROR(CheckBytes("samples", sample.ByteSizeLong(), kMaxSampleBytes));
  CONVOY_RETURN_IF_ERROR(CheckTime("samples.time", sample.time()));
  CONVOY_RETURN_IF_ERROR(
      CheckMeasured("samples.images_per_second", sample.images_per_second(), kMaxSpeed));
  CONVOY_RETURN_IF_ERROR(
      CheckMeasured("samples.train_seconds", sample.train_seconds(), kMaxSeconds));
  CONVOY_RETURN_IF_ERROR(
      CheckMeasured("samples.validation_seconds", sample.validation_seconds(), kMaxSeconds));
  return CheckMetrics(sample.metrics());
}

absl::Status CheckSetup(const v1::JobSetup& setup) {
  const std::pair<const char*, const std::string&> texts[] = {
      {"network", setup.network()},         {"data_kind", setup.data_kind()},
      {"data_sha256", setup.data_sha256()}, {"isa", setup.isa()},
      {"blas_core", setup.blas_core()},     {"version", setup.version()},
      {"git_commit", setup.git_commit()},   {"owner", setup.owner()}};
  for (const auto& [field, text] : texts) {
    CONVOY_RETURN_IF_ERROR(CheckBytes(absl::StrCat("setup.", field), text.size(), 1024));
  }
  CONVOY_RETURN_IF_ERROR(
      CheckBytes("setup.run_directory", setup.run_directory().size(), kMaxTextBytes));
  return CheckBytes("setup", setup.ByteSizeLong(), kMaxSetupBytes);
}

absl::Status CheckConclusion(const worker::v1::Conclusion& conclusion) {
  CONVOY_RETURN_IF_ERROR(CheckText("conclusion.error", conclusion.error()));
  CONVOY_RETURN_IF_ERROR(CheckBytes("conclusion", conclusion.ByteSizeLong(), kMaxConclusionBytes));
  if (!conclusion.weights_sha256().empty()) {
    CONVOY_RETURN_IF_ERROR(CheckHex("conclusion.weights_sha256", conclusion.weights_sha256(), 64));
  }
  if (api::IsTerminal(conclusion.state())) return absl::OkStatus();
  return Wrong("conclusion.state", "must be SUCCEEDED, FAILED, STOPPED or CANCELLED");
}

absl::Status CheckLabels(const v1::JobLabels& labels) {
  CONVOY_RETURN_IF_ERROR(CheckBytes("labels", labels.ByteSizeLong(), kMaxLabelsBytes));
  CONVOY_RETURN_IF_ERROR(CheckTime("labels.update_time", labels.update_time()));
  return Annotate(api::CheckLabels(labels), "labels");
}

absl::Status CheckRunEvent(const v1::Event& event) {
  CONVOY_RETURN_IF_ERROR(CheckText("run_events.message", event.message()));
  CONVOY_RETURN_IF_ERROR(CheckTime("run_events.time", event.time()));
  if (IsOfSupervisor(event)) return absl::OkStatus();
  return Wrong("run_events.type", "must be RESTARTED, GAVE_UP, HOST_LOST or HOST_BACK");
}

}  // namespace

bool IsOfSupervisor(const v1::Event& event) {
  return event.type() == v1::Event::RESTARTED || event.type() == v1::Event::GAVE_UP ||
         event.type() == v1::Event::HOST_LOST || event.type() == v1::Event::HOST_BACK;
}

absl::Status Check(const worker::v1::RegisterJobRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckText("run_name", request.run_name()));
  CONVOY_RETURN_IF_ERROR(CheckHex("run_id", request.run_id(), 32));
  CONVOY_RETURN_IF_ERROR(CheckHex("process_id", request.process_id(), 32));
  CONVOY_RETURN_IF_ERROR(CheckRange("epochs", request.epochs(), 1, kMaxEpochs));
  CONVOY_RETURN_IF_ERROR(CheckRange("steps_per_epoch", request.steps_per_epoch(), 1, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckRange("resumed_at_step", request.resumed_at_step(), 0, kMaxSteps));
  CONVOY_RETURN_IF_ERROR(
      CheckRange("completed_epochs", request.completed_epochs(), 0, request.epochs()));
  if (!request.run_key().empty()) {
    CONVOY_RETURN_IF_ERROR(CheckHex("run_key", request.run_key(), 32));
  }
  CONVOY_RETURN_IF_ERROR(CheckTime("start_time", request.start_time()));
  CONVOY_RETURN_IF_ERROR(CheckRange("restarts", request.restarts(), 0, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckBytes("recipe", request.recipe().ByteSizeLong(), kMaxRecipeBytes));
  CONVOY_RETURN_IF_ERROR(CheckSetup(request.setup()));
  CONVOY_RETURN_IF_ERROR(CheckLabels(request.labels()));
  CONVOY_RETURN_IF_ERROR(CheckRange("number of ranks", request.ranks_size(), 1, kMaxRanks));
  CONVOY_RETURN_IF_ERROR(
      CheckRange("number of run_events", request.run_events_size(), 0, kMaxRunEvents));
  for (const v1::Event& event : request.run_events()) {
    CONVOY_RETURN_IF_ERROR(CheckRunEvent(event));
  }
  return CheckRanks(request.ranks());
}

absl::Status Check(const worker::v1::ReportProgressRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckProcess(request.job(), request.process_id()));
  CONVOY_RETURN_IF_ERROR(CheckProgress(request.progress()));
  CONVOY_RETURN_IF_ERROR(CheckRange("number of samples", request.samples_size(), 0, kMaxSamples));
  for (const v1::MetricSample& sample : request.samples()) {
    CONVOY_RETURN_IF_ERROR(CheckSample(sample));
  }
  CONVOY_RETURN_IF_ERROR(CheckRanks(request.ranks()));
  if (!request.has_conclusion()) return absl::OkStatus();
  return CheckConclusion(request.conclusion());
}

absl::Status Check(const worker::v1::HeartbeatRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckProcess(request.job(), request.process_id()));
  return CheckProgress(request.progress());
}

absl::Status Check(const worker::v1::ModelHeader& header) {
  CONVOY_RETURN_IF_ERROR(CheckProcess(header.job(), header.process_id()));
  CONVOY_RETURN_IF_ERROR(CheckRange("header.epoch", header.epoch(), 0, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckHex("header.sha256", header.sha256(), 64));
  return CheckMetrics(header.metrics());
}

absl::StatusOr<v1::JobLabels> ChangedLabels(const v1::JobLabels& before,
                                            const v1::UpdateJobRequest& request) {
  const v1::JobLabels& given = request.job().labels();
  if (request.update_mask().paths().empty()) {
    CONVOY_RETURN_IF_ERROR(CheckLabels(given));
    return given;
  }
  v1::JobLabels labels = before;
  for (const std::string& path : request.update_mask().paths()) {
    if (path == "labels") {
      labels = given;
    } else if (path == "labels.display_name") {
      labels.set_display_name(given.display_name());
    } else if (path == "labels.tags") {
      *labels.mutable_tags() = given.tags();
    } else if (path == "labels.note") {
      labels.set_note(given.note());
    } else {
      return Wrong("update_mask",
                   absl::StrCat(Quoted(path), " cannot be changed; what can is labels, ",
                                "labels.display_name, labels.tags, labels.note"));
    }
  }
  CONVOY_RETURN_IF_ERROR(CheckLabels(labels));
  return labels;
}

absl::StatusOr<std::set<std::string>> MetricNames(
    const worker::v1::ReportProgressRequest& request) {
  std::set<std::string> names;
  for (const v1::MetricSample& sample : request.samples()) {
    for (const v1::Metric& metric : sample.metrics()) names.insert(metric.name());
    if (names.size() > kMaxMetrics) {
      return Wrong("samples.metrics", absl::StrCat("more than ", kMaxMetrics, " names"));
    }
  }
  return names;
}

}  // namespace convoy::coordinator
