// labels.json: what people call a run, beside the name of its directory (docs/run_directory.md).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"

namespace convoy::run {

struct Labels {
  std::string name;
  std::vector<std::string> tags;  // each once
  std::string note;
  absl::Time time = absl::InfinitePast();  // when they were given

  bool empty() const { return name.empty() && tags.empty() && note.empty(); }
};

// Returns INVALID_ARGUMENT, naming the field, for what is no UTF-8, has a control character, is too
// long (100 characters of a name, 40 of a tag, 1000 of a note), and for more than 20 tags, an empty
// one, or one that is there twice.
absl::Status CheckLabels(const Labels& labels);

// Replaces the labels of the run in `directory`; the time is kept to the microsecond. Returns the
// errors of CheckLabels and what the system says if the file cannot be written.
absl::Status WriteLabels(const std::string& directory, const Labels& labels);

// Returns the labels of the run, empty ones where nobody gave any. Returns DATA_LOSS, naming the
// file, for what WriteLabels does not write.
absl::StatusOr<Labels> ReadLabels(const std::string& directory);

}  // namespace convoy::run
