// Reading a Keras file's attributes and arrays out of HDF5, trusting nothing that the file says:
// sizes are checked against what is stored before memory is taken, and links that lead elsewhere
// are refused. The library itself does not stand every broken file: callers run it in a fork.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/shape.h"

namespace convoy::exports {

// One file, from its bytes in memory. Paths are absolute ("/model_weights"). Thread-compatible;
// REQUIRES that the thread holds an Hdf5Session (hdf5_handle.h). Errors: DATA_LOSS for a file that
// is damaged, INVALID_ARGUMENT for one that is something else than expected. They begin with the
// path or attribute, not with the file's name.
class Hdf5Reader {
 public:
  // `bytes` must outlive the reader.
  static absl::StatusOr<std::unique_ptr<Hdf5Reader>> Open(std::string_view bytes);
  ~Hdf5Reader();

  // Returns whether there is a group or array `path`, reached by hard links alone.
  bool Has(const std::string& path) const;

  // Returns whether the group or array `path` has the attribute; false also if there is no `path`.
  bool HasAttribute(const std::string& path, const char* attribute) const;

  // Returns a string, of at most 16 MiB.
  absl::StatusOr<std::string> String(const std::string& path, const char* attribute) const;

  // Returns a list of strings, of at most 16 MiB together; an empty list may have any type.
  absl::StatusOr<std::vector<std::string>> Strings(const std::string& path,
                                                   const char* attribute) const;

  // Returns the array's elements, row-major. Returns INVALID_ARGUMENT if it is not one of float32
  // (of any byte order) with exactly this shape, stored in the file itself.
  absl::StatusOr<std::vector<float>> Floats(const std::string& path, const Shape& shape) const;

 private:
  struct Handles;
  explicit Hdf5Reader(std::unique_ptr<Handles> handles);

  std::unique_ptr<Handles> handles_;
};

}  // namespace convoy::exports
