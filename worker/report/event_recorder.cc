#include "worker/report/event_recorder.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::report {
namespace {

constexpr uint64_t kMaxPngBytes = uint64_t{64} << 20;

}  // namespace

EventRecorder::EventRecorder(RunDirectory& directory, metrics::History finished_epochs,
                             double learning_rate)
    : directory_(directory),
      finished_epochs_(std::move(finished_epochs)),
      learning_rate_(learning_rate),
      last_epoch_(std::max<int64_t>(0, static_cast<int64_t>(finished_epochs_.size()) - 1)),
      events_(std::make_shared<formats::KerasEvents>(directory.path())) {}

void EventRecorder::OnStart(const JobFacts& facts) {
  // A run may also begin afresh where an earlier one left no checkpoint.
  if (facts.restarts == 0 && !PathExists(directory_.FilePath("train"))) return;
  Do([now = formats::WallSeconds(), finished = std::move(finished_epochs_), rate = learning_rate_](
         formats::KerasEvents& events) { return events.Resume(now, finished, rate); });
}

void EventRecorder::OnEpoch(const EpochReport& report) {
  last_epoch_ = report.epoch;
  const formats::EventTime time{formats::WallSeconds(), report.epoch};
  Do([time, metrics = report.metrics, rate = learning_rate_](formats::KerasEvents& events) {
    return events.AddEpoch(time, metrics, rate);
  });
}

void EventRecorder::AddImage(std::string tag, std::string png) {
  const formats::EventTime time{formats::WallSeconds(), last_epoch_};
  Do([time, tag = std::move(tag), png = std::move(png)](formats::KerasEvents& events) {
    return events.AddImage(time, tag, png);
  });
}

absl::Status EventRecorder::AddFigures(const std::string& folder) {
  std::map<std::string, std::string> paths;  // by tag, so in one order everywhere
  std::error_code error;
  for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end;
       entry.increment(error)) {
    const std::filesystem::path& path = entry->path();
    if (path.extension() != ".png") continue;
    const std::string name = path.stem().string();
    absl::string_view layer = name;
    if (name == "confusion") paths["confusion_matrix"] = path.string();
    if (absl::ConsumePrefix(&layer, "filters-"))
      paths[absl::StrCat("filters/", layer)] = path.string();
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", folder);
  for (const auto& [tag, path] : paths) {
    CONVOY_ASSIGN_OR_RETURN(std::string png, ReadFile(path, kMaxPngBytes));
    AddImage(tag, std::move(png));
  }
  return absl::OkStatus();
}

void EventRecorder::Do(std::function<absl::Status(formats::KerasEvents&)> task) {
  directory_.Do([events = events_, task = std::move(task)] { return task(*events); });
}

}  // namespace convoy::report
