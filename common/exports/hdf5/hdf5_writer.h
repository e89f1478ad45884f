// Writing the few kinds of things that a Keras file has into HDF5, the same bytes for the same
// calls: no times, no free space that depends on history.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/shape.h"

namespace convoy::exports {

// Builds a file in memory. Errors, INTERNAL, are the library's. Thread-compatible; REQUIRES that
// the thread holds an Hdf5Session, here named by its user (hdf5_handle.h).
class Hdf5Writer {
 public:
  static absl::StatusOr<std::unique_ptr<Hdf5Writer>> Create();
  ~Hdf5Writer();

  // Creates a group; `path` is absolute, its parent exists.
  absl::Status AddGroup(const std::string& path);

  enum class Encoding { kAscii, kUtf8 };
  // Adds a string of any length to the group `path` ("/" for the root).
  absl::Status AddString(const std::string& path, const char* attribute, const std::string& value,
                         Encoding encoding);

  // Adds a list of strings of one length, shorter ones filled up with zeros; an empty list is an
  // empty list of doubles, as h5py writes it. Returns INVALID_ARGUMENT if the list is too long for
  // an attribute, 64512 bytes.
  absl::Status AddStrings(const std::string& path, const char* attribute,
                          const std::vector<std::string>& values);

  // Adds the array `path`, creating the groups on the way. `values` has as many elements as `shape`
  // says.
  absl::Status AddFloats(const std::string& path, const Shape& shape,
                         const std::vector<float>& values);

  // Returns the file's bytes. The last call.
  absl::StatusOr<std::string> Finish();

 private:
  struct Handles;
  explicit Hdf5Writer(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
};

}  // namespace convoy::exports
