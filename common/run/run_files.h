// What is in a run directory, by name, and how it is read (docs/run_directory.md). Only this folder
// knows the names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"
#include "common/run/summary.h"

namespace convoy::run {

// Where runs go that were given no directory.
inline constexpr char kRunsFolder[] = "runs";

inline constexpr char kRecipeFile[] = "recipe.textproto";
inline constexpr char kSummaryFile[] = "summary.json";
inline constexpr char kHistoryFile[] = "history.json";
inline constexpr char kHistoryCsvFile[] = "history.csv";
inline constexpr char kModelFile[] = "model.convoy";
inline constexpr char kDataCopyFile[] = "data.copy";
inline constexpr char kDataCacheFile[] = ".data_cache";
inline constexpr char kLabelsFile[] = "labels.json";
inline constexpr char kLogFile[] = "log.txt";
inline constexpr char kProgressFile[] = "progress.json";
inline constexpr char kRunIdFile[] = "run_id";
inline constexpr char kRunKeyFile[] = "run_key";
inline constexpr char kLockFile[] = ".lock";
inline constexpr char kSupervisorLockFile[] = ".supervisor";
inline constexpr char kHostFile[] = ".hosts";
inline constexpr char kStartFile[] = ".start";
inline constexpr char kEventsFile[] = "events.jsonl";
inline constexpr char kLauncherFile[] = "launcher.log";
inline constexpr char kReportFile[] = "report.html";
inline constexpr char kCheckpoints[] = "checkpoints";
inline constexpr char kFigures[] = "figures";

// Returns the path of one of these in a run directory: "runs/first/summary.json".
std::string PathIn(const std::string& directory, const std::string& name);

// Returns the name of the file with the last words of a rank: "last_words.3".
std::string LastWordsFile(int rank);

// How a line of it begins that is the record before as the terminal was shown it, in the user's
// language.
inline constexpr char kShownWords[] = "shown: ";

// Whether the file tells of one start of the trainer, its progress or last words, and is out of
// date at the next.
bool IsOfOneStart(const std::string& name);

// Whether `named` can only be a path: it has a slash or begins with a dot.
bool IsPath(const std::string& named);

// Returns the run's name: the last part of its path ("first" for "runs/first/").
std::string RunName(const std::string& directory);

// Whether a trainer works in the directory now, or a supervisor keeps its training going; false
// also where nobody can tell.
bool TrainerWorksIn(const std::string& directory);
bool SupervisorWorksIn(const std::string& directory);

// Returns "runs/<time>-<id>", a name that does not exist yet.
std::string NewRunPath();

// Returns the paths of the run directories in `directory`, the newest first. Returns NOT_FOUND if
// it cannot be listed.
absl::StatusOr<std::vector<std::string>> ListRuns(const std::string& directory);

// Read summary.json, history.json or recipe.textproto of `directory`. Return NOT_FOUND, saying what
// to give, if it is no directory or no run; DATA_LOSS if the file is not what a trainer writes.
// Errors name the file.
absl::StatusOr<Summary> ReadSummary(const std::string& directory);
absl::StatusOr<metrics::History> ReadHistory(const std::string& directory);
absl::StatusOr<std::string> ReadRecipe(const std::string& directory);

// Returns the steps that are done, as progress.json tells it every second; 0 where there is none.
int64_t ReadStepsDone(const std::string& directory);

}  // namespace convoy::run
