#include "common/formats/keras_events.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::formats {
namespace {

constexpr absl::string_view kValidationPrefix = "val_";

// The rate of an epoch is among its metrics where it changes.
constexpr absl::string_view kRateMetric = "lr";

bool HasValidation(const metrics::EpochMetrics& metrics) {
  return std::any_of(metrics.begin(), metrics.end(), [](const auto& metric) {
    return absl::StartsWith(metric.first, kValidationPrefix);
  });
}

}  // namespace

absl::Status KerasEvents::Begin(double wall_seconds, Run* run) {
  if (run->file.has_value()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(run->file, EventFile::Create(run->directory, wall_seconds));
  return absl::OkStatus();
}

absl::Status KerasEvents::AddScalar(const EventTime& time, const std::string& tag, double value,
                                    Run* run) {
  CONVOY_RETURN_IF_ERROR(Begin(time.wall_seconds, run));
  return run->file->AddScalar(time, tag, static_cast<float>(value));
}

absl::Status KerasEvents::Resume(double wall_seconds, const metrics::History& finished,
                                 double learning_rate) {
  std::vector<Run*> runs = {&train_};
  const bool validates = !finished.empty() && HasValidation(finished.back());
  if (validates || PathExists(validation_.directory)) runs.push_back(&validation_);
  auto first = static_cast<int64_t>(finished.size());
  for (const Run* run : runs) {
    CONVOY_ASSIGN_OR_RETURN(const int64_t last, LastEventStep(run->directory, "epoch_loss"));
    first = std::min(first, last + 1);
  }
  for (Run* run : runs) {
    CONVOY_RETURN_IF_ERROR(Begin(wall_seconds, run));
    CONVOY_RETURN_IF_ERROR(run->file->AddStart({wall_seconds, first}));
  }
  for (; first < static_cast<int64_t>(finished.size()); ++first) {
    CONVOY_RETURN_IF_ERROR(
        AddEpoch({wall_seconds, first}, finished[static_cast<size_t>(first)], learning_rate));
  }
  return absl::OkStatus();
}

absl::Status KerasEvents::AddEpoch(const EventTime& time, const metrics::EpochMetrics& metrics,
                                   double learning_rate) {
  for (const auto& [name, value] : metrics) {
    if (name == kRateMetric) {
      learning_rate = value;
      continue;
    }
    absl::string_view metric = name;
    Run* run = absl::ConsumePrefix(&metric, kValidationPrefix) ? &validation_ : &train_;
    CONVOY_RETURN_IF_ERROR(AddScalar(time, absl::StrCat("epoch_", metric), value, run));
  }
  return AddScalar(time, "epoch_learning_rate", learning_rate, &train_);
}

absl::Status KerasEvents::AddImage(const EventTime& time, const std::string& tag,
                                   std::string_view png) {
  CONVOY_RETURN_IF_ERROR(Begin(time.wall_seconds, &train_));
  return train_.file->AddImage(time, tag, png);
}

}  // namespace convoy::formats
