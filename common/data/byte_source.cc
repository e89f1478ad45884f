// A stream of bytes out of a file or memory, inflated by zlib where it begins as gzip does.
// Concatenated gzip members are read one after another, as gzip itself does (RFC 1952, section
// 2.2); whatever follows the last is an error.
#include "common/data/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::data {
namespace {

constexpr std::string_view kGzipMagic = "\x1f\x8b";
constexpr size_t kBufferBytes = size_t{256} << 10;
constexpr int kGzipOnly = 16;  // added to zlib's window bits: expect gzip's header and trailer

class MemorySource : public ByteSource {
 public:
  explicit MemorySource(std::string_view bytes) : bytes_(bytes) {}

  absl::StatusOr<size_t> Read(uint8_t* dst, size_t num_bytes) override {
    const size_t given = std::min(num_bytes, bytes_.size());
    if (given > 0) std::memcpy(dst, bytes_.data(), given);
    bytes_.remove_prefix(given);
    return given;
  }

 private:
  std::string_view bytes_;
};

class FileSource : public ByteSource {
 public:
  // Takes over the descriptor.
  FileSource(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  ~FileSource() override { ::close(fd_); }
  FileSource(const FileSource&) = delete;
  FileSource& operator=(const FileSource&) = delete;

  absl::StatusOr<size_t> Read(uint8_t* dst, size_t num_bytes) override {
    size_t done = 0;
    while (done < num_bytes) {
      const ssize_t got = ::read(fd_, dst + done, num_bytes - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return ErrnoStatus(errno, "cannot read", path_);
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    return done;
  }

 private:
  int fd_;
  std::string path_;
};

// Inflates the gzip members of another source, one after another (RFC 1952, section 2.2).
class GunzipSource : public ByteSource {
 public:
  GunzipSource(std::unique_ptr<ByteSource> compressed, std::string name)
      : compressed_(std::move(compressed)), name_(std::move(name)), buffer_(kBufferBytes) {
    CONVOY_CHECK_EQ(inflateInit2(&stream_, MAX_WBITS + kGzipOnly), Z_OK);
  }
  ~GunzipSource() override { inflateEnd(&stream_); }
  GunzipSource(const GunzipSource&) = delete;
  GunzipSource& operator=(const GunzipSource&) = delete;

  absl::StatusOr<size_t> Read(uint8_t* dst, size_t num_bytes) override {
    size_t done = 0;
    while (done < num_bytes) {
      // zlib counts in 32 bits.
      const size_t wanted = std::min(num_bytes - done, kBufferBytes);
      CONVOY_ASSIGN_OR_RETURN(const size_t got, ReadSome(dst + done, wanted));
      if (got == 0) break;
      done += got;
    }
    return done;
  }

 private:
  // Returns between 1 and `num_bytes` bytes, 0 only at the end of the last member.
  absl::StatusOr<size_t> ReadSome(uint8_t* dst, size_t num_bytes) {
    stream_.next_out = dst;
    stream_.avail_out = static_cast<uInt>(num_bytes);
    while (stream_.avail_out == num_bytes) {
      CONVOY_ASSIGN_OR_RETURN(const bool more, Refill());
      if (!more && member_ended_) break;
      if (!more) return BrokenOff();
      CONVOY_RETURN_IF_ERROR(InflateSome());
    }
    const size_t given = num_bytes - stream_.avail_out;
    total_out_ += given;
    return given;
  }

  // Returns false if there are no compressed bytes left.
  absl::StatusOr<bool> Refill() {
    if (stream_.avail_in > 0) return true;
    CONVOY_ASSIGN_OR_RETURN(const size_t got, compressed_->Read(buffer_.data(), buffer_.size()));
    stream_.next_in = buffer_.data();
    stream_.avail_in = static_cast<uInt>(got);
    return got > 0;
  }

  absl::Status InflateSome() {
    const bool after_first_member = std::exchange(member_ended_, false);
    if (after_first_member) {
      CONVOY_CHECK_EQ(inflateReset(&stream_), Z_OK);
      in_later_member_ = true;
    }
    const int result = inflate(&stream_, Z_NO_FLUSH);
    member_ended_ = result == Z_STREAM_END;
    if (result == Z_OK || result == Z_STREAM_END) return absl::OkStatus();
    if (result == Z_BUF_ERROR && stream_.avail_in == 0) return absl::OkStatus();  // wants more
    if (result == Z_MEM_ERROR) {
      return TextError(absl::StatusCode::kResourceExhausted, "$0: no memory left to inflate it",
                       name_);
    }
    return Damaged();
  }

  absl::Status BrokenOff() const {
    return TextError(absl::StatusCode::kDataLoss,
                     "$0: the gzip data break off, after $1 uncompressed bytes", name_, total_out_);
  }

  absl::Status Damaged() const {
    return absl::DataLossError(absl::StrCat(
        name_, ": the gzip data are damaged", in_later_member_ ? " or followed by other bytes" : "",
        " (zlib: ", stream_.msg == nullptr ? "no details" : stream_.msg, ")"));
  }

  std::unique_ptr<ByteSource> compressed_;
  std::string name_;
  std::vector<uint8_t> buffer_;
  z_stream stream_{};
  uint64_t total_out_ = 0;
  bool member_ended_ = false;
  bool in_later_member_ = false;
};

std::unique_ptr<ByteSource> InflateIfGzip(std::unique_ptr<ByteSource> raw, std::string_view start,
                                          const std::string& name) {
  if (start.substr(0, kGzipMagic.size()) != kGzipMagic) return raw;
  return std::make_unique<GunzipSource>(std::move(raw), name);
}

}  // namespace

absl::StatusOr<std::unique_ptr<ByteSource>> OpenFile(const std::string& path) {
  // Without O_NONBLOCK a pipe in the file's place would keep us waiting for a writer.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return ErrnoStatus(errno, "cannot open", path);
  auto file = std::make_unique<FileSource>(fd, path);
  struct stat info {};
  if (::fstat(fd, &info) != 0) return ErrnoStatus(errno, "cannot examine", path);
  if (!S_ISREG(info.st_mode)) {
    return InvalidArgumentTextError("$0: is not a regular file", path);
  }
  std::array<char, kGzipMagic.size()> start{};
  const ssize_t got = ::pread(fd, start.data(), start.size(), 0);
  if (got < 0) return ErrnoStatus(errno, "cannot read", path);
  return InflateIfGzip(std::move(file), {start.data(), static_cast<size_t>(got)}, path);
}

std::unique_ptr<ByteSource> FromBytes(std::string_view bytes, const std::string& name) {
  return InflateIfGzip(std::make_unique<MemorySource>(bytes), bytes, name);
}

}  // namespace convoy::data
