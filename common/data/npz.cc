// An .npz file is a zip of .npy files: a magic number, a header that is a Python dictionary, the
// numbers. Of the dictionary only the three entries that numpy writes are looked for; what is no
// plain array of whole numbers in C order is refused by name. Source of the format: numpy's NEP 1.
#include "common/data/npz.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/idx.h"
#include "common/data/label_range.h"
#include "common/data/labelled_images.h"

namespace convoy::data {
namespace {

constexpr absl::string_view kMagic = "\x93NUMPY";
constexpr int kMaxDims = 8;

struct Array {
  std::string name;           // for people
  std::string type;           // such as "|u1"
  std::vector<int64_t> dims;  // outermost first
  std::string content;        // the whole file
  size_t begin = 0;           // of the numbers in it

  size_t elem_bytes() const { return static_cast<size_t>(type.back() - '0'); }
  int64_t elems() const {
    int64_t count = 1;
    for (const int64_t dim : dims) count *= dim;
    return count;
  }
  const char* numbers() const { return content.data() + begin; }
};

absl::Status Refuse(const std::string& name, const std::string& why) {
  return absl::InvalidArgumentError(absl::StrCat(name, ": ", why));
}

// Returns what follows 'KEY': in the header, up to `end`.
std::optional<absl::string_view> Entry(absl::string_view header, absl::string_view key,
                                       absl::string_view end) {
  const size_t at = header.find(absl::StrCat("'", key, "':"));
  if (at == absl::string_view::npos) return std::nullopt;
  absl::string_view rest = header.substr(at + key.size() + 3);
  const size_t stop = rest.find(end);
  if (stop == absl::string_view::npos) return std::nullopt;
  rest = rest.substr(0, stop);
  while (absl::ConsumePrefix(&rest, " ")) {
  }
  return rest;
}

absl::Status ReadDims(absl::string_view text, Array* array) {
  absl::ConsumePrefix(&text, "(");
  double most = 1;  // elements, were no dimension 0
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim) || dim < 0) return Refuse(array->name, "has no whole shape");
    array->dims.push_back(dim);
    most *= static_cast<double>(std::max<int64_t>(dim, 1));
  }
  if (array->dims.size() > kMaxDims || most > static_cast<double>(kMaxIdxBodyBytes)) {
    return Refuse(array->name, "is larger than any data set");
  }
  return absl::OkStatus();
}

absl::Status ReadHeader(absl::string_view header, Array* array) {
  const auto type = Entry(header, "descr", ",");
  const auto fortran = Entry(header, "fortran_order", ",");
  const auto shape = Entry(header, "shape", ")");
  if (!type || !fortran || !shape)
    return Refuse(array->name, "has a header that numpy never writes");
  array->type = std::string(*type);
  std::erase(array->type, '\'');
  constexpr std::array kTypes = {"|u1", "|i1", "<u2", "<i2", "<u4", "<i4", "<u8", "<i8", "|b1"};
  if (std::find(kTypes.begin(), kTypes.end(), array->type) == kTypes.end()) {
    return Refuse(array->name,
                  absl::StrCat("has numbers of type ", Quoted(array->type),
                               "; save whole numbers: images with array.astype('uint8'), labels "
                               "with array.astype('int64')"));
  }
  if (*fortran != "False") {
    return Refuse(array->name, "is in Fortran's order; save numpy.ascontiguousarray of it");
  }
  return ReadDims(*shape, array);
}

absl::StatusOr<Array> ReadArray(const FileTree& tree, size_t file) {
  Array array{.name = tree.Name(file)};
  CONVOY_ASSIGN_OR_RETURN(array.content, tree.Read(file, kMaxIdxBodyBytes));
  const std::string& bytes = array.content;
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < 12) {
    return Refuse(array.name, "is no array of numpy");
  }
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
  const bool long_header = byte(6) >= 2;
  const size_t header_at = long_header ? 12 : 10;
  size_t header_bytes = byte(8) | byte(9) << 8;
  if (long_header) header_bytes |= byte(10) << 16 | byte(11) << 24;
  array.begin = header_at + header_bytes;
  if (array.begin > bytes.size()) {
    return TextError(absl::StatusCode::kDataLoss, "$0: is cut short; save it again", array.name);
  }
  CONVOY_RETURN_IF_ERROR(
      ReadHeader(absl::string_view(bytes).substr(header_at, header_bytes), &array));
  const size_t needed = static_cast<size_t>(array.elems()) * array.elem_bytes();
  if (bytes.size() - array.begin == needed) return array;
  return TextError(absl::StatusCode::kDataLoss,
                   "$0: has $1 bytes of numbers, and its shape says $2; save it again", array.name,
                   bytes.size() - array.begin, needed);
}

// Returns the array that has one of the names.
absl::StatusOr<Array> FindArray(const FileTree& tree, const std::vector<std::string>& names) {
  for (size_t i = 0; i < tree.paths().size(); ++i) {
    const std::string name = tree.paths()[i].substr(0, tree.paths()[i].size() - 4);  // .npy
    if (std::find(names.begin(), names.end(), name) != names.end()) return ReadArray(tree, i);
  }
  std::vector<std::string> present;
  for (const std::string& path : tree.paths()) present.push_back(path.substr(0, path.size() - 4));
  return TextError(absl::StatusCode::kNotFound, "$0: has no array $1; there are $2",
                   Printable(tree.root()), absl::StrJoin(names, " or "),
                   Printable(absl::StrJoin(present, ", ")));
}

int64_t NumberAt(const Array& array, int64_t index) {
  uint64_t value = 0;
  std::memcpy(&value, array.numbers() + static_cast<size_t>(index) * array.elem_bytes(),
              array.elem_bytes());
  const bool is_signed = array.type[1] == 'i';
  const auto unused = static_cast<int>(64 - 8 * array.elem_bytes());
  const uint64_t shifted = value << unused;
  return is_signed ? static_cast<int64_t>(shifted) >> unused : static_cast<int64_t>(value);
}

absl::Status TakeImages(const Array& array, Dataset* part) {
  const std::vector<int64_t>& dims = array.dims;
  const bool bytes = array.type == "|u1";
  const bool fits = (dims.size() == 3 || dims.size() == 4) && dims[0] > 0 && dims[1] > 0 &&
                    dims[1] <= kMaxImageSide && dims[2] > 0 && dims[2] <= kMaxImageSide &&
                    (dims.size() == 3 || (dims[3] >= 1 && dims[3] <= 4));
  if (!bytes || !fits) {
    return Refuse(array.name, absl::StrCat("has shape (", absl::StrJoin(dims, ", "), ") and type ",
                                           Quoted(array.type),
                                           "; images are uint8 [count, height, width] or "
                                           "[count, height, width, channels]"));
  }
  part->count = dims[0];
  part->height = static_cast<int>(dims[1]);
  part->width = static_cast<int>(dims[2]);
  part->channels = dims.size() == 4 ? static_cast<int>(dims[3]) : 1;
  part->pixels.assign(array.numbers(), array.numbers() + array.elems());
  return absl::OkStatus();
}

absl::Status TakeLabels(const Array& array, Dataset* part) {
  if (array.elems() != part->count || array.dims.empty() || array.dims[0] != part->count) {
    return Refuse(array.name, absl::StrCat("has shape (", absl::StrJoin(array.dims, ", "),
                                           "); the ", part->count, " images need a label each"));
  }
  for (int64_t i = 0; i < part->count; ++i) {
    CONVOY_ASSIGN_OR_RETURN(const Label label, ToLabel(NumberAt(array, i), array.name, i));
    part->labels.push_back(label);
  }
  return absl::OkStatus();
}

absl::Status LoadPart(const FileTree& tree, const std::string& part, Dataset* dataset) {
  CONVOY_ASSIGN_OR_RETURN(const Array images, FindArray(tree, {"x_" + part, "X_" + part,
                                                               part + "_images", part + "_x"}));
  CONVOY_RETURN_IF_ERROR(TakeImages(images, dataset));
  CONVOY_ASSIGN_OR_RETURN(const Array labels, FindArray(tree, {"y_" + part, "Y_" + part,
                                                               part + "_labels", part + "_y"}));
  return TakeLabels(labels, dataset);
}

// Adds the images for validation to the end of those to train on.
absl::Status AddValidation(const FileTree& tree, DataSource* source) {
  Dataset part;
  const absl::Status loaded = LoadPart(tree, "val", &part);
  if (absl::IsNotFound(loaded)) return absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(loaded);
  Dataset& train = source->train;
  if (part.height != train.height || part.width != train.width || part.channels != train.channels) {
    return Refuse(Printable(tree.root()), "its images for validation have another size");
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
  CONVOY_RETURN_IF_ERROR(LoadPart(tree, "train", &source.train));
  CONVOY_RETURN_IF_ERROR(AddValidation(tree, &source));
  CONVOY_RETURN_IF_ERROR(LoadPart(tree, "test", &source.test));
  const std::string root = Printable(tree.root());
  CONVOY_RETURN_IF_ERROR(CompleteSource({root, root, root}, kKindArrays, &source));
  source.where = absl::StrCat(root, ": numpy's arrays, ", source.train.num_classes, " classes");
  return source;
}

}  // namespace convoy::data
