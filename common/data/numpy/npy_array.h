// One array of numpy's, as it lies in a .npy file or in an .npz archive.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy::data {

// Whole or floating-point numbers of any width and byte order, or truth values, in C's or Fortran's
// order. Immutable, so thread-safe. Source of the format: numpy's NEP 1.
class NpyArray {
 public:
  // Takes the `content` of a .npy file; `name` is for people. Errors name it: INVALID_ARGUMENT if
  // it is no array, or one of another type or larger than any data set; DATA_LOSS if it is cut
  // short.
  static absl::StatusOr<NpyArray> Parse(std::string name, std::string content);

  const std::string& name() const { return name_; }
  const std::string& type() const { return type_; }  // as numpy writes it: "<f4"
  const std::vector<int64_t>& dims() const { return dims_; }
  int64_t elems() const { return elems_; }
  bool is_float() const { return type_[1] == 'f'; }
  bool is_truth() const { return type_[1] == 'b'; }

  // Element `index`, counted in C's order.
  double NumberAt(int64_t index) const;
  // The same of whole numbers or truth values, exactly; those above int64_t's are negative.
  int64_t WholeAt(int64_t index) const;

  // The elements, if they are unsigned bytes that already lie in C's order; otherwise null.
  const uint8_t* bytes() const;

 private:
  NpyArray() = default;
  absl::Status ReadHeader(const std::string& header);
  absl::Status ReadDims(const std::string& text);
  // The bits of element `index`, in the machine's order.
  uint64_t BitsAt(int64_t index) const;

  std::string name_;
  std::string type_;
  std::vector<int64_t> dims_;
  int64_t elems_ = 1;
  bool fortran_ = false;
  size_t elem_bytes_ = 1;
  std::string content_;
  size_t begin_ = 0;  // of the numbers in it
};

}  // namespace convoy::data
