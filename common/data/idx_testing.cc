#include "common/data/idx_testing.h"

#include <stdlib.h>
#include <zlib.h>

#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/files.h"
#include "common/data/idx.h"

namespace convoy::data {
namespace {

constexpr int kGzipWindowBits = 16 + MAX_WBITS;
constexpr int kMemLevel = 8;  // zlib's default

std::vector<uint8_t> CountingLabels(int count, int num_classes) {
  std::vector<uint8_t> labels(static_cast<size_t>(count));
  for (int i = 0; i < count; ++i)
    labels[static_cast<size_t>(i)] = static_cast<uint8_t>(i % num_classes);
  return labels;
}

}  // namespace

std::string IdxImagesFile(int count, int height, int width, int salt) {
  std::string file = IdxImagesHeader(count, height, width);
  const int num_pixels = count * height * width;
  for (int i = 0; i < num_pixels; ++i) file.push_back(static_cast<char>((i + salt) * 7 % 251));
  return file;
}

std::string IdxLabelsFile(const std::vector<uint8_t>& labels) {
  return EncodeIdxLabels(std::vector<Label>(labels.begin(), labels.end()), 256);
}

std::string Gzip(std::string_view content) {
  z_stream stream{};
  CONVOY_CHECK_EQ(deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kGzipWindowBits,
                               kMemLevel, Z_DEFAULT_STRATEGY),
                  Z_OK);
  std::string compressed(deflateBound(&stream, content.size()), '\0');
  std::string input(content);  // zlib wants it writable
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(compressed.data());
  stream.avail_out = static_cast<uInt>(compressed.size());
  CONVOY_CHECK_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  compressed.resize(stream.total_out);
  deflateEnd(&stream);
  return compressed;
}

TestDirectory::TestDirectory()
    : path_(std::filesystem::temp_directory_path().string() + "/convoy_test_XXXXXX") {
  CONVOY_CHECK(::mkdtemp(path_.data()) != nullptr);
}

TestDirectory::~TestDirectory() {
  std::error_code error;
  std::filesystem::remove_all(path_, error);
}

void WriteTestFile(const std::string& path, std::string_view content) {
  const absl::Status status = WriteFileAtomically(path, content);
  CONVOY_CHECK(status.ok());
}

void WriteTestDataSet(const std::string& directory, const TestDataSet& sizes) {
  const auto write = [&](const char* stem, int count, int salt) {
    WriteTestFile(absl::StrCat(directory, "/", stem, "-images-idx3-ubyte"),
                  IdxImagesFile(count, sizes.height, sizes.width, salt));
    WriteTestFile(absl::StrCat(directory, "/", stem, "-labels-idx1-ubyte"),
                  IdxLabelsFile(CountingLabels(count, sizes.num_classes)));
  };
  write("train", sizes.train, 0);
  write("t10k", sizes.test, 1);
}

}  // namespace convoy::data
