// Every file's name is taken apart from its end: .gz, the element type, the dimensions, what it
// holds, the part; what is left is the prefix of a set. Files with the same prefix and folder are a
// set, where a folder that is called as a file of the set counts as that file.
#include "common/data/idx_tree.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/idx.h"
#include "common/data/labelled_images.h"

namespace convoy::data {
namespace {

enum Role { kImagesToTrain, kLabelsToTrain, kImagesToTest, kLabelsToTest, kNumRoles };
constexpr std::array<const char*, kNumRoles> kRoleNames = {
    "training images (...train-images-idx3-ubyte)", "training labels (...train-labels-idx1-ubyte)",
    "test images (...t10k-images-idx3-ubyte)", "test labels (...t10k-labels-idx1-ubyte)"};

// What a file's name says.
struct NameParts {
  std::string prefix;
  Role role = kImagesToTrain;
  bool compressed = false;
};

bool Strip(absl::string_view* text, std::initializer_list<const char*> endings) {
  return std::any_of(endings.begin(), endings.end(),
                     [&](const char* ending) { return absl::ConsumeSuffix(text, ending); });
}

void StripSeparators(absl::string_view* text) {
  while (Strip(text, {"-", "_", ".", " "})) {
  }
}

std::optional<NameParts> Understand(const std::string& name) {
  const std::string lower = absl::AsciiStrToLower(name);
  absl::string_view rest = lower;
  NameParts parts{.compressed = Strip(&rest, {".gz"})};
  const bool typed = Strip(&rest, {"ubyte", "short", "int"});
  StripSeparators(&rest);
  const bool dims = Strip(&rest, {"idx1", "idx2", "idx3"});
  StripSeparators(&rest);
  if (!typed && !dims) return std::nullopt;
  const bool images = Strip(&rest, {"images"});
  if (!images && !Strip(&rest, {"labels"})) return std::nullopt;
  StripSeparators(&rest);
  const bool train = Strip(&rest, {"train", "training"});
  if (!train && !Strip(&rest, {"t10k", "test", "testing"})) return std::nullopt;
  StripSeparators(&rest);
  parts.role = train    ? (images ? kImagesToTrain : kLabelsToTrain)
               : images ? kImagesToTest
                        : kLabelsToTest;
  parts.prefix = std::string(rest);
  return parts;
}

// The files of a set by role: indices in the tree.
struct IdxSet {
  std::string folder;  // with '/' at its end, or ""
  std::string prefix;
  std::array<std::optional<size_t>, kNumRoles> files;

  bool complete() const {
    return std::all_of(files.begin(), files.end(),
                       [](const auto& file) { return file.has_value(); });
  }
  auto depth() const { return std::count(folder.begin(), folder.end(), '/'); }
};

// Splits a path into its folder and name; a folder that is called as a file of a set is left out.
std::pair<std::string, std::string> FolderAndName(const std::string& path) {
  std::vector<std::string> parts = absl::StrSplit(path, '/');
  std::string name = std::move(parts.back());
  parts.pop_back();
  if (!parts.empty() && Understand(parts.back())) parts.pop_back();
  std::string folder;
  for (const std::string& part : parts) absl::StrAppend(&folder, part, "/");
  return {std::move(folder), std::move(name)};
}

std::vector<IdxSet> SetsIn(const FileTree& tree) {
  std::map<std::pair<std::string, std::string>, IdxSet> sets;
  std::map<size_t, bool> compressed;
  for (size_t i = 0; i < tree.paths().size(); ++i) {
    const auto [folder, name] = FolderAndName(tree.paths()[i]);
    const std::optional<NameParts> parts = Understand(name);
    if (!parts) continue;
    IdxSet& set = sets[{folder, parts->prefix}];
    set.folder = folder;
    set.prefix = parts->prefix;
    std::optional<size_t>& file = set.files[parts->role];
    compressed[i] = parts->compressed;
    if (!file || (compressed[*file] && !parts->compressed)) file = i;
  }
  std::vector<IdxSet> found;
  for (auto& [key, set] : sets) found.push_back(std::move(set));
  return found;
}

std::string FullPrefix(const IdxSet& set) { return set.folder + set.prefix; }

absl::Status Missing(const IdxSet& set) {
  std::vector<std::string> missing;
  for (size_t role = 0; role < kNumRoles; ++role) {
    if (!set.files[role]) missing.emplace_back(kRoleNames[role]);
  }
  const std::string prefix = FullPrefix(set);
  return absl::NotFoundError(
      absl::StrCat("holds no ", absl::StrJoin(missing, ", "),
                   prefix.empty() ? "" : absl::StrCat(" of ", Quoted(prefix)), " (nor with .gz)"));
}

// Which of the sets is meant.
absl::StatusOr<IdxSet> Choose(std::vector<IdxSet> sets, const std::string& prefix) {
  if (!prefix.empty()) {
    std::erase_if(sets, [&](const IdxSet& set) {
      return FullPrefix(set) != absl::AsciiStrToLower(prefix) && FullPrefix(set) != prefix;
    });
  }
  if (sets.empty())
    return TextError(absl::StatusCode::kNotFound, "holds no IDX files of that name");
  std::vector<IdxSet> complete;
  for (const IdxSet& set : sets) {
    if (set.complete()) complete.push_back(set);
  }
  if (complete.empty()) return Missing(sets.front());
  const auto nearest =
      std::min_element(complete.begin(), complete.end(),
                       [](const IdxSet& a, const IdxSet& b) { return a.depth() < b.depth(); });
  std::vector<std::string> names;
  for (const IdxSet& set : complete) {
    if (set.depth() == nearest->depth()) names.push_back(Quoted(FullPrefix(set)));
  }
  if (names.size() == 1) return *nearest;
  return InvalidArgumentTextError(
      "holds several data sets, $0; name one of them after the folder as `data`",
      absl::StrJoin(names, ", "));
}

absl::StatusOr<Dataset> LoadHalf(const FileTree& tree, size_t images_file, size_t labels_file) {
  CONVOY_ASSIGN_OR_RETURN(const std::string images_bytes, tree.Read(images_file, kMaxIdxBodyBytes));
  CONVOY_ASSIGN_OR_RETURN(IdxImages images, ParseIdxImages(images_bytes, tree.Name(images_file)));
  CONVOY_ASSIGN_OR_RETURN(const std::string labels_bytes, tree.Read(labels_file, kMaxIdxBodyBytes));
  CONVOY_ASSIGN_OR_RETURN(IdxLabels labels, ParseIdxLabels(labels_bytes, tree.Name(labels_file)));
  if (images.count != labels.count) {
    return InvalidArgumentTextError("$0: holds $1 images, but $2 $3 labels", tree.Name(images_file),
                                    images.count, tree.Name(labels_file), labels.count);
  }
  return Dataset{.count = images.count,
                 .height = images.height,
                 .width = images.width,
                 .pixels = std::move(images.pixels),
                 .labels = std::move(labels.labels)};
}

// Reads EMNIST's mapping: lines of a label and the codes of the characters that it stands for.
// Returns no names where the file is something else.
std::vector<std::string> NamesIn(const std::string& text) {
  std::map<int, std::string> characters;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipWhitespace())) {
    const std::vector<absl::string_view> numbers =
        absl::StrSplit(line, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
    int label = 0;
    int code = 0;
    const bool fits = numbers.size() >= 2 && absl::SimpleAtoi(numbers[0], &label) &&
                      absl::SimpleAtoi(numbers[1], &code) && label >= 0 && label <= kMaxClasses &&
                      code > ' ' && code < 127;
    if (!fits) return {};
    characters[label] = std::string(1, static_cast<char>(code));
  }
  std::vector<std::string> names;  // without what a label 0 that nothing has would be called
  for (const auto& [label, name] : characters) names.push_back(name);
  return names;
}

std::vector<std::string> MappedNames(const FileTree& tree, const IdxSet& set) {
  constexpr uint64_t kMostBytes = 1 << 16;
  const std::string wanted = FullPrefix(set) + "-mapping.txt";
  for (size_t i = 0; i < tree.paths().size(); ++i) {
    if (set.prefix.empty() || tree.paths()[i] != wanted) continue;
    const absl::StatusOr<std::string> text = tree.Read(i, kMostBytes);
    return text.ok() ? NamesIn(*text) : std::vector<std::string>();
  }
  return {};
}

absl::StatusOr<DataSource> Load(const FileTree& tree, const IdxSet& set) {
  DataSource source;
  CONVOY_ASSIGN_OR_RETURN(source.train,
                          LoadHalf(tree, *set.files[kImagesToTrain], *set.files[kLabelsToTrain]));
  CONVOY_ASSIGN_OR_RETURN(source.test,
                          LoadHalf(tree, *set.files[kImagesToTest], *set.files[kLabelsToTest]));
  source.class_names = MappedNames(tree, set);
  CONVOY_RETURN_IF_ERROR(
      CompleteSource({tree.Name(*set.files[kLabelsToTrain]), tree.Name(*set.files[kImagesToTest]),
                      tree.Name(*set.files[kLabelsToTest])},
                     kKindIdx, &source));
  source.where =
      absl::StrCat(Printable(tree.root()), ": IDX files ",
                   Printable(tree.paths()[*set.files[kImagesToTrain]]), " and the others");
  return source;
}

}  // namespace

bool HoldsIdxFiles(const FileTree& tree) {
  return std::any_of(tree.paths().begin(), tree.paths().end(), [](const std::string& path) {
    return Understand(path.substr(path.rfind('/') + 1)).has_value();
  });
}

absl::StatusOr<DataSource> LoadIdxTree(const FileTree& tree, const std::string& prefix) {
  const absl::StatusOr<IdxSet> set = Choose(SetsIn(tree), prefix);
  if (!set.ok()) return Annotate(set.status(), Printable(tree.root()));
  return Load(tree, *set);
}

}  // namespace convoy::data
