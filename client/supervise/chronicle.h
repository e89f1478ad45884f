// What is told of a supervised run: on standard error, in its log.txt and its events.jsonl.
#pragma once

#include <deque>
#include <string>
#include <utility>

#include "common/i18n/message.h"
#include "common/run/events_file.h"

namespace convoy::client {

// Thread-compatible. A full disk keeps nothing from going on: a line is then missing in the log,
// and events wait for room.
class Chronicle {
 public:
  // Of the run in `run_dir`, which need not exist yet.
  explicit Chronicle(std::string run_dir) : run_dir_(std::move(run_dir)) {}

  // Tell a line on standard error, in the user's language, and in the log, each with its level.
  void Note(const i18n::Message& line) const;
  void Error(const i18n::Message& line) const;

  // Adds an event, in the file as soon as there is room.
  void Add(run::RunEventKind kind, const i18n::Message& line);

  // Writes events that waited for room. Call it now and then.
  void WriteEvents();

 private:
  const std::string run_dir_;
  std::deque<run::RunEvent> unwritten_events_;
};

}  // namespace convoy::client
