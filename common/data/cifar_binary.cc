#include "common/data/cifar_binary.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/labelled_images.h"

namespace convoy::data {
namespace {

constexpr int kSide = 32;
constexpr int kChannels = 3;
constexpr size_t kPlane = kSide * kSide;
constexpr uint64_t kMostFileBytes = uint64_t{4} << 30;
constexpr uint64_t kMostNameBytes = 1 << 16;

// One of the two data sets.
struct Version {
  const char* name;
  std::vector<const char*> train;
  const char* test;
  const char* names;
  size_t label_bytes;
};

const std::array<Version, 2>& Versions() {
  static const auto* const kVersions = new std::array<Version, 2>{
      {{"CIFAR-10",
        {"data_batch_1.bin", "data_batch_2.bin", "data_batch_3.bin", "data_batch_4.bin",
         "data_batch_5.bin"},
        "test_batch.bin",
        "batches.meta.txt",
        1},
       {"CIFAR-100", {"train.bin"}, "test.bin", "fine_label_names.txt", 2}}};
  return *kVersions;
}

// Returns the index of the file `name` in the folder of `folder_of`.
std::optional<size_t> Beside(const FileTree& tree, const std::string& folder_of,
                             const std::string& name) {
  const std::string path = folder_of.substr(0, folder_of.rfind('/') + 1) + name;
  const auto& paths = tree.paths();
  const auto found = std::lower_bound(paths.begin(), paths.end(), path);
  if (found == paths.end() || *found != path) return std::nullopt;
  return static_cast<size_t>(found - paths.begin());
}

// A version whose first batch is in the tree, and where that is. CIFAR-100's files have names that
// anything may have, so all three must be there.
struct Found {
  const Version* version;
  std::string first;
};

std::optional<Found> Find(const FileTree& tree) {
  for (const Version& version : Versions()) {
    for (const std::string& path : tree.paths()) {
      const std::string name = path.substr(path.rfind('/') + 1);
      if (name != version.train.front()) continue;
      const bool common_name = version.train.size() == 1;
      if (common_name &&
          (!Beside(tree, path, version.test) || !Beside(tree, path, version.names))) {
        continue;
      }
      return Found{&version, path};
    }
  }
  return std::nullopt;
}

absl::StatusOr<size_t> Need(const FileTree& tree, const std::string& first, const char* name) {
  const std::optional<size_t> file = Beside(tree, first, name);
  if (file) return *file;
  return TextError(absl::StatusCode::kNotFound, "$0: holds no $1 beside $2; fetch it again",
                   Printable(tree.root()), name, Printable(first));
}

// Appends the records of a file, their planes turned into pixels.
absl::Status AppendBatch(const FileTree& tree, size_t file, size_t label_bytes, Dataset* part) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, tree.Read(file, kMostFileBytes));
  const size_t record = label_bytes + kChannels * kPlane;
  if (bytes.empty() || bytes.size() % record != 0) {
    return TextError(absl::StatusCode::kDataLoss,
                     "$0: has $1 bytes, which are no whole records of $2; fetch it again",
                     tree.Name(file), bytes.size(), record);
  }
  for (size_t at = 0; at < bytes.size(); at += record) {
    part->labels.push_back(static_cast<uint8_t>(bytes[at + label_bytes - 1]));
    const char* planes = bytes.data() + at + label_bytes;
    for (size_t pixel = 0; pixel < kPlane; ++pixel) {
      for (size_t channel = 0; channel < kChannels; ++channel) {
        part->pixels.push_back(static_cast<uint8_t>(planes[channel * kPlane + pixel]));
      }
    }
    ++part->count;
  }
  return absl::OkStatus();
}

std::vector<std::string> ReadNames(const FileTree& tree, const Found& found) {
  std::vector<std::string> names;
  const std::optional<size_t> file = Beside(tree, found.first, found.version->names);
  if (!file) return names;
  const absl::StatusOr<std::string> text = tree.Read(*file, kMostNameBytes);
  if (!text.ok()) return names;
  for (const absl::string_view line : absl::StrSplit(*text, '\n', absl::SkipWhitespace())) {
    names.emplace_back(absl::StripAsciiWhitespace(line));
  }
  return names;
}

}  // namespace

bool HoldsCifarBatches(const FileTree& tree) { return Find(tree).has_value(); }

absl::StatusOr<DataSource> LoadCifarBatches(const FileTree& tree) {
  const std::optional<Found> found = Find(tree);
  if (!found) return TextError(absl::StatusCode::kNotFound, "no batches of CIFAR");
  const Version& version = *found->version;
  DataSource source;
  source.train = {.height = kSide, .width = kSide, .channels = kChannels};
  source.test = source.train;
  for (const char* name : version.train) {
    CONVOY_ASSIGN_OR_RETURN(const size_t file, Need(tree, found->first, name));
    CONVOY_RETURN_IF_ERROR(AppendBatch(tree, file, version.label_bytes, &source.train));
  }
  CONVOY_ASSIGN_OR_RETURN(const size_t test, Need(tree, found->first, version.test));
  CONVOY_RETURN_IF_ERROR(AppendBatch(tree, test, version.label_bytes, &source.test));
  source.class_names = ReadNames(tree, *found);
  CONVOY_RETURN_IF_ERROR(CompleteSource({Printable(found->first), tree.Name(test), tree.Name(test)},
                                        kKindCifar, &source));
  source.where = absl::StrCat(Printable(tree.root()), ": ", version.name, "'s binary version, ",
                              source.train.num_classes, " classes");
  return source;
}

}  // namespace convoy::data
