// Works on names alone: the tree may be a directory or an archive. Pictures are cut into the parts
// of their paths; folders that all pictures share are stripped until the parts of the data set, or
// the classes, are on top.
#include "common/data/class_folders.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/dataset.h"
#include "common/data/sampler.h"

namespace convoy::data {
namespace {

// The order of pictures is drawn once and for all: it is part of the data set, not of a recipe.
constexpr uint64_t kOrderSeed = 1;
constexpr size_t kHeldOutPart = 5;  // one in so many

enum Part { kTrain, kValidation, kTest, kNumParts };

struct Picture {
  size_t file;
  std::vector<std::string> folders;  // without those that were stripped
};
using Pictures = std::vector<Picture>;

// Returns the part that a folder is called after: a word of its name is one of the part's.
std::optional<Part> PartOf(const std::string& folder) {
  static const auto* words = new std::map<std::string, Part>({{"train", kTrain},
                                                              {"training", kTrain},
                                                              {"val", kValidation},
                                                              {"valid", kValidation},
                                                              {"validation", kValidation},
                                                              {"dev", kValidation},
                                                              {"test", kTest},
                                                              {"testing", kTest},
                                                              {"eval", kTest}});
  const std::string lower = absl::AsciiStrToLower(folder);
  for (const absl::string_view word : absl::StrSplit(lower, absl::ByAnyChar("_- ."))) {
    if (const auto found = words->find(std::string(word)); found != words->end())
      return found->second;
  }
  return std::nullopt;
}

Pictures PicturesAmong(const std::vector<std::string>& paths) {
  Pictures pictures;
  for (size_t file = 0; file < paths.size(); ++file) {
    if (!IsPictureName(paths[file])) continue;
    std::vector<std::string> folders = absl::StrSplit(paths[file], '/');
    folders.pop_back();
    pictures.push_back({file, std::move(folders)});
  }
  return pictures;
}

std::set<std::string> TopFolders(const Pictures& pictures) {
  std::set<std::string> names;
  for (const Picture& picture : pictures) {
    if (!picture.folders.empty()) names.insert(picture.folders.front());
  }
  return names;
}

// Removes folders around the whole: the only one on its level, with folders within.
void StripCommonFolders(Pictures* pictures) {
  const auto can_strip = [&] {
    const std::set<std::string> top = TopFolders(*pictures);
    return top.size() == 1 && !PartOf(*top.begin()) &&
           std::all_of(pictures->begin(), pictures->end(),
                       [](const Picture& picture) { return picture.folders.size() >= 2; });
  };
  while (can_strip()) {
    for (Picture& picture : *pictures) picture.folders.erase(picture.folders.begin());
  }
}

// A folder within one of its own part ("seg_train/seg_train/CLASS"), or any single folder.
void StripWithinPart(Pictures* pictures) {
  const auto can_strip = [&] {
    return TopFolders(*pictures).size() == 1 &&
           std::all_of(pictures->begin(), pictures->end(),
                       [](const Picture& picture) { return picture.folders.size() >= 2; });
  };
  while (can_strip()) {
    for (Picture& picture : *pictures) picture.folders.erase(picture.folders.begin());
  }
}

// Whether the top folders are parts of a data set: one for training, and nothing but parts or at
// least one part more. Classes called "train" and "bus" are classes.
bool HasParts(const std::set<std::string>& top) {
  size_t parts = 0;
  bool train = false;
  for (const std::string& name : top) {
    const std::optional<Part> part = PartOf(name);
    if (!part) continue;
    ++parts;
    train |= *part == kTrain;
  }
  return train && (parts == top.size() || parts >= 2);
}

std::array<Pictures, kNumParts> SplitIntoParts(Pictures pictures, size_t* ignored) {
  std::array<Pictures, kNumParts> parts;
  for (Picture& picture : pictures) {
    const auto part = picture.folders.empty() ? std::nullopt : PartOf(picture.folders.front());
    if (!part) {
      ++*ignored;
      continue;
    }
    picture.folders.erase(picture.folders.begin());
    parts[*part].push_back(std::move(picture));
  }
  for (Pictures& part : parts) StripWithinPart(&part);
  return parts;
}

absl::Status CheckClasses(const std::vector<std::string>& classes) {
  if (classes.empty()) {
    return TextError(absl::StatusCode::kNotFound,
                     "holds no folder with pictures (.jpg or .png); make one a class");
  }
  if (classes.size() == 1) {
    return InvalidArgumentTextError(
        "has one class alone, $0; put the pictures of each class into a folder of their own",
        Quoted(classes.front()));
  }
  if (classes.size() > size_t{kMaxClasses}) {
    return InvalidArgumentTextError(
        "has $0 folders with pictures, each a class; at most $1 classes are possible",
        classes.size(), kMaxClasses);
  }
  return absl::OkStatus();
}

// Labels the pictures by their top folder; those without one are ignored.
absl::StatusOr<std::vector<LabelledFile>> WithLabels(const Pictures& pictures,
                                                     const std::vector<std::string>& classes,
                                                     size_t* ignored) {
  std::vector<LabelledFile> labelled;
  for (const Picture& picture : pictures) {
    if (picture.folders.empty()) {
      ++*ignored;
      continue;
    }
    const std::string& name = picture.folders.front();
    const auto found = std::lower_bound(classes.begin(), classes.end(), name);
    if (found == classes.end() || *found != name) {
      return InvalidArgumentTextError(
          "has pictures of class $0 to test or validate on, but none to train on", Quoted(name));
    }
    labelled.push_back({picture.file, static_cast<int>(found - classes.begin())});
  }
  return labelled;
}

std::vector<LabelledFile> Shuffled(const std::vector<LabelledFile>& files) {
  std::vector<uint32_t> order;
  EpochOrder(kOrderSeed, 0, static_cast<int64_t>(files.size()), &order);
  std::vector<LabelledFile> shuffled;
  shuffled.reserve(files.size());
  for (const uint32_t index : order) shuffled.push_back(files[index]);
  return shuffled;
}

// Moves the last fifth of each class, at least one of two, from the training to the test.
void HoldOutTest(ClassFolders* folders) {
  std::vector<size_t> left(folders->classes.size());
  for (const LabelledFile& file : folders->train) ++left[static_cast<size_t>(file.label)];
  std::vector<size_t> held_out(left.size());
  for (size_t i = 0; i < left.size(); ++i) {
    held_out[i] = left[i] < 2 ? 0 : std::max<size_t>(1, left[i] / kHeldOutPart);
  }
  std::vector<LabelledFile> train;
  for (const LabelledFile& file : folders->train) {
    const auto label = static_cast<size_t>(file.label);
    const bool last = left[label]-- <= held_out[label];
    (last ? folders->test : train).push_back(file);
  }
  folders->train = std::move(train);
  folders->test_was_held_out = true;
}

}  // namespace

bool IsPictureName(const std::string& path) {
  const std::string lower = absl::AsciiStrToLower(path);
  const std::array endings = {".jpg",  ".jpeg", ".jpe", ".jfif", ".png", ".heic", ".heif",
                              ".avif", ".webp", ".gif", ".bmp",  ".tif", ".tiff"};
  return std::any_of(endings.begin(), endings.end(),
                     [&](const char* ending) { return absl::EndsWith(lower, ending); });
}

absl::StatusOr<ClassFolders> ArrangeClassFolders(const std::vector<std::string>& paths) {
  Pictures pictures = PicturesAmong(paths);
  StripCommonFolders(&pictures);
  ClassFolders folders;
  std::array<Pictures, kNumParts> parts;
  if (HasParts(TopFolders(pictures))) {
    parts = SplitIntoParts(std::move(pictures), &folders.ignored);
  } else {
    parts[kTrain] = std::move(pictures);
  }
  const std::set<std::string> classes = TopFolders(parts[kTrain]);
  folders.classes.assign(classes.begin(), classes.end());
  CONVOY_RETURN_IF_ERROR(CheckClasses(folders.classes));
  std::array<std::vector<LabelledFile>, kNumParts> labelled;
  for (size_t part = 0; part < kNumParts; ++part) {
    CONVOY_ASSIGN_OR_RETURN(std::vector<LabelledFile> files,
                            WithLabels(parts[part], folders.classes, &folders.ignored));
    labelled[part] = Shuffled(files);
  }
  folders.train = std::move(labelled[kTrain]);
  folders.validation = std::move(labelled[kValidation]);
  folders.test = std::move(labelled[kTest]);
  if (folders.test.empty()) folders.test.swap(folders.validation);
  if (folders.test.empty()) HoldOutTest(&folders);
  if (folders.test.empty()) {
    return InvalidArgumentTextError("has one picture a class; give it more, and some to test on");
  }
  return folders;
}

}  // namespace convoy::data
