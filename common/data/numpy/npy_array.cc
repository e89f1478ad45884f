// A .npy file is a magic number, a header that is a Python dictionary, and the numbers. Of the
// dictionary only the three entries that numpy writes are looked for. Elements are taken out one by
// one, by their place in the array's own order; only bytes in C's order, which is what most people
// have, can be had as they lie. Source of the format: numpy's NEP 1.
#include "common/data/numpy/npy_array.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::data {
namespace {

constexpr absl::string_view kMagic = "\x93NUMPY";
constexpr int kMaxDims = 8;
constexpr double kMaxElems = 1e12;  // more than any file has

static_assert(std::endian::native == std::endian::little);

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

// Byte order, kind, bytes an element: "<f4".
bool IsKnownType(absl::string_view type) {
  if (type.size() != 3 || !absl::StrContains("|<>", type[0])) return false;
  switch (type[1]) {
    case 'b':
      return type[2] == '1';
    case 'i':
    case 'u':
      return absl::StrContains("1248", type[2]);
    case 'f':
      return absl::StrContains("48", type[2]);
    default:
      return false;
  }
}

}  // namespace

absl::StatusOr<NpyArray> NpyArray::Parse(std::string name, std::string content) {
  NpyArray array;
  array.name_ = std::move(name);
  array.content_ = std::move(content);
  const std::string& bytes = array.content_;
  if (!absl::StartsWith(bytes, kMagic) || bytes.size() < 12) {
    return InvalidArgumentTextError("$0: is no array of numpy's", array.name_);
  }
  const auto byte = [&](size_t at) { return static_cast<size_t>(static_cast<uint8_t>(bytes[at])); };
  const bool long_header = byte(6) >= 2;
  const size_t header_at = long_header ? 12 : 10;
  size_t header_bytes = byte(8) | byte(9) << 8;
  if (long_header) header_bytes |= byte(10) << 16 | byte(11) << 24;
  array.begin_ = header_at + header_bytes;
  if (array.begin_ > bytes.size()) {
    return TextError(absl::StatusCode::kDataLoss, "$0: is cut short; save it again", array.name_);
  }
  CONVOY_RETURN_IF_ERROR(array.ReadHeader(bytes.substr(header_at, header_bytes)));
  const size_t needed = static_cast<size_t>(array.elems_) * array.elem_bytes_;
  if (bytes.size() - array.begin_ == needed) return array;
  return TextError(absl::StatusCode::kDataLoss,
                   "$0: has $1 bytes of numbers, and its shape says $2; save it again", array.name_,
                   bytes.size() - array.begin_, needed);
}

absl::Status NpyArray::ReadHeader(const std::string& header) {
  const auto type = Entry(header, "descr", ",");
  const auto fortran = Entry(header, "fortran_order", ",");
  const auto shape = Entry(header, "shape", ")");
  if (!type || !fortran || !shape) {
    return InvalidArgumentTextError("$0: has a header that numpy never writes", name_);
  }
  type_ = std::string(*type);
  std::erase(type_, '\'');
  if (!IsKnownType(type_)) {
    return InvalidArgumentTextError(
        "$0: has numbers of type $1; save images with array.astype('float32') or as bytes, labels "
        "with array.astype('int64')",
        name_, Quoted(type_));
  }
  elem_bytes_ = static_cast<size_t>(type_[2] - '0');
  fortran_ = *fortran == "True";
  return ReadDims(std::string(*shape));
}

absl::Status NpyArray::ReadDims(const std::string& shape) {
  absl::string_view text = shape;
  absl::ConsumePrefix(&text, "(");
  double most = 1;  // elements, were no dimension 0
  for (const absl::string_view part : absl::StrSplit(text, ',', absl::SkipWhitespace())) {
    int64_t dim = 0;
    if (!absl::SimpleAtoi(part, &dim) || dim < 0) {
      return InvalidArgumentTextError("$0: has no whole shape", name_);
    }
    dims_.push_back(dim);
    most *= static_cast<double>(std::max<int64_t>(dim, 1));
  }
  if (dims_.size() > kMaxDims || most > kMaxElems) {
    return InvalidArgumentTextError("$0: is larger than any data set", name_);
  }
  for (const int64_t dim : dims_) elems_ *= dim;
  return absl::OkStatus();
}

uint64_t NpyArray::BitsAt(int64_t index) const {
  int64_t place = index;
  if (fortran_) {
    // The last of the index's digits varies fastest in C's order, the first in Fortran's.
    int64_t stride = elems_;
    place = 0;
    for (size_t i = dims_.size(); i-- > 0;) {
      stride /= dims_[i];
      place += index % dims_[i] * stride;
      index /= dims_[i];
    }
  }
  const char* from = content_.data() + begin_ + static_cast<size_t>(place) * elem_bytes_;
  uint64_t bits = 0;
  std::memcpy(&bits, from, elem_bytes_);
  if (type_[0] == '>') bits = __builtin_bswap64(bits) >> (64 - 8 * elem_bytes_);
  return bits;
}

double NpyArray::NumberAt(int64_t index) const {
  if (!is_float()) return static_cast<double>(WholeAt(index));
  const uint64_t bits = BitsAt(index);
  if (elem_bytes_ == sizeof(double)) return std::bit_cast<double>(bits);
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

int64_t NpyArray::WholeAt(int64_t index) const {
  const uint64_t bits = BitsAt(index);
  if (type_[1] != 'i') return static_cast<int64_t>(bits);
  const auto unused = static_cast<int>(64 - 8 * elem_bytes_);
  return static_cast<int64_t>(bits << unused) >> unused;
}

const uint8_t* NpyArray::bytes() const {
  if (type_[1] != 'u' || elem_bytes_ != 1 || fortran_) return nullptr;
  return reinterpret_cast<const uint8_t*>(content_.data() + begin_);
}

}  // namespace convoy::data
