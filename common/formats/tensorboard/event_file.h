// TensorBoard's event files: records of scalars and images, appended one by one.
// docs/exports.md tells what of the format is used.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::tensorboard {
class Event;
}  // namespace convoy::tensorboard

namespace convoy::formats {

// Where on TensorBoard's axes a value stands.
struct EventTime {
  double wall_seconds = 0;  // since 1970
  int64_t step = 0;         // what is counted depends on the tag: epochs from 0, or batches
};

// Returns the seconds since 1970, for EventTime.
double WallSeconds();

// Returns the number of the last step at which the event files in `directory` have a value of
// `tag`, as readers count: in the order of the files' names, less what AddStart made void. Returns
// -1 if there is none or no directory. A file that a killed writer left cut counts as far as it is
// whole. Errors are those of the file system.
absl::StatusOr<int64_t> LastEventStep(const std::string& directory, const std::string& tag);

// Returns the record of `data` [any bytes]: length, checksum of the length, data, checksum of the
// data. Source: TensorBoard, summary/writer/record_writer.py.
std::string EventRecord(std::string_view data);

// One event file. Thread-compatible. What was added is in the file when the call returns, whole
// records at a time, not synced to the disk.
class EventFile {
 public:
  // Creates `directory` if it is missing and begins a new file in it,
  // events.out.tfevents.SECONDS.HOST.PID.NUMBER, whose name no other file of this process has.
  // TensorBoard shows all files of a directory as one run. Errors are those of the file system.
  static absl::StatusOr<EventFile> Create(const std::string& directory, double wall_seconds);

  // Says that training begins, again, at time.step: readers forget what earlier files of the
  // directory have of that step and later ones. Source: TensorBoard,
  // backend/event_processing/plugin_event_accumulator.py. Errors, also of the calls below: those of
  // the file system; after one the file may end in a part of a record, so every later call returns
  // that error again.
  absl::Status AddStart(const EventTime& time);

  // Adds the value of `tag`.
  absl::Status AddScalar(const EventTime& time, const std::string& tag, float value);

  // Adds the picture of `tag`: `png` is a whole PNG file. Returns INVALID_ARGUMENT if it is not.
  absl::Status AddImage(const EventTime& time, const std::string& tag, std::string_view png);

  const std::string& path() const { return path_; }

 private:
  explicit EventFile(std::string path) : path_(std::move(path)) {}

  absl::Status Append(const tensorboard::Event& event);

  std::string path_;
  absl::Status status_;
};

}  // namespace convoy::formats
