#include "coordinator/service/call_gate.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/system/moment.h"

namespace convoy::coordinator {
namespace {

constexpr absl::Duration kDefaultTime = absl::Minutes(10);
constexpr absl::Duration kReaderTime = absl::Minutes(1);
constexpr absl::Duration kTimerInterval = absl::Seconds(1);

}  // namespace

// What only reads, so that everybody may call it.
struct CallGate::Rule {
  std::string_view method;
  Kind kind;

  static const Rule kReading[];
};

const CallGate::Rule CallGate::Rule::kReading[] = {
    {"convoy.v1.JobService/ListJobs", kLookup},
    {"convoy.v1.JobService/GetJob", kLookup},
    {"convoy.v1.JobService/ListMetrics", kLookup},
    {"convoy.v1.JobService/WatchJob", kWatch},
    {"convoy.v1.ModelService/ListModels", kLookup},
    {"convoy.v1.ModelService/ListModelVersions", kLookup},
    {"convoy.v1.ModelService/GetModel", kLookup},
    {"convoy.v1.ModelService/GetFilters", kLookup},
    {"convoy.v1.ModelService/EvaluateModel", kEvaluation},
    {"convoy.v1.ModelService/ListImages", kEvaluation},
    {"convoy.v1.ModelService/Predict", kPrediction},
    {"convoy.v1.ModelService/GetFeatureMaps", kPrediction},
    {"convoy.v1.ModelService/DownloadModel", kDownload},
    {"convoy.v1.ModelService/ExportModel", kExport},
    {"inference.GRPCInferenceService/ServerLive", kLookup},
    {"inference.GRPCInferenceService/ServerReady", kLookup},
    {"inference.GRPCInferenceService/ModelReady", kLookup},
    {"inference.GRPCInferenceService/ServerMetadata", kLookup},
    {"inference.GRPCInferenceService/ModelMetadata", kLookup},
    {"inference.GRPCInferenceService/ModelConfig", kLookup},
    {"inference.GRPCInferenceService/ModelStatistics", kLookup},
    {"inference.GRPCInferenceService/RepositoryIndex", kLookup},
};

const CallGate::Rule* CallGate::FindRule(std::string_view method) {
  const auto* found = std::find_if(std::begin(Rule::kReading), std::end(Rule::kReading),
                                   [&](const Rule& rule) { return rule.method == method; });
  return found == std::end(Rule::kReading) ? nullptr : found;
}

CallGate::CallGate(const TokenAuthenticator& authenticator, const CallLimits& limits)
    : authenticator_(authenticator),
      limits_(limits),
      timer_(kTimerInterval, [this] { CancelOverdue(); }) {}

int CallGate::LimitOf(Kind kind) const {
  switch (kind) {
    case kLookup:
      return limits_.lookups;
    case kWatch:
      return limits_.watches;
    case kEvaluation:
      return limits_.evaluations;
    case kPrediction:
      return limits_.predictions;
    case kDownload:
      return limits_.downloads;
    case kExport:
      return limits_.exports;
    default:
      return limits_.changes;
  }
}

absl::StatusOr<CallGate::Pass> CallGate::Enter(grpc::ServerContext& context,
                                               std::string_view method) {
  const Rule* const rule = FindRule(method);
  if (rule == nullptr) CONVOY_RETURN_IF_ERROR(authenticator_.Authenticate(context));
  const Kind kind = rule == nullptr ? kChange : rule->kind;
  const Moment now = Moment::Now();
  // A watch goes on as long as its reader takes what it is sent.
  const absl::Duration longest = kind == kWatch ? absl::InfiniteDuration() : kDefaultTime;
  const absl::Duration end =
      std::min(now.SteadyAt(absl::FromChrono(context.deadline())), now.steady + longest);
  const absl::MutexLock lock(&mutex_);
  if (counts_[kind] >= LimitOf(kind)) {
    return absl::ResourceExhaustedError(absl::StrCat(
        std::string(method), ": this coordinator serves ", LimitOf(kind), " such calls at a time",
        kind == kWatch ? " (`max_watches`)" : "", "; try again later"));
  }
  ++counts_[kind];
  entries_.push_front({context, kind, kind == kWatch ? now.steady + kReaderTime : end});
  return Pass(this, entries_.begin(), end);
}

void CallGate::Leave(Entries::iterator entry) {
  const absl::MutexLock lock(&mutex_);
  --counts_[entry->kind];
  entries_.erase(entry);
}

void CallGate::CancelOverdue() {
  const absl::Duration now = Moment::SteadyNow();
  const absl::MutexLock lock(&mutex_);
  for (const Entry& entry : entries_) {
    if (entry.end <= now) entry.context.TryCancel();
  }
}

bool CallGate::Pass::IsLate() const { return Moment::SteadyNow() >= end_; }

bool CallGate::Pass::IsOver() const { return IsLate() || entry_->context.IsCancelled(); }

void CallGate::Pass::NoteTaken() const {
  const absl::MutexLock lock(&gate_->mutex_);
  entry_->end = std::min(end_, Moment::SteadyNow() + kReaderTime);
}

int CallGate::Pass::NumAlike() const {
  const absl::MutexLock lock(&gate_->mutex_);
  return gate_->counts_[entry_->kind];
}

}  // namespace convoy::coordinator
