// A distrustful view of HDF5's library: every size is compared with what the file stores before
// memory is taken, only hard links are followed, and arrays must be stored in the file itself, not
// in external files or virtual data sets.
#include "common/exports/hdf5/hdf5_reader.h"

#include <array>
#include <cstring>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/hdf5/deflate.h"
#include "common/exports/hdf5/hdf5_handle.h"

namespace convoy::exports {
namespace {

constexpr size_t kReadGrowBytes = size_t{1} << 16;
constexpr size_t kMaxTextBytes = size_t{16} << 20;
constexpr int kMaxRank = 8;

absl::Status Damaged(const std::string& what) {
  return absl::DataLossError(absl::StrCat(what, ": ", Hdf5Reason()));
}

absl::Status Wrong(const std::string& what, const std::string& message) {
  return absl::InvalidArgumentError(absl::StrCat(what, ": ", message));
}

std::string NameOf(const std::string& path, const char* attribute) {
  return absl::StrCat("attribute '", attribute, "' of ", absl::CHexEscape(path));
}

bool IsVariableString(hid_t type) { return H5Tis_variable_str(type) > 0; }

// Cuts what a file stores in a fixed number of bytes at the first zero.
std::string CutAtZero(const char* bytes, size_t size) {
  return std::string(bytes, ::strnlen(bytes, size));
}

// Reads `count` strings of an attribute, whatever way they are stored.
absl::StatusOr<std::vector<std::string>> ReadStrings(hid_t attribute, hid_t type, size_t count,
                                                     const std::string& what) {
  const bool variable = IsVariableString(type);
  const size_t item_bytes = variable ? sizeof(char*) : H5Tget_size(type);
  if (item_bytes == 0 || count > kMaxTextBytes / item_bytes) return Wrong(what, "is too long");
  std::string buffer(count * item_bytes, '\0');
  // In memory as in the file, so that nothing is converted.
  const Hdf5Handle memory_type(H5Tcopy(type), H5Tclose);
  if (H5Aread(attribute, memory_type.get(), buffer.data()) < 0) return Damaged(what);
  std::vector<std::string> strings;
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) {
    const char* item = buffer.data() + i * item_bytes;
    if (variable) {
      char* text = nullptr;
      std::memcpy(&text, item, sizeof(text));
      const size_t size = text == nullptr ? 0 : ::strnlen(text, kMaxTextBytes + 1);
      total += size;
      if (total <= kMaxTextBytes) strings.emplace_back(text == nullptr ? "" : text, size);
      H5free_memory(text);
    } else {
      strings.push_back(CutAtZero(item, item_bytes));
    }
  }
  if (total > kMaxTextBytes) return Wrong(what, "is too long");
  return strings;
}

// One hard link: others lead to other files, or in circles.
absl::Status CheckHardLink(hid_t file, const std::string& path) {
  H5L_info_t info{};
  if (H5Lget_info(file, path.c_str(), &info, H5P_DEFAULT) < 0) {
    return absl::InvalidArgumentError(absl::StrCat("there is no ", absl::CHexEscape(path)));
  }
  if (info.type == H5L_TYPE_HARD) return absl::OkStatus();
  return Wrong(absl::CHexEscape(path), "is a link, which is not followed");
}

absl::StatusOr<Hdf5Handle> OpenObject(hid_t file, const std::string& path, H5I_type_t type) {
  std::string prefix;
  for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&prefix, "/", part);
    CONVOY_RETURN_IF_ERROR(CheckHardLink(file, prefix));
  }
  Hdf5Handle object(H5Oopen(file, path.c_str(), H5P_DEFAULT), H5Oclose);
  if (!object.ok()) return Damaged(absl::CHexEscape(path));
  if (H5Iget_type(object.get()) != type) {
    return Wrong(absl::CHexEscape(path), type == H5I_GROUP ? "is no group" : "is no array");
  }
  return object;
}

struct OpenedAttribute {
  Hdf5Handle attribute;
  Hdf5Handle type;
  H5S_class_t space_class = H5S_NO_CLASS;
  size_t count = 0;
};

absl::StatusOr<OpenedAttribute> OpenAttribute(hid_t file, const std::string& path,
                                              const char* name) {
  const std::string what = NameOf(path, name);
  CONVOY_ASSIGN_OR_RETURN(const Hdf5Handle group, OpenObject(file, path, H5I_GROUP));
  const htri_t exists = H5Aexists(group.get(), name);
  if (exists < 0) return Damaged(what);
  if (exists == 0) return Wrong(what, "is missing");
  OpenedAttribute opened;
  opened.attribute = Hdf5Handle(H5Aopen(group.get(), name, H5P_DEFAULT), H5Aclose);
  if (!opened.attribute.ok()) return Damaged(what);
  opened.type = Hdf5Handle(H5Aget_type(opened.attribute.get()), H5Tclose);
  const Hdf5Handle space(H5Aget_space(opened.attribute.get()), H5Sclose);
  if (!opened.type.ok() || !space.ok()) return Damaged(what);
  opened.space_class = H5Sget_simple_extent_type(space.get());
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  if (count < 0 || H5Sget_simple_extent_ndims(space.get()) > 1) return Wrong(what, "is no list");
  opened.count = opened.space_class == H5S_NULL ? 0 : static_cast<size_t>(count);
  if (opened.count != 0 && H5Tget_class(opened.type.get()) != H5T_STRING) {
    return Wrong(what, "is not text");
  }
  return opened;
}

bool IsFloat32(hid_t type) {
  return H5Tequal(type, H5T_IEEE_F32LE) > 0 || H5Tequal(type, H5T_IEEE_F32BE) > 0;
}

// Returns the array's shape, or an empty one if it has none.
Shape ShapeOf(hid_t dataset) {
  const Hdf5Handle space(H5Dget_space(dataset), H5Sclose);
  const int rank = H5Sget_simple_extent_ndims(space.get());
  if (rank < 0 || rank > kMaxRank) return {};
  std::array<hsize_t, kMaxRank> dims{};
  H5Sget_simple_extent_dims(space.get(), dims.data(), nullptr);
  return Shape(dims.begin(), dims.begin() + rank);
}

// The values must be in this file, and as many as the shape says, before memory is taken for them.
absl::Status CheckStorage(hid_t dataset, hsize_t num_bytes, hsize_t file_bytes,
                          const std::string& path) {
  const Hdf5Handle options(H5Dget_create_plist(dataset), H5Pclose);
  if (!options.ok()) return Damaged(path);
  const H5D_layout_t layout = H5Pget_layout(options.get());
  if (layout != H5D_COMPACT && layout != H5D_CONTIGUOUS && layout != H5D_CHUNKED) {
    return Wrong(path, "is put together from other arrays, which is not followed");
  }
  if (H5Pget_external_count(options.get()) != 0) {
    return Wrong(path, "is stored in another file, which is not followed");
  }
  const bool filtered = H5Pget_nfilters(options.get()) > 0;
  const hsize_t stored = H5Dget_storage_size(dataset);
  if (stored > file_bytes || num_bytes > stored * (filtered ? kMaxDeflateRatio : 1)) {
    return absl::DataLossError(absl::StrCat(path, ": ", num_bytes, " bytes cannot come from ",
                                            stored, " in a file of ", file_bytes));
  }
  return absl::OkStatus();
}

}  // namespace

struct Hdf5Reader::Handles {
  Hdf5Handle file;
  hsize_t file_bytes = 0;
};

Hdf5Reader::Hdf5Reader(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Hdf5Reader::~Hdf5Reader() = default;

absl::StatusOr<std::unique_ptr<Hdf5Reader>> Hdf5Reader::Open(std::string_view bytes) {
  if (bytes.empty()) return TextError(absl::StatusCode::kDataLoss, "is empty");
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  // The library copies the image, so it is never written to.
  if (H5Pset_fapl_core(access.get(), kReadGrowBytes, /*backing_store=*/false) < 0 ||
      H5Pset_file_image(access.get(), const_cast<char*>(bytes.data()), bytes.size()) < 0) {
    return absl::InternalError(absl::StrCat("cannot set up HDF5: ", Hdf5Reason()));
  }
  auto handles = std::make_unique<Handles>();
  handles->file_bytes = bytes.size();
  handles->file = Hdf5Handle(H5Fopen("convoy-import.h5", H5F_ACC_RDONLY, access.get()), H5Fclose);
  if (!handles->file.ok()) {
    return TextError(absl::StatusCode::kDataLoss, "is no HDF5 file, or a damaged one: $0",
                     Hdf5Reason());
  }
  return std::unique_ptr<Hdf5Reader>(new Hdf5Reader(std::move(handles)));
}

bool Hdf5Reader::Has(const std::string& path) const {
  std::string prefix;
  for (const absl::string_view part : absl::StrSplit(path, '/', absl::SkipEmpty())) {
    absl::StrAppend(&prefix, "/", part);
    if (!CheckHardLink(handles_->file.get(), prefix).ok()) return false;
  }
  return true;
}

bool Hdf5Reader::HasAttribute(const std::string& path, const char* attribute) const {
  const absl::StatusOr<Hdf5Handle> group = OpenObject(handles_->file.get(), path, H5I_GROUP);
  return group.ok() && H5Aexists(group->get(), attribute) > 0;
}

absl::StatusOr<std::string> Hdf5Reader::String(const std::string& path,
                                               const char* attribute) const {
  CONVOY_ASSIGN_OR_RETURN(const OpenedAttribute opened,
                          OpenAttribute(handles_->file.get(), path, attribute));
  const std::string what = NameOf(path, attribute);
  if (opened.count != 1) return Wrong(what, "is not one text");
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> strings,
                          ReadStrings(opened.attribute.get(), opened.type.get(), 1, what));
  return strings[0];
}

absl::StatusOr<std::vector<std::string>> Hdf5Reader::Strings(const std::string& path,
                                                             const char* attribute) const {
  CONVOY_ASSIGN_OR_RETURN(const OpenedAttribute opened,
                          OpenAttribute(handles_->file.get(), path, attribute));
  if (opened.count == 0) return std::vector<std::string>();
  return ReadStrings(opened.attribute.get(), opened.type.get(), opened.count,
                     NameOf(path, attribute));
}

absl::StatusOr<std::vector<float>> Hdf5Reader::Floats(const std::string& path,
                                                      const Shape& shape) const {
  CONVOY_ASSIGN_OR_RETURN(const Hdf5Handle dataset,
                          OpenObject(handles_->file.get(), path, H5I_DATASET));
  const std::string what = absl::CHexEscape(path);
  const Hdf5Handle type(H5Dget_type(dataset.get()), H5Tclose);
  if (!type.ok()) return Damaged(what);
  if (!IsFloat32(type.get())) return Wrong(what, "is not an array of float32");
  const Shape actual = ShapeOf(dataset.get());
  if (actual != shape) {
    return Wrong(what, absl::StrCat("has the shape ", ShapeToString(actual),
                                    ", but the network's is ", ShapeToString(shape)));
  }
  CONVOY_ASSIGN_OR_RETURN(const int64_t num_elems, NumElems(shape));
  const auto count = static_cast<size_t>(num_elems);
  CONVOY_RETURN_IF_ERROR(
      CheckStorage(dataset.get(), hsize_t{count} * sizeof(float), handles_->file_bytes, what));
  std::vector<float> values(count);
  if (H5Dread(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) < 0) {
    return Damaged(what);
  }
  return values;
}

}  // namespace convoy::exports
