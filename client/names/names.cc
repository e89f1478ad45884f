// Names are looked up in a fixed order, and what is found is told apart by what it is (a directory
// with a summary.json, the ending of a file), never by who asks. Whoever asks for something else
// hears what it is, what to do with it, and which name nearby may have been meant.
#include "client/names/names.h"

#include <algorithm>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "common/api/resource_names.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/i18n/translate.h"
#include "common/log/log.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<const char*, ThingKind> kEndings[] = {
    {".convoy", ThingKind::kModel},      {".textproto", ThingKind::kDescription},
    {".pbtxt", ThingKind::kDescription}, {".h5", ThingKind::kForeign},
    {".hdf5", ThingKind::kForeign},      {".keras", ThingKind::kForeign},
    {".png", ThingKind::kPicture},       {".jpg", ThingKind::kPicture},
    {".jpeg", ThingKind::kPicture}};

bool HoldsRuns(const std::string& directory) {
  const auto runs = run::ListRuns(directory);
  return runs.ok() && !runs->empty();
}

ThingKind KindOfDirectory(const std::string& path) {
  for (const char* name : {run::kSummaryFile, run::kModelFile, run::kCheckpoints}) {
    if (PathExists(run::PathIn(path, name))) return ThingKind::kRun;
  }
  return HoldsRuns(path) ? ThingKind::kRuns : ThingKind::kOther;
}

ThingKind KindOf(const std::string& path) {
  std::error_code unknown;
  if (fs::is_directory(path, unknown)) return KindOfDirectory(path);
  for (const auto& [ending, kind] : kEndings) {
    if (absl::EndsWithIgnoreCase(path, ending)) {
      return PathExists(path) ? kind : ThingKind::kNothing;
    }
  }
  return PathExists(path) ? ThingKind::kOther : ThingKind::kNothing;
}

// Whether `named` can mean nothing but a file or a directory.
bool IsPathOrFile(const std::string& named) {
  return run::IsPath(named) || absl::EndsWithIgnoreCase(named, ".convoy") ||
         absl::EndsWithIgnoreCase(named, ".textproto");
}

// Returns the name of what convoy can work with in `directory` that is nearest to `name`, or "".
std::string NearIn(const std::string& directory, const std::string& name) {
  std::vector<std::string> known;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const ThingKind kind = KindOf(entry.path().string());
    if (kind == ThingKind::kOther || kind == ThingKind::kPicture) continue;
    known.push_back(entry.path().filename().string());
  }
  const std::string description = name + ".textproto";
  if (std::find(known.begin(), known.end(), description) != known.end()) return description;
  return NearestName(name, known);
}

// The name nearest to `named`, "" if none is near: of what is beside it, or in ./runs.
std::string NearHere(const std::string& named) {
  const fs::path path(std::string(absl::StripSuffix(named, "/")));
  const std::string parent = path.parent_path().string();
  std::string near = NearIn(parent.empty() ? "." : parent, path.filename().string());
  if (!near.empty()) {
    near = parent.empty() ? near : run::PathIn(parent, near);
  } else if (near = NearIn(run::kRunsFolder, path.filename().string()); !near.empty()) {
    near = run::PathIn(run::kRunsFolder, near);
  }
  return near;
}

// `text`, with the name that may have been meant, if there is one.
std::string WithNear(const std::string& text, const std::string& near) {
  return near.empty() ? text : Tr("$0; did you mean $1?", text, Quoted(near));
}

// The run that holds the file, "" if none does.
std::string RunOf(const std::string& file) {
  const fs::path parent = fs::path(file).parent_path();
  const std::string path = parent.empty() ? "." : parent.string();
  return PathExists(run::PathIn(path, run::kSummaryFile)) ? path : "";
}

std::string NotAJob(const Thing& thing) {
  if (thing.kind != ThingKind::kModel) return "";
  const std::string run = RunOf(thing.path);
  const std::string path = Printable(thing.path);
  if (run.empty()) {
    return Tr("$0: is a model and not its training; convoy show says what is in it", path);
  }
  return Tr("$0: is a model; give its run, $1", path, Quoted(run));
}

// What `thing` is and what to do with it, "" if it can be what is wanted.
std::string WhatElse(const Thing& thing, WantedThing wanted) {
  const std::string path = Printable(thing.path);
  switch (thing.kind) {
    case ThingKind::kRuns:
      return Tr("$0: holds runs; give one of them, such as $1 (convoy jobs $0 lists them)", path,
                Quoted(run::ListRuns(thing.path)->front()));
    case ThingKind::kDescription:
      return Tr(
          "$0: describes what can be trained and was not; convoy show $0 shows it, trainer trains "
          "it",
          path);
    case ThingKind::kForeign:
      return Tr("$0: is a model of another tool; convoy import $0 makes a model.convoy of it",
                path);
    case ThingKind::kPicture:
      return Tr("$0: is a picture; convoy predict $0 --model MODEL says what of", path);
    case ThingKind::kOther:
      return fs::is_directory(thing.path)
                 ? Tr("$0: is no run directory, it has no summary.json; give the directory of a "
                      "training (trainer --run-dir), such as runs/first",
                      path)
                 : Tr("$0: is neither a run directory nor a model (FILE.convoy)", path);
    default:
      return wanted == WantedThing::kJob ? NotAJob(thing) : "";
  }
}

absl::StatusOr<Place> Here(const Thing& thing, WantedThing wanted) {
  const std::string other = WhatElse(thing, wanted);
  if (other.empty()) return Place{.here = true, .name = thing.path};
  return absl::NotFoundError(other);
}

absl::Status NothingHere(const std::string& named) {
  const std::string near = NearHere(named);
  const bool file = fs::path(named).has_extension() && !absl::EndsWith(named, "/");
  const std::string text = file ? Tr("$0: no such file", Printable(named))
                                : Tr("$0: no such directory", Printable(named));
  return absl::NotFoundError(
      near.empty()
          ? Tr("$0; give a run directory (trainer --run-dir) or a model (FILE.convoy)", text)
          : WithNear(text, near));
}

// As NearHere, and what a run here of this very name is given by, which the coordinator's jobs
// hide.
std::string CalledSoHere(const std::string& named) {
  const Thing thing = FindHere(named);
  if (thing.kind != ThingKind::kRun) return NearHere(named);
  return thing.path;
}

// The directory of the newest run in ./runs, "" where there is none.
std::string NewestRun() {
  const auto runs = run::ListRuns(run::kRunsFolder);
  return runs.ok() && !runs->empty() ? runs->front() : "";
}

// Where no coordinator answers; the connection's own words only where they are asked for.
std::string Nobody(const absl::Status& status, const Context& context) {
  const std::string& address = context.connection.address;
  return context.verbose ? absl::StrCat(address, " (", status.message(), ")") : address;
}

void NoteNewest(const std::string& run, const Context& context) {
  const std::string note = Tr("no name is given; this is the newest run, $0", run);
  std::fputs((log::LineToPerson("convoy", log::Level::kNote, note) + "\n").c_str(), context.err);
}

}  // namespace

Thing FindHere(const std::string& named) {
  Thing thing{.kind = KindOf(named), .path = named};
  if (thing.kind != ThingKind::kNothing || run::IsPath(named)) return thing;
  const std::string below = run::PathIn(run::kRunsFolder, named);
  if (KindOf(below) == ThingKind::kRun) return {.kind = ThingKind::kRun, .path = below};
  return thing;
}

absl::StatusOr<std::optional<std::vector<std::string>>> FindRuns(const std::string& named,
                                                                 const Context& context) {
  using Runs = std::optional<std::vector<std::string>>;
  if (named.empty()) {
    if (context.coordinator_named || NewestRun().empty()) return Runs();
    return FindRuns(run::kRunsFolder, context);
  }
  const Thing thing = FindHere(named);
  if (thing.kind == ThingKind::kRun) return Runs({thing.path});
  if (thing.kind == ThingKind::kNothing) return NothingHere(named);
  if (!fs::is_directory(thing.path)) {
    return absl::NotFoundError(
        thing.kind == ThingKind::kModel ? NotAJob(thing) : WhatElse(thing, WantedThing::kJob));
  }
  CONVOY_ASSIGN_OR_RETURN(std::vector<std::string> runs, run::ListRuns(thing.path));
  return Runs(std::move(runs));
}

absl::StatusOr<Place> FindPlace(const std::string& named, WantedThing wanted,
                                const Context& context) {
  if (named.empty()) {
    const std::string newest = context.coordinator_named ? "" : NewestRun();
    if (!newest.empty()) NoteNewest(newest, context);
    return Place{.here = !newest.empty(), .name = newest};
  }
  const Thing thing = FindHere(named);
  if (api::IsWholeName(named) && thing.kind != ThingKind::kDescription) return Place{.name = named};
  const bool nothing = thing.kind == ThingKind::kNothing;
  if (IsPathOrFile(named)) return nothing ? NothingHere(named) : Here(thing, wanted);
  // What lies in this very directory needs no other sign; a run elsewhere or a file by chance does.
  const bool plainly_here = thing.path == named && thing.kind == ThingKind::kRun;
  if (nothing || (context.coordinator_named && !plainly_here)) return Place{.name = named};
  return Here(thing, wanted);
}

absl::Status ExplainMissing(const absl::Status& status, const std::string& named,
                            const Context& context) {
  if (context.coordinator_named || !absl::IsUnavailable(status)) {
    if (!absl::IsNotFound(status) || named.empty()) return status;
    return absl::NotFoundError(WithNear(std::string(status.message()), CalledSoHere(named)));
  }
  if (named.empty()) {
    return absl::NotFoundError(
        Tr("there is no run in ./$0 yet, nor does a coordinator answer at $1; train one with "
           "trainer, or name a run directory, a model, or a coordinator",
           run::kRunsFolder, Nobody(status, context)));
  }
  const std::string text =
      Tr("$0: no run, model or file here is called so, nor does a coordinator answer at $1",
         Printable(named), Nobody(status, context));
  return absl::NotFoundError(WithNear(text, NearHere(named)));
}

}  // namespace convoy::client
