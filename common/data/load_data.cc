// Looks at what a path is and what lies there, from the forms that cannot be mistaken to those that
// can: four IDX files, batches of CIFAR, arrays of numpy, tables, pictures. Each form has its
// reader; here is only which of them is asked.
#include "common/data/load_data.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/cifar_binary.h"
#include "common/data/class_folders.h"
#include "common/data/csv_data.h"
#include "common/data/data_directory.h"
#include "common/data/digits/generated_digits.h"
#include "common/data/files/file_tree.h"
#include "common/data/idx_tree.h"
#include "common/data/npz.h"
#include "common/data/picture_data.h"

namespace convoy::data {
namespace {

// Generated digits are one data set, whatever the recipe's seed: as many as MNIST has.
constexpr uint64_t kGeneratedSeed = 1;
constexpr int64_t kGeneratedTrainImages = 60000;
constexpr int64_t kGeneratedTestImages = 10000;

Dataset DrawDigits(uint32_t split, int64_t count) {
  Dataset digits{.count = count, .height = 28, .width = 28, .channels = 1, .num_classes = 10};
  digits.pixels.resize(static_cast<size_t>(count * 28 * 28));
  digits.labels.resize(static_cast<size_t>(count));
  GenerateDigits(kGeneratedSeed, split, count, UsableCores(), digits.pixels.data(),
                 digits.labels.data());
  return digits;
}

bool IsFile(const std::string& path) {
  struct stat info {};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

bool HoldsPictures(const FileTree& tree) {
  return std::any_of(tree.paths().begin(), tree.paths().end(), &IsPictureName);
}

bool IsNumpyArchive(const std::string& path) { return absl::EndsWith(path, ".npz"); }

// The arrays of the only .npz file of the tree.
absl::StatusOr<DataSource> LoadNumpyArchive(const FileTree& tree) {
  const auto& paths = tree.paths();
  const auto found = std::find_if(paths.begin(), paths.end(), &IsNumpyArchive);
  if (std::count_if(paths.begin(), paths.end(), &IsNumpyArchive) > 1) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "$0: holds several .npz files; name one of them as `data`",
                     Printable(tree.root()));
  }
  const auto index = static_cast<size_t>(found - paths.begin());
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, tree.Read(index, kMaxUnpackedBytes));
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<FileTree> arrays,
                          OpenArchiveBytes(bytes, tree.Name(index)));
  return LoadArrays(*arrays);
}

bool IsPickledBatch(const std::string& path) {
  return absl::EndsWith(path, "data_batch_1") || absl::EndsWith(path, "cifar-100-python/train");
}

// Loads what the tree holds, whose forms are looked for from the most to the least certain. Returns
// NOT_FOUND if that is nothing known.
absl::StatusOr<DataSource> LoadTree(const FileTree& tree, const LoadOptions& options) {
  const auto& paths = tree.paths();
  if (HoldsIdxFiles(tree)) return LoadIdxTree(tree);
  if (HoldsCifarBatches(tree)) return LoadCifarBatches(tree);
  if (HoldsArrays(tree)) return LoadArrays(tree);
  if (std::any_of(paths.begin(), paths.end(), &IsNumpyArchive)) return LoadNumpyArchive(tree);
  if (HoldsTables(tree)) return LoadTables(tree);
  if (HoldsPictures(tree)) return LoadPictures(tree, options);
  const std::string root = Printable(tree.root());
  if (std::any_of(paths.begin(), paths.end(), &IsPickledBatch)) {
    return TextError(
        absl::StatusCode::kInvalidArgument,
        "$0: holds CIFAR's Python version, which only Python reads; fetch the binary version",
        root);
  }
  return TextError(absl::StatusCode::kNotFound,
                   "$0: holds neither IDX files, CIFAR's batches, .npz or .csv files nor pictures",
                   root);
}

absl::StatusOr<DataSource> LoadFile(const std::string& path, const LoadOptions& options) {
  const std::unique_ptr<FileTree> single = SingleFile(path);
  if (HoldsTables(*single)) return LoadTables(*single);
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<FileTree> tree, OpenArchive(path));
  return LoadTree(*tree, options);
}

// Returns the names of the archives on the directory's own level.
std::vector<std::string> Archives(const FileTree& tree) {
  std::vector<std::string> names;
  for (const std::string& path : tree.paths()) {
    if (IsArchiveName(path) && path.find('/') == std::string::npos) names.push_back(path);
  }
  return names;
}

absl::StatusOr<DataSource> LoadDirectory(const std::string& directory, const LoadOptions& options) {
  if (HoldsAllIdxFiles(directory)) return LoadIdxDirectory(directory);
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<FileTree> tree, OpenDirectory(directory));
  absl::StatusOr<DataSource> source = LoadTree(*tree, options);
  if (!absl::IsNotFound(source.status())) return source;
  if (HoldsIdxFiles(directory)) return LoadIdxDirectory(directory);  // which says what is missing
  const std::vector<std::string> archives = Archives(*tree);
  if (archives.size() > 1) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "$0: holds several archives ($1); name one of them as `data`",
                     Printable(directory), Printable(absl::StrJoin(archives, ", ")));
  }
  if (archives.size() == 1) return LoadFile(directory + "/" + archives.front(), options);
  if (HoldsIdxFiles(*tree) || HoldsPictures(*tree)) return source;
  return LoadIdxDirectory(directory);
}

// Whether the name of anything in the folder begins so. A slip of the pen shall not have us look
// through a whole home directory.
bool AnyNameBegins(const std::string& folder, const std::string& beginning) {
  std::error_code error;
  const std::filesystem::directory_iterator end;
  for (std::filesystem::directory_iterator entry(folder, error); !error && entry != end;
       entry.increment(error)) {
    if (absl::StartsWith(entry->path().filename().string(), beginning)) return true;
  }
  return false;
}

// Loads the set of IDX files whose names begin with `path`, such as DIR/emnist-letters. Returns
// NOT_FOUND if there is none.
absl::StatusOr<DataSource> LoadPrefix(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  if (!AnyNameBegins(folder, path.substr(slash + 1)))
    return TextError(absl::StatusCode::kNotFound, "no such files");
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<FileTree> tree, OpenDirectory(folder));
  return LoadIdxTree(*tree, path.substr(slash + 1));  // npos + 1 is 0
}

// Returns the image with rows and columns swapped.
void Transpose(Dataset* dataset) {
  std::vector<uint8_t> swapped;
  swapped.reserve(dataset->pixels.size());
  const DatasetView view = dataset->View();
  for (int64_t i = 0; i < dataset->count; ++i) {
    for (int x = 0; x < dataset->width; ++x) {
      for (int y = 0; y < dataset->height; ++y) {
        const uint8_t* pixel = view.image(i) + (y * dataset->width + x) * dataset->channels;
        swapped.insert(swapped.end(), pixel, pixel + dataset->channels);
      }
    }
  }
  dataset->pixels = std::move(swapped);
  std::swap(dataset->height, dataset->width);
}

absl::StatusOr<DataSource> LoadPath(const std::string& path, const LoadOptions& options) {
  if (IsFile(path)) return LoadFile(path, options);
  if (!PathExists(path)) {
    absl::StatusOr<DataSource> named = LoadPrefix(path);
    if (!absl::IsNotFound(named.status())) return named;
  }
  return LoadDirectory(path, options);
}

absl::StatusOr<DataSource> Load(const std::string& path, const LoadOptions& options) {
  CONVOY_ASSIGN_OR_RETURN(DataSource source, LoadPath(path, options));
  if (!options.transpose) return source;
  Transpose(&source.train);
  Transpose(&source.test);
  source.sha256 = DataSha256(source.train, source.test);
  absl::StrAppend(&source.where, ", rows and columns swapped");
  return source;
}

}  // namespace

absl::StatusOr<DataSource> LoadData(const std::string& flag, const LoadOptions& options) {
  const DataChoice choice = FindDataDirectory(flag);
  if (!choice.directory.empty()) return Load(choice.directory, options);
  DataSource source{.kind = kKindGenerated,
                    .where = choice.reason,
                    .train = DrawDigits(kGeneratedTrainSplit, kGeneratedTrainImages),
                    .test = DrawDigits(kGeneratedTestSplit, kGeneratedTestImages)};
  source.sha256 = DataSha256(source.train, source.test);
  return source;
}

}  // namespace convoy::data
