#include "worker/report/reporting.h"

#include <chrono>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/log/log.h"

namespace convoy::report {
namespace {

constexpr std::chrono::seconds kDeliveryTimeout{10};
// Where the coordinator answers, and only lacks room for the model: people make room.
constexpr std::chrono::seconds kModelTimeout{30};

}  // namespace

Reporting::Reporting(std::unique_ptr<RunDirectory> directory, const Run& run, std::FILE* out,
                     int verbose)
    : directory_(std::move(directory)),
      recorder_(*directory_, run.recipe_text, run.finished_epochs, run.epoch_seconds),
      events_(*directory_, run.finished_epochs, run.learning_rate),
      steps_(*directory_),
      console_(out, verbose, directory_->path()),
      observers_{&recorder_, &events_, &steps_, &console_} {}

void Reporting::Add(std::unique_ptr<CoordinatorClient> coordinator) {
  coordinator_ = std::move(coordinator);
  observers_.push_back(coordinator_.get());
}

void Reporting::PublishUntrained(formats::ModelFile model) {
  if (coordinator_ != nullptr) coordinator_->PublishUntrained(std::move(model));
}

absl::Status Reporting::Succeed(const FinalReport& report) {
  recorder_.OnFinished(report);
  CONVOY_RETURN_IF_ERROR(directory_->Flush());
  for (Observer* observer : observers_) {
    if (observer != &recorder_) observer->OnFinished(report);
  }
  DeliverReports(coordinator_.get(), *directory_);
  return absl::OkStatus();
}

absl::Status Reporting::Stop() {
  CONVOY_RETURN_IF_ERROR(directory_->Flush());
  DeliverReports(coordinator_.get(), *directory_);
  return absl::OkStatus();
}

absl::Status Reporting::Fail(const absl::Status& error) {
  for (Observer* observer : observers_) observer->OnFailed(std::string(error.message()));
  DeliverReports(coordinator_.get(), *directory_);
  const absl::Status noted = directory_->Flush();
  if (noted.ok()) return error;
  return absl::Status(error.code(), absl::StrCat(error.message(), "; and ", noted.message()));
}

absl::Status Reporting::AddFigures(const std::string& folder) {
  CONVOY_RETURN_IF_ERROR(events_.AddFigures(folder));
  return directory_->Flush();
}

void Note(RunDirectory& directory, const i18n::Message& line) {
  log::Note(line.shown);
  directory.Log(log::Level::kNote, line.english);
}

void DeliverReports(CoordinatorClient* client, RunDirectory& directory) {
  if (client == nullptr || client->Finish(kDeliveryTimeout, kModelTimeout)) return;
  Note(directory,
       i18n::MakeMessage("the coordinator $0 was not told all of this run; the run "
                         "directory has it, and a trainer that resumes it tells the rest",
                         client->address()));
}

}  // namespace convoy::report
