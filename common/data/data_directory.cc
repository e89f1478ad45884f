// Finds the four IDX files of a data set under the names that people have them by, loads them, and
// checks that they belong together before anything is trained on them. "mnist" is not believed by
// name: the content's SHA-256 decides.
#include "common/data/data_directory.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/idx.h"
#include "common/data/labelled_images.h"
#include "common/system/user.h"

namespace convoy::data {
namespace {

// The beginnings and ends of the four files' names; between them stands "-" or ".".
struct FileName {
  const char* stem;
  const char* ending;
};
constexpr FileName kTrainImages = {"train-images", "idx3-ubyte"};
constexpr FileName kTrainLabels = {"train-labels", "idx1-ubyte"};
constexpr FileName kTestImages = {"t10k-images", "idx3-ubyte"};
constexpr FileName kTestLabels = {"t10k-labels", "idx1-ubyte"};
constexpr FileName kAllFiles[] = {kTrainImages, kTrainLabels, kTestImages, kTestLabels};

std::string CanonicalName(const FileName& file) {
  return absl::StrCat(file.stem, "-", file.ending);
}

bool IsDirectory(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

// Returns the path of the file in its first spelling that exists, "" if none does. Folders that are
// called as a file, as some programs unpack archives, are not meant.
std::string FindFile(const std::string& directory, const FileName& file) {
  for (const char* compressed : {"", ".gz"}) {
    for (const char* separator : {"-", "."}) {
      std::string path =
          absl::StrCat(directory, "/", file.stem, separator, file.ending, compressed);
      if (PathExists(path) && !IsDirectory(path)) return path;
    }
  }
  return "";
}

absl::Status CheckDirectory(const std::string& directory) {
  struct stat info {};
  if (::stat(directory.c_str(), &info) != 0) {
    return ErrnoStatus(errno, "cannot open the data directory", directory);
  }
  if (!S_ISDIR(info.st_mode)) {
    return TextError(absl::StatusCode::kInvalidArgument, "$0: is not a directory", directory);
  }
  if (::access(directory.c_str(), R_OK | X_OK) != 0) {
    return ErrnoStatus(errno, "cannot open the data directory", directory);
  }
  return absl::OkStatus();
}

absl::Status CheckComplete(const std::string& directory) {
  std::vector<std::string> missing;
  for (const FileName& file : kAllFiles) {
    if (FindFile(directory, file).empty()) missing.push_back(CanonicalName(file));
  }
  if (missing.empty()) return absl::OkStatus();
  return TextError(absl::StatusCode::kNotFound,
                   "$0: holds no $1 (nor with .gz); deploy/get-mnist.sh $0 fetches MNIST; `data` "
                   "generated does without",
                   directory, absl::StrJoin(missing, ", "));
}

// Returns the images and labels of one half; num_classes is not yet set.
absl::StatusOr<Dataset> LoadHalf(const std::string& images_path, const std::string& labels_path) {
  CONVOY_ASSIGN_OR_RETURN(IdxImages images, ReadIdxImages(images_path));
  CONVOY_ASSIGN_OR_RETURN(IdxLabels labels, ReadIdxLabels(labels_path));
  if (images.count != labels.count) {
    return TextError(absl::StatusCode::kInvalidArgument, "$0: holds $1 images, but $2 $3 labels",
                     images_path, images.count, labels_path, labels.count);
  }
  Dataset half;
  half.count = images.count;
  half.height = images.height;
  half.width = images.width;
  half.pixels = std::move(images.pixels);
  half.labels = std::move(labels.labels);
  return half;
}

absl::StatusOr<DataSource> Load(const std::string& directory) {
  DataSource source;
  source.where = directory;
  const std::string train_labels = FindFile(directory, kTrainLabels);
  CONVOY_ASSIGN_OR_RETURN(source.train, LoadHalf(FindFile(directory, kTrainImages), train_labels));
  const std::string test_images = FindFile(directory, kTestImages);
  const std::string test_labels = FindFile(directory, kTestLabels);
  CONVOY_ASSIGN_OR_RETURN(source.test, LoadHalf(test_images, test_labels));
  CONVOY_RETURN_IF_ERROR(
      CompleteSource({train_labels, test_images, test_labels}, kKindIdx, &source));
  return source;
}

// What to do about an error of Load.
std::string Advice(const absl::Status& error, const std::string& directory) {
  if (error.code() == absl::StatusCode::kNotFound) {
    return absl::StrCat("deploy/get-mnist.sh ", directory,
                        " fetches MNIST; `data` generated does without");
  }
  if (error.code() == absl::StatusCode::kPermissionDenied) {
    return "make it readable, or choose other `data`";
  }
  return "replace it (deploy/get-mnist.sh fetches MNIST), or choose other `data`";
}

std::vector<std::string> DefaultDirectories() {
  std::vector<std::string> directories = {"./data/mnist"};
  const std::string home = HomeDirectory();
  if (!home.empty()) directories.push_back(absl::StrCat(home, "/.cache/convoy/mnist"));
  return directories;
}

}  // namespace

bool HoldsIdxFiles(const std::string& directory) {
  return std::any_of(std::begin(kAllFiles), std::end(kAllFiles),
                     [&](const FileName& file) { return !FindFile(directory, file).empty(); });
}

bool HoldsAllIdxFiles(const std::string& directory) {
  return std::all_of(std::begin(kAllFiles), std::end(kAllFiles),
                     [&](const FileName& file) { return !FindFile(directory, file).empty(); });
}

DataChoice FindDataDirectory(const std::string& flag) {
  if (flag == kGeneratedFlag) return {"", "asked for"};
  if (!flag.empty()) return {flag, "data"};
  const char* named = std::getenv("CONVOY_DATA");
  if (named != nullptr && *named != '\0') return {named, "$CONVOY_DATA"};
  const std::vector<std::string> defaults = DefaultDirectories();
  for (const std::string& directory : defaults) {
    if (HoldsIdxFiles(directory)) return {directory, "found without being named"};
  }
  return {"", absl::StrCat("no data named, none found in ", absl::StrJoin(defaults, " or "))};
}

absl::StatusOr<DataSource> LoadIdxDirectory(const std::string& directory) {
  const absl::Status there = CheckDirectory(directory);
  if (there.ok()) CONVOY_RETURN_IF_ERROR(CheckComplete(directory));  // which says what to do
  absl::StatusOr<DataSource> source = there.ok() ? Load(directory) : there;
  if (source.ok()) return source;
  return absl::Status(source.status().code(), absl::StrCat(source.status().message(), "; ",
                                                           Advice(source.status(), directory)));
}

}  // namespace convoy::data
