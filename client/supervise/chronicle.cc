#include "client/supervise/chronicle.h"

#include "absl/time/clock.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/log/log.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

void AddToLog(const std::string& run_dir, log::Level level, const std::string& line) {
  AppendToFile(run::PathIn(run_dir, run::kLogFile), log::Record(level, line) + "\n")
      .IgnoreError();  // a full disk does not keep the training from going on
}

}  // namespace

void Chronicle::Note(const i18n::Message& line) const {
  log::Note(line.shown);
  AddToLog(run_dir_, log::Level::kNote, line.english);
}

void Chronicle::Error(const i18n::Message& line) const {
  log::Error(line.shown);
  AddToLog(run_dir_, log::Level::kError, line.english);
}

void Chronicle::Add(run::RunEventKind kind, const i18n::Message& line) {
  unwritten_events_.push_back(
      {.time = absl::Now(), .kind = kind, .message = Printable(line.english)});
  WriteEvents();
}

void Chronicle::WriteEvents() {
  while (!unwritten_events_.empty() && run::AppendEvent(run_dir_, unwritten_events_.front()).ok()) {
    unwritten_events_.pop_front();
  }
}

}  // namespace convoy::client
