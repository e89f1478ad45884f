#include "coordinator/jobs/requests.h"

#include <string>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/api/job_progress.h"
#include "common/base/status.h"
#include "coordinator/store/names.h"

namespace convoy::coordinator {
namespace {

constexpr int kMaxRanks = 4096;
constexpr int kMaxSamples = 10000;
constexpr int kMaxMetrics = 64;
constexpr size_t kMaxTextBytes = 4096;
constexpr int64_t kMaxSteps = int64_t{1} << 40;

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

absl::Status CheckText(const std::string& field, const std::string& text) {
  if (text.size() <= kMaxTextBytes) return absl::OkStatus();
  return Wrong(field, absl::StrCat("has ", text.size(), " bytes; at most ", kMaxTextBytes));
}

absl::Status CheckProcess(const std::string& job, const std::string& process_id) {
  CONVOY_RETURN_IF_ERROR(ParseName("jobs", job, "job").status());
  return CheckHex("process_id", process_id, 32);
}

absl::Status CheckMetrics(const google::protobuf::RepeatedPtrField<v1::Metric>& metrics) {
  CONVOY_RETURN_IF_ERROR(CheckRange("number of metrics", metrics.size(), 0, kMaxMetrics));
  for (const v1::Metric& metric : metrics) {
    CONVOY_RETURN_IF_ERROR(CheckText("metrics.name", metric.name()));
  }
  return absl::OkStatus();
}

absl::Status CheckProgress(const worker::v1::Progress& progress) {
  CONVOY_RETURN_IF_ERROR(CheckRange("progress.epoch", progress.epoch(), 0, INT32_MAX));
  return CheckRange("progress.step", progress.step(), 0, kMaxSteps);
}

absl::Status CheckRanks(const google::protobuf::RepeatedPtrField<v1::Rank>& ranks) {
  CONVOY_RETURN_IF_ERROR(CheckRange("number of ranks", ranks.size(), 0, kMaxRanks));
  for (int i = 0; i < ranks.size(); ++i) {
    CONVOY_RETURN_IF_ERROR(CheckRange("ranks.rank", ranks[i].rank(), i, i));
    CONVOY_RETURN_IF_ERROR(CheckText("ranks.host", ranks[i].host()));
  }
  return absl::OkStatus();
}

absl::Status CheckSample(const v1::MetricSample& sample) {
  CONVOY_RETURN_IF_ERROR(
      CheckRange("samples.scope", sample.scope(), v1::MetricSample::STEP, v1::MetricSample::FINAL));
  CONVOY_RETURN_IF_ERROR(CheckRange("samples.epoch", sample.epoch(), 1, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckRange("samples.step", sample.step(), 0, kMaxSteps));
  return CheckMetrics(sample.metrics());
}

}  // namespace

absl::Status Check(const worker::v1::RegisterJobRequest& request) {
  CONVOY_RETURN_IF_ERROR(CheckText("run_name", request.run_name()));
  CONVOY_RETURN_IF_ERROR(CheckHex("run_id", request.run_id(), 32));
  CONVOY_RETURN_IF_ERROR(CheckHex("process_id", request.process_id(), 32));
  CONVOY_RETURN_IF_ERROR(CheckRange("epochs", request.epochs(), 1, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckRange("steps_per_epoch", request.steps_per_epoch(), 1, INT32_MAX));
  CONVOY_RETURN_IF_ERROR(CheckRange("resumed_at_step", request.resumed_at_step(), 0, kMaxSteps));
  CONVOY_RETURN_IF_ERROR(
      CheckRange("completed_epochs", request.completed_epochs(), 0, request.epochs()));
  CONVOY_RETURN_IF_ERROR(CheckText("setup.run_directory", request.setup().run_directory()));
  CONVOY_RETURN_IF_ERROR(CheckRange("number of ranks", request.ranks_size(), 1, kMaxRanks));
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
  CONVOY_RETURN_IF_ERROR(CheckText("conclusion.error", request.conclusion().error()));
  if (api::IsTerminal(request.conclusion().state())) return absl::OkStatus();
  return Wrong("conclusion.state", "must be SUCCEEDED, FAILED, STOPPED or CANCELLED");
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

}  // namespace convoy::coordinator
