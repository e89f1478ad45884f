// Checkpoints by the steps in their files' names: the newest that is whole is the run's. One that
// is damaged is passed over for an older one; where nothing is whole, and something could not be
// read, nobody knows whether a run is there, which is an error.
#include "common/formats/checkpoint_store.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/failpoint.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::formats {
namespace {

constexpr std::string_view kPrefix = "step-";
constexpr std::string_view kSuffix = ".convoy";
constexpr std::string_view kTemporarySuffix = ".tmp";

struct StoredFile {
  int64_t global_step;
  std::string path;
};

// Returns the step that a checkpoint's file name gives, or nullopt for any other file.
std::optional<int64_t> StepOf(std::string_view file_name) {
  if (!file_name.starts_with(kPrefix) || !file_name.ends_with(kSuffix)) return std::nullopt;
  const char* const end = file_name.data() + file_name.size() - kSuffix.size();
  int64_t step = 0;
  const auto [rest, error] = std::from_chars(file_name.data() + kPrefix.size(), end, step);
  if (error != std::errc() || rest != end || step < 0) return std::nullopt;
  // Exactly the name that would be written, so that no two files are of one step.
  if (file_name != CheckpointFileName(step)) return std::nullopt;
  return step;
}

bool IsTemporary(std::string_view file_name) {
  return file_name.starts_with(kPrefix) && file_name.ends_with(kTemporarySuffix);
}

absl::StatusOr<std::vector<std::string>> ListRegularFiles(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  std::filesystem::directory_iterator entry(directory, error);
  for (; !error && entry != std::filesystem::directory_iterator(); entry.increment(error)) {
    std::error_code ignored;  // a file that has just gone is no regular file
    if (entry->is_regular_file(ignored)) names.push_back(entry->path().filename().string());
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory);
  return names;
}

// The checkpoint files, newest first.
absl::StatusOr<std::vector<StoredFile>> ListCheckpoints(const std::string& directory) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListRegularFiles(directory));
  std::vector<StoredFile> files;
  for (const std::string& name : names) {
    const std::optional<int64_t> step = StepOf(name);
    if (step.has_value()) files.push_back({*step, absl::StrCat(directory, "/", name)});
  }
  std::sort(files.begin(), files.end(),
            [](const StoredFile& a, const StoredFile& b) { return a.global_step > b.global_step; });
  return files;
}

absl::StatusOr<Checkpoint> LoadFile(const StoredFile& file) {
  CONVOY_ASSIGN_OR_RETURN(std::string bytes, ReadFile(file.path, kMaxFileBytes));
  CONVOY_ASSIGN_OR_RETURN(Checkpoint checkpoint, DecodeCheckpoint(std::move(bytes), file.path));
  if (checkpoint.position.global_step != file.global_step) {
    return absl::DataLossError(absl::StrCat(
        file.path, ": holds step ", checkpoint.position.global_step, ", not that of its name"));
  }
  return checkpoint;
}

// Whether a file may be passed over for an older one: it is damaged, or the disk cannot read it.
bool IsDamage(const absl::Status& status) {
  return absl::IsDataLoss(status) || absl::IsInvalidArgument(status) ||
         absl::IsUnavailable(status) || absl::IsOutOfRange(status) || absl::IsNotFound(status);
}

// Whether the file's content is unknown, not wrong.
bool MayBeWhole(const absl::Status& status) {
  return absl::IsUnavailable(status) || absl::IsOutOfRange(status);
}

absl::Status Remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) {
    return ErrnoStatus(errno, "cannot remove", path);
  }
  return absl::OkStatus();
}

}  // namespace

std::string CheckpointFileName(int64_t global_step) {
  return absl::StrFormat("step-%09d.convoy", global_step);
}

std::vector<int64_t> CheckpointSteps(const std::string& directory) {
  std::vector<int64_t> steps;
  const absl::StatusOr<std::vector<StoredFile>> files = ListCheckpoints(directory);
  if (!files.ok()) return steps;
  for (const StoredFile& file : *files) steps.push_back(file.global_step);
  return steps;
}

absl::StatusOr<std::optional<Checkpoint>> LoadLatestCheckpoint(const std::string& directory,
                                                               std::vector<std::string>* skipped) {
  absl::StatusOr<std::vector<StoredFile>> files = ListCheckpoints(directory);
  if (absl::IsNotFound(files.status())) return std::nullopt;
  if (!files.ok()) return files.status();
  absl::Status unread;
  for (const StoredFile& file : *files) {
    absl::StatusOr<Checkpoint> checkpoint = LoadFile(file);
    if (checkpoint.ok()) return std::optional<Checkpoint>(*std::move(checkpoint));
    if (!IsDamage(checkpoint.status())) return checkpoint.status();
    if (MayBeWhole(checkpoint.status())) unread.Update(checkpoint.status());
    skipped->emplace_back(checkpoint.status().message());
  }
  // To begin anew would throw away a run that is there, and only cannot be read.
  if (unread.ok()) return std::nullopt;
  return absl::Status(unread.code(), absl::StrCat(unread.message(),
                                                  "; no other checkpoint is whole, so mend the "
                                                  "disk, or begin anew in another directory"));
}

absl::StatusOr<CheckpointStore> CheckpointStore::Open(std::string directory, int keep_last) {
  if (keep_last < 1) {
    return absl::InvalidArgumentError(
        absl::StrCat("cannot keep ", keep_last, " checkpoints; keep 1 or more"));
  }
  CONVOY_RETURN_IF_ERROR(CreateDirectories(directory));
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> names, ListRegularFiles(directory));
  for (const std::string& name : names) {
    if (IsTemporary(name)) CONVOY_RETURN_IF_ERROR(Remove(absl::StrCat(directory, "/", name)));
  }
  return CheckpointStore(std::move(directory), keep_last);
}

absl::Status CheckpointStore::Save(const Checkpoint& checkpoint) {
  CONVOY_RETURN_IF_ERROR(EncodeCheckpoint(checkpoint, &buffer_));
  return SaveBytes(checkpoint.position.global_step, buffer_);
}

absl::Status CheckpointStore::SaveBytes(int64_t global_step, std::string_view bytes) {
  const std::string path = absl::StrCat(directory_, "/", CheckpointFileName(global_step));
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(path, bytes));
  Failpoint("before_prune", path);
  return Prune(global_step);
}

absl::Status CheckpointStore::Prune(int64_t newest_step) const {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<StoredFile> files, ListCheckpoints(directory_));
  int kept = 0;
  for (const StoredFile& file : files) {
    if (file.global_step > newest_step || ++kept <= keep_last_) continue;
    CONVOY_RETURN_IF_ERROR(Remove(file.path));
  }
  return absl::OkStatus();
}

}  // namespace convoy::formats
