// Reads IDX files, plain or gzipped, trusting nothing but the bytes that came: the header's sizes
// are bounded before anything is computed from them, and memory grows by doubling with what was
// really read, so a header that lies about gigabytes costs no memory. Source of the format: LeCun,
// Cortes, Burges, "The MNIST database of handwritten digits".
#include "common/data/idx.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <new>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/types/span.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/byte_source.h"
#include "common/data/label_range.h"

namespace convoy::data {
namespace {

constexpr size_t kWordBytes = 4;
// The third byte of the magic number: the element type.
constexpr uint8_t kUnsignedByte = 0x08;
constexpr uint8_t kShort = 0x0b;
constexpr uint8_t kInt = 0x0c;
// Memory that is asked for beyond what was read: of most files all, so that nothing is moved. What
// is not written costs an address, no more.
constexpr size_t kReservedBytes = size_t{64} << 20;
constexpr size_t kPieceBytes = size_t{256} << 10;  // stays in the cache

// A sort of file: what its elements are called, how many sizes its header has, and their type.
struct Sort {
  const char* plural;
  int num_dims;
  uint8_t type = kUnsignedByte;

  int64_t elem_bytes() const { return type == kInt ? 4 : type == kShort ? 2 : 1; }
};
constexpr Sort kImages = {"images", 3};
constexpr Sort kColorImages = {"images", 4};
constexpr Sort kLabels = {"labels", 1};
constexpr Sort kShortLabels = {"labels", 1, kShort};
constexpr Sort kIntLabels = {"labels", 1, kInt};
// QMNIST's: a row of facts an image, the first of which is its class.
constexpr Sort kLabelRows = {"labels", 2, kInt};
constexpr std::array kLabelSorts = {kLabels, kShortLabels, kIntLabels, kLabelRows};

size_t HeaderBytes(const Sort& sort) {
  return kWordBytes * (1 + static_cast<size_t>(sort.num_dims));
}

uint32_t BigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 |
         uint32_t{bytes[3]};
}

// Returns the signed integer of `num_bytes`, 2 or 4.
int64_t SignedBigEndian(const uint8_t* bytes, int64_t num_bytes) {
  if (num_bytes == 2) return static_cast<int16_t>(bytes[0] << 8 | bytes[1]);
  return static_cast<int32_t>(BigEndian(bytes));
}

void AppendBigEndian(int64_t value, std::string* out) {
  CONVOY_CHECK(value >= 0 && value <= std::numeric_limits<uint32_t>::max());
  for (int shift = 24; shift >= 0; shift -= 8) out->push_back(static_cast<char>(value >> shift));
}

// Says what a file that starts with these four bytes is.
std::string DescribeStart(const uint8_t* start) {
  const std::string text(reinterpret_cast<const char*>(start), kWordBytes);
  if (start[0] == 0 && start[1] == 0) {
    if (start[2] == kUnsignedByte && start[3] == kImages.num_dims) return "an IDX file of images";
    if (start[2] == kUnsignedByte && start[3] == kLabels.num_dims) return "an IDX file of labels";
    return absl::StrCat("an IDX file of element type 0x", absl::Hex(start[2], absl::kZeroPad2),
                        " with ", int{start[3]}, " dimensions");
  }
  if (absl::StartsWith(absl::StripLeadingAsciiWhitespace(text), "<")) {
    return "a web page (HTML or XML), as a failed download leaves it";
  }
  if (text == "PK\x03\x04") return "a zip archive";
  return absl::StrCat("something that starts with the bytes ", absl::BytesToHexString(text));
}

bool HasMagic(const uint8_t* start, const Sort& sort) {
  const std::array<uint8_t, kWordBytes> magic = {0, 0, sort.type,
                                                 static_cast<uint8_t>(sort.num_dims)};
  return std::equal(magic.begin(), magic.end(), start);
}

absl::Status CutInHeader(const std::string& name, size_t least, size_t found) {
  return TextError(absl::StatusCode::kDataLoss,
                   "$0: is cut short: at least $1 uncompressed bytes expected, $2 found", name,
                   least, found);
}

absl::Status CutShort(const std::string& name, size_t expected, size_t found) {
  return TextError(absl::StatusCode::kDataLoss,
                   "$0: is cut short: $1 uncompressed bytes expected, $2 found", name, expected,
                   found);
}

// Reads the magic number, which must be that of one of `sorts`; the first is the usual one.
absl::StatusOr<Sort> ReadMagic(absl::Span<const Sort> sorts, const std::string& name,
                               ByteSource* source) {
  std::array<uint8_t, kWordBytes> start;
  CONVOY_ASSIGN_OR_RETURN(const size_t got, source->Read(start.data(), start.size()));
  const Sort& usual = sorts.front();
  // What the file is says more than that it is short: a web page of 10 bytes is a web page.
  if (got < start.size()) return CutInHeader(name, HeaderBytes(usual), got);
  for (const Sort& sort : sorts) {
    if (HasMagic(start.data(), sort)) return sort;
  }
  const uint32_t magic = uint32_t{usual.type} << 8 | static_cast<uint32_t>(usual.num_dims);
  return InvalidArgumentTextError("$0: is $1; an IDX file of $2 is needed (magic 0x$3)", name,
                                  DescribeStart(start.data()), usual.plural,
                                  absl::Hex(magic, absl::kZeroPad8));
}

// Returns the sizes after the magic number, outermost first.
absl::StatusOr<std::vector<int64_t>> ReadSizes(const Sort& sort, const std::string& name,
                                               ByteSource* source) {
  std::vector<uint8_t> sizes(HeaderBytes(sort) - kWordBytes);
  CONVOY_ASSIGN_OR_RETURN(const size_t got, source->Read(sizes.data(), sizes.size()));
  if (got < sizes.size()) return CutInHeader(name, HeaderBytes(sort), kWordBytes + got);
  std::vector<int64_t> dims;
  for (size_t i = 0; i < sizes.size(); i += kWordBytes) {
    dims.push_back(BigEndian(sizes.data() + i));
  }
  return dims;
}

// Returns the bytes after the header; refuses sizes that are zero or too large.
absl::StatusOr<int64_t> BodyBytes(const std::vector<int64_t>& dims, const Sort& sort,
                                  const std::string& name) {
  if (dims[0] == 0) return InvalidArgumentTextError("$0: holds no $1", name, sort.plural);
  int64_t num_bytes = dims[0] * sort.elem_bytes();
  for (size_t i = 1; i < dims.size(); ++i) {
    if (dims[i] == 0 || dims[i] > kMaxImageSide) {
      return absl::InvalidArgumentError(
          absl::StrCat(name, ": says that its ", sort.plural, " are ",
                       absl::StrJoin(dims.begin() + 1, dims.end(), " x "),
                       sort.plural == kImages.plural ? " pixels" : " numbers", "; sides of 1 to ",
                       kMaxImageSide, " are possible"));
    }
    num_bytes *= dims[i];  // below 2^56: the sides were checked
  }
  if (num_bytes > kMaxIdxBodyBytes) {
    return InvalidArgumentTextError(
        "$0: says that it holds $1 bytes of $2; at most $3 are possible", name, num_bytes,
        sort.plural, kMaxIdxBodyBytes);
  }
  return num_bytes;
}

absl::Status Reserve(size_t num_bytes, const std::string& name, std::vector<uint8_t>* body) {
  try {
    body->reserve(num_bytes);
  } catch (const std::bad_alloc&) {
    return TextError(absl::StatusCode::kResourceExhausted, "$0: no memory left for $1 of its bytes",
                     name, num_bytes);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint8_t>> ReadBody(size_t header_bytes, size_t num_bytes,
                                              const std::string& name, ByteSource* source) {
  std::vector<uint8_t> body;
  std::vector<uint8_t> piece(std::min(num_bytes, kPieceBytes));
  while (body.size() < num_bytes) {
    const size_t done = body.size();
    const size_t wanted = std::min(num_bytes - done, piece.size());
    if (done + wanted > body.capacity()) {
      // Doubling: no more memory is written than twice what was really there.
      CONVOY_RETURN_IF_ERROR(
          Reserve(std::min(num_bytes, std::max(2 * done, kReservedBytes)), name, &body));
    }
    const absl::StatusOr<size_t> got = source->Read(piece.data(), wanted);
    if (!got.ok()) {
      return absl::Status(got.status().code(),
                          absl::StrCat(got.status().message(), "; the IDX header promises ",
                                       header_bytes + num_bytes));
    }
    body.insert(body.end(), piece.begin(), piece.begin() + static_cast<ptrdiff_t>(*got));
    if (*got < wanted) {
      return CutShort(name, header_bytes + num_bytes, header_bytes + body.size());
    }
  }
  return body;
}

absl::Status ExpectEnd(size_t expected_bytes, const std::string& name, ByteSource* source) {
  uint8_t beyond = 0;
  CONVOY_ASSIGN_OR_RETURN(const size_t got, source->Read(&beyond, 1));
  if (got == 0) return absl::OkStatus();
  return InvalidArgumentTextError(
      "$0: goes on after the $1 uncompressed bytes that its header promises", name, expected_bytes);
}

struct Content {
  Sort sort;
  std::vector<int64_t> dims;
  std::vector<uint8_t> body;
};

absl::StatusOr<Content> ReadContent(absl::Span<const Sort> sorts, const std::string& name,
                                    ByteSource* source) {
  Content content;
  CONVOY_ASSIGN_OR_RETURN(content.sort, ReadMagic(sorts, name, source));
  CONVOY_ASSIGN_OR_RETURN(content.dims, ReadSizes(content.sort, name, source));
  CONVOY_ASSIGN_OR_RETURN(const int64_t num_bytes, BodyBytes(content.dims, content.sort, name));
  const size_t header_bytes = HeaderBytes(content.sort);
  CONVOY_ASSIGN_OR_RETURN(content.body,
                          ReadBody(header_bytes, static_cast<size_t>(num_bytes), name, source));
  CONVOY_RETURN_IF_ERROR(ExpectEnd(header_bytes + content.body.size(), name, source));
  return content;
}

absl::StatusOr<IdxImages> ImagesFrom(ByteSource* source, const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(Content content, ReadContent({kImages}, name, source));
  IdxImages images;
  images.count = content.dims[0];
  images.height = static_cast<int>(content.dims[1]);
  images.width = static_cast<int>(content.dims[2]);
  images.pixels = std::move(content.body);
  return images;
}

// Returns the numbers, of rows the first one each.
absl::StatusOr<std::vector<Label>> LabelsOfIntegers(const Content& content,
                                                    const std::string& name) {
  std::vector<Label> labels;
  const int64_t elem_bytes = content.sort.elem_bytes();
  const int64_t in_a_row = content.dims.size() > 1 ? content.dims[1] : 1;
  for (int64_t i = 0; i < content.dims[0]; ++i) {
    const uint8_t* bytes = content.body.data() + i * in_a_row * elem_bytes;
    CONVOY_ASSIGN_OR_RETURN(const Label label,
                            ToLabel(SignedBigEndian(bytes, elem_bytes), name, i));
    labels.push_back(label);
  }
  return labels;
}

absl::StatusOr<IdxLabels> LabelsFrom(ByteSource* source, const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(Content content, ReadContent(kLabelSorts, name, source));
  IdxLabels labels{.count = content.dims[0], .labels = {}};
  if (content.sort.type == kUnsignedByte) {
    labels.labels.assign(content.body.begin(), content.body.end());
  } else {
    CONVOY_ASSIGN_OR_RETURN(labels.labels, LabelsOfIntegers(content, name));
  }
  return labels;
}

std::string Header(const Sort& sort, const std::vector<int64_t>& dims) {
  std::string header;
  AppendBigEndian(int64_t{sort.type} << 8 | sort.num_dims, &header);
  for (const int64_t dim : dims) AppendBigEndian(dim, &header);
  return header;
}

}  // namespace

absl::StatusOr<IdxImages> ReadIdxImages(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, OpenFile(path));
  return ImagesFrom(source.get(), path);
}

absl::StatusOr<IdxLabels> ReadIdxLabels(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<ByteSource> source, OpenFile(path));
  return LabelsFrom(source.get(), path);
}

absl::StatusOr<IdxImages> ParseIdxImages(std::string_view bytes, const std::string& name) {
  return ImagesFrom(FromBytes(bytes, name).get(), name);
}

absl::StatusOr<IdxLabels> ParseIdxLabels(std::string_view bytes, const std::string& name) {
  return LabelsFrom(FromBytes(bytes, name).get(), name);
}

std::string IdxImagesHeader(int64_t count, int height, int width, int channels) {
  if (channels == 1) return Header(kImages, {count, height, width});
  return Header(kColorImages, {count, height, width, channels});
}

std::string EncodeIdxLabels(absl::Span<const Label> labels, int num_classes) {
  const Sort& sort = num_classes > kMaxClassesOfBytes ? kShortLabels : kLabels;
  std::string file = Header(sort, {static_cast<int64_t>(labels.size())});
  for (const Label label : labels) {
    if (sort.elem_bytes() == 2) file.push_back(static_cast<char>(label >> 8));
    file.push_back(static_cast<char>(label));
  }
  return file;
}

}  // namespace convoy::data
