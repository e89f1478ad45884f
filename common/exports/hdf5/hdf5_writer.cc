#include "common/exports/hdf5/hdf5_writer.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/exports/hdf5/hdf5_handle.h"

namespace convoy::exports {
namespace {

// By how much the file in memory grows at a time.
constexpr size_t kWriteGrowBytes = size_t{1} << 20;

// Keras's own bound for lists in attributes: keras/src/legacy/saving/legacy_h5_format.py,
// HDF5_OBJECT_HEADER_LIMIT.
constexpr size_t kMaxAttributeBytes = 64512;

absl::Status Failed(const std::string& what) {
  return absl::InternalError(absl::StrCat("cannot write HDF5, ", what, ": ", Hdf5Reason()));
}

// A property list of `list_class` for things that keep no time of their making.
Hdf5Handle WithoutTimes(hid_t list_class) {
  Hdf5Handle list(H5Pcreate(list_class), H5Pclose);
  CONVOY_CHECK(list.ok() && H5Pset_obj_track_times(list.get(), false) >= 0);
  return list;
}

}  // namespace

struct Hdf5Writer::Handles {
  Hdf5Handle group_options = WithoutTimes(H5P_GROUP_CREATE);
  Hdf5Handle dataset_options = WithoutTimes(H5P_DATASET_CREATE);
  Hdf5Handle link_options{H5Pcreate(H5P_LINK_CREATE), H5Pclose};
  Hdf5Handle file;
};

Hdf5Writer::Hdf5Writer(std::unique_ptr<Handles> handles) : handles_(std::move(handles)) {}
Hdf5Writer::~Hdf5Writer() = default;

absl::StatusOr<std::unique_ptr<Hdf5Writer>> Hdf5Writer::Create() {
  auto handles = std::make_unique<Handles>();
  const Hdf5Handle file_options = WithoutTimes(H5P_FILE_CREATE);
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  if (H5Pset_fapl_core(access.get(), kWriteGrowBytes, /*backing_store=*/false) < 0 ||
      H5Pset_create_intermediate_group(handles->link_options.get(), 1) < 0) {
    return Failed("setting up");
  }
  handles->file = Hdf5Handle(
      H5Fcreate("convoy-export.h5", H5F_ACC_TRUNC, file_options.get(), access.get()), H5Fclose);
  if (!handles->file.ok()) return Failed("setting up");
  return std::unique_ptr<Hdf5Writer>(new Hdf5Writer(std::move(handles)));
}

absl::Status Hdf5Writer::AddGroup(const std::string& path) {
  const Hdf5Handle group(H5Gcreate2(handles_->file.get(), path.c_str(), H5P_DEFAULT,
                                    handles_->group_options.get(), H5P_DEFAULT),
                         H5Gclose);
  return group.ok() ? absl::OkStatus() : Failed("group " + path);
}

absl::Status Hdf5Writer::AddString(const std::string& path, const char* attribute,
                                   const std::string& value, Encoding encoding) {
  const Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  const Hdf5Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  H5Tset_size(type.get(), H5T_VARIABLE);
  H5Tset_cset(type.get(), encoding == Encoding::kUtf8 ? H5T_CSET_UTF8 : H5T_CSET_ASCII);
  const Hdf5Handle created(
      H5Acreate_by_name(handles_->file.get(), path.c_str(), attribute, type.get(), space.get(),
                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  const char* text = value.c_str();
  if (created.ok() && H5Awrite(created.get(), type.get(), &text) >= 0) return absl::OkStatus();
  return Failed(absl::StrCat("attribute ", attribute, " of ", path));
}

absl::Status Hdf5Writer::AddStrings(const std::string& path, const char* attribute,
                                    const std::vector<std::string>& values) {
  size_t longest = 0;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  if (longest * values.size() > kMaxAttributeBytes) {
    return absl::InvalidArgumentError(
        absl::StrCat("the names of the ", values.size(),
                     " layers are too long for an .h5 file; give them shorter ones"));
  }
  std::string bytes;
  for (const std::string& value : values)
    bytes += value + std::string(longest - value.size(), '\0');
  const Hdf5Handle type(H5Tcopy(values.empty() ? H5T_IEEE_F64LE : H5T_C_S1), H5Tclose);
  if (!values.empty()) {
    H5Tset_size(type.get(), longest);
    H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  }
  const hsize_t count = values.size();
  const Hdf5Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  const Hdf5Handle created(
      H5Acreate_by_name(handles_->file.get(), path.c_str(), attribute, type.get(), space.get(),
                        H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  if (created.ok() && (values.empty() || H5Awrite(created.get(), type.get(), bytes.data()) >= 0)) {
    return absl::OkStatus();
  }
  return Failed(absl::StrCat("attribute ", attribute, " of ", path));
}

absl::Status Hdf5Writer::AddFloats(const std::string& path, const Shape& shape,
                                   const std::vector<float>& values) {
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Hdf5Handle space(
      dims.empty() ? H5Screate(H5S_SCALAR)
                   : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
      H5Sclose);
  const Hdf5Handle dataset(
      H5Dcreate2(handles_->file.get(), path.c_str(), H5T_IEEE_F32LE, space.get(),
                 handles_->link_options.get(), handles_->dataset_options.get(), H5P_DEFAULT),
      H5Dclose);
  if (dataset.ok() && H5Dwrite(dataset.get(), H5T_NATIVE_FLOAT, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                               values.data()) >= 0) {
    return absl::OkStatus();
  }
  return Failed("array " + path);
}

absl::StatusOr<std::string> Hdf5Writer::Finish() {
  if (H5Fflush(handles_->file.get(), H5F_SCOPE_GLOBAL) < 0) return Failed("flushing");
  const ssize_t size = H5Fget_file_image(handles_->file.get(), nullptr, 0);
  if (size <= 0) return Failed("the file's size");
  std::string bytes(static_cast<size_t>(size), '\0');
  if (H5Fget_file_image(handles_->file.get(), bytes.data(), bytes.size()) != size) {
    return Failed("the file's bytes");
  }
  return bytes;
}

}  // namespace convoy::exports
