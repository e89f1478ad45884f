#include "common/formats/tensorboard/keras_events.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::formats {
namespace {

constexpr absl::string_view kValidationPrefix = "val_";

// The rate of an epoch is among its metrics where it changes.
constexpr absl::string_view kRateMetric = "lr";

constexpr char kRateTag[] = "epoch_learning_rate";

// Returns the tag that is the last of an epoch to be added to validation/, or "" if there is none.
std::string LastValidationTag(const metrics::History& history) {
  std::string tag;
  if (history.empty()) return tag;
  for (const auto& [name, value] : history.back()) {
    absl::string_view metric = name;
    if (absl::ConsumePrefix(&metric, kValidationPrefix)) tag = absl::StrCat("epoch_", metric);
  }
  return tag;
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
  auto first = static_cast<int64_t>(finished.size());
  std::vector<Run*> runs = {&train_};
  CONVOY_ASSIGN_OR_RETURN(const int64_t trained, LastEventStep(train_.directory, kRateTag));
  first = std::min(first, trained + 1);
  const std::string validation_tag = LastValidationTag(finished);
  if (!validation_tag.empty()) {
    CONVOY_ASSIGN_OR_RETURN(const int64_t validated,
                            LastEventStep(validation_.directory, validation_tag));
    first = std::min(first, validated + 1);
  }
  if (!validation_tag.empty() || PathExists(validation_.directory)) runs.push_back(&validation_);
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
  // The last tag of an epoch, by which Resume knows that all are there.
  return AddScalar(time, kRateTag, learning_rate, &train_);
}

absl::Status KerasEvents::AddImage(const EventTime& time, const std::string& tag,
                                   std::string_view png) {
  CONVOY_RETURN_IF_ERROR(Begin(time.wall_seconds, &train_));
  return train_.file->AddImage(time, tag, png);
}

}  // namespace convoy::formats
