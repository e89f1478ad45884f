// An .npz file is a zip of .npy files (npy_array.h). People keep pixels in them as bytes, as other
// numbers from 0 to 255, or from 0 to 1 as their networks want them; labels as whole numbers of any
// type, or as Keras's to_categorical makes them. All become bytes and labels here, and what is
// changed on the way is said.
#include "common/data/npz.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/idx.h"
#include "common/data/label_range.h"
#include "common/data/labelled_images.h"
#include "common/data/numpy/npy_array.h"

namespace convoy::data {
namespace {

constexpr int kMaxByte = 255;

std::string ShapeOf(const NpyArray& array) {
  return absl::StrCat("(", absl::StrJoin(array.dims(), ", "), ")");
}

// Returns the array that has one of the names.
absl::StatusOr<NpyArray> FindArray(const FileTree& tree, const std::vector<std::string>& names) {
  for (size_t i = 0; i < tree.paths().size(); ++i) {
    const std::string name = tree.paths()[i].substr(0, tree.paths()[i].size() - 4);  // .npy
    if (std::find(names.begin(), names.end(), name) == names.end()) continue;
    CONVOY_ASSIGN_OR_RETURN(std::string content, tree.Read(i, kMaxIdxBodyBytes));
    return NpyArray::Parse(tree.Name(i), std::move(content));
  }
  std::vector<std::string> present;
  for (const std::string& path : tree.paths()) present.push_back(path.substr(0, path.size() - 4));
  return TextError(absl::StatusCode::kNotFound, "$0: has no array $1; there are $2",
                   Printable(tree.root()), absl::StrJoin(names, " or "),
                   Printable(absl::StrJoin(present, ", ")));
}

// What of an array's numbers is a pixel's full brightness: 1 or 255.
absl::StatusOr<int> WhiteOf(const NpyArray& array) {
  if (array.is_truth()) return 1;
  double least = std::numeric_limits<double>::infinity();
  double most = -least;
  bool whole = true;
  for (int64_t i = 0; i < array.elems(); ++i) {
    const double number = array.NumberAt(i);
    if (!std::isfinite(number)) {
      return InvalidArgumentTextError(
          "$0: number $1 is not finite; save pixels from 0 to 255, or from 0 to 1", array.name(),
          i);
    }
    least = std::min(least, number);
    most = std::max(most, number);
    whole = whole && number == std::floor(number);
  }
  if (least >= 0 && most <= 1 && array.is_float()) return 1;
  if (least >= 0 && most <= kMaxByte && whole) return kMaxByte;
  return InvalidArgumentTextError(
      "$0: has numbers from $1 to $2; save the pixels as whole numbers from 0 to 255, or from 0 to "
      "1, before they are normalized",
      array.name(), least, most);
}

absl::Status TakePixels(const NpyArray& array, Dataset* part, bool* scaled) {
  if (const uint8_t* bytes = array.bytes(); bytes != nullptr) {
    part->pixels.assign(bytes, bytes + array.elems());
    return absl::OkStatus();
  }
  CONVOY_ASSIGN_OR_RETURN(const int white, WhiteOf(array));
  *scaled = *scaled || white == 1;
  const int factor = kMaxByte / white;
  part->pixels.reserve(static_cast<size_t>(array.elems()));
  for (int64_t i = 0; i < array.elems(); ++i) {
    part->pixels.push_back(static_cast<uint8_t>(std::lround(array.NumberAt(i) * factor)));
  }
  return absl::OkStatus();
}

absl::Status TakeImages(const NpyArray& array, Dataset* part, bool* scaled) {
  const std::vector<int64_t>& dims = array.dims();
  const bool fits = (dims.size() == 3 || dims.size() == 4) && dims[0] > 0 && dims[1] > 0 &&
                    dims[1] <= kMaxImageSide && dims[2] > 0 && dims[2] <= kMaxImageSide &&
                    (dims.size() == 3 || (dims[3] >= 1 && dims[3] <= 4));
  if (!fits) {
    return InvalidArgumentTextError(
        "$0: has shape $1; images are [count, height, width] or [count, height, width, channels]",
        array.name(), ShapeOf(array));
  }
  part->count = dims[0];
  part->height = static_cast<int>(dims[1]);
  part->width = static_cast<int>(dims[2]);
  part->channels = dims.size() == 4 ? static_cast<int>(dims[3]) : 1;
  return TakePixels(array, part, scaled);
}

absl::StatusOr<int64_t> WholeLabel(const NpyArray& array, int64_t index) {
  if (!array.is_float()) return array.WholeAt(index);
  const double number = array.NumberAt(index);
  // As far as floating-point numbers are labels; what is larger is out of any range.
  if (number == std::floor(number) && std::abs(number) < 1e9) return static_cast<int64_t>(number);
  return InvalidArgumentTextError("$0: label $1 is $2, no whole number", array.name(), index,
                                  number);
}

// The class of image `image`, of as many numbers as there are classes: a 1 among zeros.
absl::StatusOr<int64_t> OneHotLabel(const NpyArray& array, int64_t image) {
  const int64_t classes = array.dims()[1];
  int64_t label = -1;
  for (int64_t k = 0; k < classes; ++k) {
    const double number = array.NumberAt(image * classes + k);
    if (number == 0) continue;
    if (number != 1 || label >= 0) {
      label = -1;
      break;
    }
    label = k;
  }
  if (label >= 0) return label;
  return InvalidArgumentTextError(
      "$0: has shape $1, but the row of image $2 is not a 1 among zeros; save a label each",
      array.name(), ShapeOf(array), image);
}

absl::Status TakeLabels(const NpyArray& array, Dataset* part) {
  const std::vector<int64_t>& dims = array.dims();
  const bool one_hot = dims.size() == 2 && dims[1] > 1;
  if (dims.empty() || dims[0] != part->count || (array.elems() != part->count && !one_hot)) {
    return InvalidArgumentTextError("$0: has shape $1; the $2 images need a label each",
                                    array.name(), ShapeOf(array), part->count);
  }
  for (int64_t i = 0; i < part->count; ++i) {
    CONVOY_ASSIGN_OR_RETURN(const int64_t value,
                            one_hot ? OneHotLabel(array, i) : WholeLabel(array, i));
    CONVOY_ASSIGN_OR_RETURN(const Label label, ToLabel(value, array.name(), i));
    part->labels.push_back(label);
  }
  return absl::OkStatus();
}

// Sets `*scaled` where the pixels were numbers from 0 to 1.
absl::Status LoadPart(const FileTree& tree, const std::string& part, Dataset* dataset,
                      bool* scaled) {
  CONVOY_ASSIGN_OR_RETURN(const NpyArray images, FindArray(tree, {"x_" + part, "X_" + part,
                                                                  part + "_images", part + "_x"}));
  CONVOY_RETURN_IF_ERROR(TakeImages(images, dataset, scaled));
  CONVOY_ASSIGN_OR_RETURN(const NpyArray labels, FindArray(tree, {"y_" + part, "Y_" + part,
                                                                  part + "_labels", part + "_y"}));
  return TakeLabels(labels, dataset);
}

// Adds the images for validation to the end of those to train on.
absl::Status AddValidation(const FileTree& tree, DataSource* source, bool* scaled) {
  Dataset part;
  const absl::Status loaded = LoadPart(tree, "val", &part, scaled);
  if (absl::IsNotFound(loaded)) return absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(loaded);
  Dataset& train = source->train;
  if (part.height != train.height || part.width != train.width || part.channels != train.channels) {
    return InvalidArgumentTextError("$0: its images for validation have another size",
                                    Printable(tree.root()));
  }
  train.pixels.insert(train.pixels.end(), part.pixels.begin(), part.pixels.end());
  train.labels.insert(train.labels.end(), part.labels.begin(), part.labels.end());
  train.count += part.count;
  source->validation_images = part.count;
  return absl::OkStatus();
}

}  // namespace

bool HoldsArrays(const FileTree& tree) {
  return !tree.paths().empty() &&
         std::all_of(tree.paths().begin(), tree.paths().end(), [](const std::string& path) {
           return absl::EndsWith(path, ".npy") && path.find('/') == std::string::npos;
         });
}

absl::StatusOr<DataSource> LoadArrays(const FileTree& tree) {
  DataSource source;
  bool scaled = false;
  CONVOY_RETURN_IF_ERROR(LoadPart(tree, "train", &source.train, &scaled));
  CONVOY_RETURN_IF_ERROR(AddValidation(tree, &source, &scaled));
  CONVOY_RETURN_IF_ERROR(LoadPart(tree, "test", &source.test, &scaled));
  if (scaled) {
    source.notes.push_back(
        i18n::MakeMessage("the arrays' pixels from 0 to 1 are taken times 255, as whole numbers"));
  }
  const std::string root = Printable(tree.root());
  CONVOY_RETURN_IF_ERROR(CompleteSource({root, root, root}, kKindArrays, &source));
  source.where = absl::StrCat(root, ": numpy's arrays, ", source.train.num_classes, " classes");
  return source;
}

}  // namespace convoy::data
