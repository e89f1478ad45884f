// What a name that somebody typed means: a file or a directory of this computer, by what it is, or
// a name at a coordinator. The one place that decides it (docs/convoy.md).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/context.h"

namespace convoy::client {

enum class ThingKind {
  kNothing,      // nothing is called so
  kRun,          // a directory that a training left, or began
  kRuns,         // a directory that holds runs
  kModel,        // FILE.convoy
  kDescription,  // FILE.textproto: a network or a recipe
  kForeign,      // a model that another tool wrote
  kPicture,
  kOther,  // exists, and convoy can do nothing with it
};

struct Thing {
  ThingKind kind = ThingKind::kNothing;
  std::string path;  // as it was typed, or below ./runs
};

// Returns what `named` is on this computer: itself, or where nothing is called so, what has this
// name in ./runs.
Thing FindHere(const std::string& named);

enum class WantedThing { kJob, kModel };

// Where to look for what was asked for.
struct Place {
  bool here = false;
  std::string name;  // a path, or a name at the coordinator; "": the coordinator's newest
};

// Returns the place that `named` means. A path is always here. Any other name is the coordinator's
// where one was named (context.coordinator_named), unless a run of this directory is called so;
// where none was, it is first a thing of this computer. "" is the newest run of ./runs, which a
// note on context.err names, or the coordinator's newest where one was named or there is no run.
// Returns NOT_FOUND, saying what `named` is instead and what to give, for what is not wanted.
absl::StatusOr<Place> FindPlace(const std::string& named, WantedThing wanted,
                                const Context& context);

// Returns the error of a coordinator that was asked for `named`, with what is near on this computer
// (such as a run of this name); where the coordinator was not named and does not answer, one that
// speaks of the name instead. OK stays OK.
absl::Status ExplainMissing(const absl::Status& status, const std::string& named,
                            const Context& context);

// Returns the run directories that a list of `named` shows, the newest first: `named` itself if it
// is a run, else the runs in it. Where `named` is "": those of ./runs, or nothing, and then the
// coordinator is to be asked. Returns NOT_FOUND for what holds no runs.
absl::StatusOr<std::optional<std::vector<std::string>>> FindRuns(const std::string& named,
                                                                 const Context& context);

}  // namespace convoy::client
