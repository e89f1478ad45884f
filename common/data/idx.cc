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
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/data/byte_source.h"

namespace convoy::data {
namespace {

constexpr size_t kWordBytes = 4;
constexpr uint8_t kUnsignedByte = 0x08;  // the third byte of the magic number: the element type
constexpr size_t kFirstBodyBytes = size_t{1} << 20;

// A sort of file: what its elements are called and how many sizes its header has.
struct Sort {
  const char* plural;
  int num_dims;
};
constexpr Sort kImages = {"images", 3};
constexpr Sort kColorImages = {"images", 4};
constexpr Sort kLabels = {"labels", 1};

size_t HeaderBytes(const Sort& sort) {
  return kWordBytes * (1 + static_cast<size_t>(sort.num_dims));
}

uint32_t BigEndian(const uint8_t* bytes) {
  return uint32_t{bytes[0]} << 24 | uint32_t{bytes[1]} << 16 | uint32_t{bytes[2]} << 8 |
         uint32_t{bytes[3]};
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

absl::Status CheckMagic(const uint8_t* start, const Sort& sort, const std::string& name) {
  const std::array<uint8_t, kWordBytes> wanted = {0, 0, kUnsignedByte,
                                                  static_cast<uint8_t>(sort.num_dims)};
  if (std::equal(wanted.begin(), wanted.end(), start)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(
      name, ": is ", DescribeStart(start), "; an IDX file of ", sort.plural, " is needed (magic 0x",
      absl::Hex(BigEndian(wanted.data()), absl::kZeroPad8), ")"));
}

absl::Status Truncated(const std::string& name, const char* at_least, size_t expected,
                       size_t found) {
  return absl::DataLossError(absl::StrCat(name, ": is cut short: ", at_least, expected,
                                          " uncompressed bytes expected, ", found, " found"));
}

// Returns the sizes in the header, outermost first.
absl::StatusOr<std::vector<int64_t>> ReadHeader(const Sort& sort, const std::string& name,
                                                ByteSource* source) {
  std::vector<uint8_t> header(HeaderBytes(sort));
  CONVOY_ASSIGN_OR_RETURN(const size_t got, source->Read(header.data(), header.size()));
  // What the file is says more than that it is short: a web page of 10 bytes is a web page.
  if (got >= kWordBytes) CONVOY_RETURN_IF_ERROR(CheckMagic(header.data(), sort, name));
  if (got < header.size()) {
    return Truncated(name, "at least ", header.size(), got);
  }
  std::vector<int64_t> dims;
  for (int i = 1; i <= sort.num_dims; ++i) {
    dims.push_back(BigEndian(header.data() + kWordBytes * static_cast<size_t>(i)));
  }
  return dims;
}

// Returns the bytes after the header; refuses sizes that are zero or too large.
absl::StatusOr<int64_t> BodyBytes(const std::vector<int64_t>& dims, const Sort& sort,
                                  const std::string& name) {
  if (dims[0] == 0)
    return absl::InvalidArgumentError(absl::StrCat(name, ": holds no ", sort.plural));
  int64_t num_bytes = dims[0];
  for (size_t i = 1; i < dims.size(); ++i) {
    if (dims[i] == 0 || dims[i] > kMaxImageSide) {
      return absl::InvalidArgumentError(absl::StrCat(name, ": says that its images are ", dims[1],
                                                     " x ", dims[2], " pixels; sides of 1 to ",
                                                     kMaxImageSide, " are possible"));
    }
    num_bytes *= dims[i];  // below 2^56: the sides were checked
  }
  if (num_bytes > kMaxIdxBodyBytes) {
    return absl::InvalidArgumentError(absl::StrCat(name, ": says that it holds ", num_bytes,
                                                   " bytes of ", sort.plural, "; at most ",
                                                   kMaxIdxBodyBytes, " are possible"));
  }
  return num_bytes;
}

absl::Status Resize(size_t num_bytes, const std::string& name, std::vector<uint8_t>* body) {
  try {
    body->reserve(num_bytes);  // exactly this much, where resize may take more
    body->resize(num_bytes);
  } catch (const std::bad_alloc&) {
    return absl::ResourceExhaustedError(
        absl::StrCat(name, ": no memory left for ", num_bytes, " of its bytes"));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint8_t>> ReadBody(size_t header_bytes, size_t num_bytes,
                                              const std::string& name, ByteSource* source) {
  std::vector<uint8_t> body;
  while (body.size() < num_bytes) {
    const size_t done = body.size();
    // Doubling: no more memory is taken than twice what was really there.
    CONVOY_RETURN_IF_ERROR(
        Resize(std::min(num_bytes, std::max(2 * done, kFirstBodyBytes)), name, &body));
    const absl::StatusOr<size_t> got = source->Read(body.data() + done, body.size() - done);
    if (!got.ok()) {
      return absl::Status(got.status().code(),
                          absl::StrCat(got.status().message(), "; the IDX header promises ",
                                       header_bytes + num_bytes));
    }
    if (*got < body.size() - done) {
      return Truncated(name, "", header_bytes + num_bytes, header_bytes + done + *got);
    }
  }
  return body;
}

absl::Status ExpectEnd(size_t expected_bytes, const std::string& name, ByteSource* source) {
  uint8_t beyond = 0;
  CONVOY_ASSIGN_OR_RETURN(const size_t got, source->Read(&beyond, 1));
  if (got == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(name, ": goes on after the ", expected_bytes,
                                                 " uncompressed bytes that its header promises"));
}

struct Content {
  std::vector<int64_t> dims;
  std::vector<uint8_t> body;
};

absl::StatusOr<Content> ReadContent(const Sort& sort, const std::string& name, ByteSource* source) {
  Content content;
  CONVOY_ASSIGN_OR_RETURN(content.dims, ReadHeader(sort, name, source));
  CONVOY_ASSIGN_OR_RETURN(const int64_t num_bytes, BodyBytes(content.dims, sort, name));
  const size_t header_bytes = HeaderBytes(sort);
  CONVOY_ASSIGN_OR_RETURN(content.body,
                          ReadBody(header_bytes, static_cast<size_t>(num_bytes), name, source));
  CONVOY_RETURN_IF_ERROR(ExpectEnd(header_bytes + content.body.size(), name, source));
  return content;
}

absl::StatusOr<IdxImages> ImagesFrom(ByteSource* source, const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(Content content, ReadContent(kImages, name, source));
  IdxImages images;
  images.count = content.dims[0];
  images.height = static_cast<int>(content.dims[1]);
  images.width = static_cast<int>(content.dims[2]);
  images.pixels = std::move(content.body);
  return images;
}

absl::StatusOr<IdxLabels> LabelsFrom(ByteSource* source, const std::string& name) {
  CONVOY_ASSIGN_OR_RETURN(Content content, ReadContent(kLabels, name, source));
  IdxLabels labels;
  labels.count = content.dims[0];
  labels.labels = std::move(content.body);
  return labels;
}

std::string Header(const Sort& sort, const std::vector<int64_t>& dims) {
  std::string header;
  AppendBigEndian(int64_t{kUnsignedByte} << 8 | sort.num_dims, &header);
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

std::string IdxLabelsHeader(int64_t count) { return Header(kLabels, {count}); }

}  // namespace convoy::data
