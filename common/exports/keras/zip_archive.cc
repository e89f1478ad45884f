// Reads and writes zip archives by their central directory, which stands at the end and is the only
// part that says how long an entry is when it was written as a stream. An entry's own header is
// looked at only to step over it.
#include "common/exports/keras/zip_archive.h"

#include <zlib.h>

#include <algorithm>
#include <limits>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/exports/hdf5/deflate.h"

namespace convoy::exports {
namespace {

constexpr uint32_t kLocalMagic = 0x04034b50;
constexpr uint32_t kCentralMagic = 0x02014b50;
constexpr uint32_t kEndMagic = 0x06054b50;
constexpr size_t kLocalBytes = 30;
constexpr size_t kCentralBytes = 46;
constexpr size_t kEndBytes = 22;
constexpr size_t kMaxCommentBytes = 65535;

constexpr uint16_t kStored = 0;
constexpr uint16_t kDeflated = 8;
constexpr uint16_t kEncrypted = 1;
constexpr uint16_t kVersion = 20;   // 2.0: deflate, folders
constexpr uint16_t kFirstDay = 33;  // 1980-01-01, the first that the format has
constexpr uint32_t kZip64 = 0xffffffff;

uint16_t Get16(std::string_view bytes, size_t at) {
  return static_cast<uint16_t>(static_cast<uint8_t>(bytes[at]) | static_cast<uint8_t>(bytes[at + 1])
                                                                     << 8);
}

uint32_t Get32(std::string_view bytes, size_t at) {
  return Get16(bytes, at) | static_cast<uint32_t>(Get16(bytes, at + 2)) << 16;
}

void Put16(uint16_t value, std::string* bytes) {
  bytes->push_back(static_cast<char>(value & 0xff));
  bytes->push_back(static_cast<char>(value >> 8));
}

void Put32(uint32_t value, std::string* bytes) {
  Put16(static_cast<uint16_t>(value & 0xffff), bytes);
  Put16(static_cast<uint16_t>(value >> 16), bytes);
}

uint32_t Crc(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32_z(0, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

absl::Status DamagedZip(std::string_view message) {
  return TextError(absl::StatusCode::kDataLoss, "is a damaged zip archive: $0",
                   std::string(message));
}

// What a local header and the central directory both say of an entry.
void PutEntry(const ZipEntry& entry, std::string* bytes) {
  const auto size = static_cast<uint32_t>(entry.content.size());
  Put16(kVersion, bytes);
  Put16(0, bytes);  // flags
  Put16(kStored, bytes);
  Put16(0, bytes);  // time: midnight
  Put16(kFirstDay, bytes);
  Put32(Crc(entry.content), bytes);
  Put32(size, bytes);
  Put32(size, bytes);
  Put16(static_cast<uint16_t>(entry.name.size()), bytes);
  Put16(0, bytes);  // extra fields
}

void PutCentral(const ZipEntry& entry, uint32_t place, std::string* bytes) {
  Put32(kCentralMagic, bytes);
  Put16(kVersion, bytes);
  PutEntry(entry, bytes);
  Put16(0, bytes);  // comment
  Put16(0, bytes);  // disk
  Put16(0, bytes);  // internal attributes
  Put32(0, bytes);  // external attributes
  Put32(place, bytes);
  *bytes += entry.name;
}

// Returns where the record at the end begins.
absl::StatusOr<size_t> FindEnd(std::string_view bytes) {
  if (bytes.size() < kEndBytes) return DamagedZip("it is too short");
  const size_t last = bytes.size() - kEndBytes;
  const size_t first = last > kMaxCommentBytes ? last - kMaxCommentBytes : 0;
  for (size_t at = last + 1; at-- > first;) {
    const bool found =
        Get32(bytes, at) == kEndMagic && at + kEndBytes + Get16(bytes, at + 20) == bytes.size();
    if (found) return at;
  }
  return DamagedZip("its directory is missing; was the copy complete?");
}

absl::StatusOr<std::string> Inflate(std::string_view stored, uint64_t num_bytes) {
  std::string content(num_bytes, '\0');
  z_stream stream{};
  if (inflateInit2(&stream, -MAX_WBITS) != Z_OK) return absl::InternalError("cannot set up zlib");
  stream.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(stored.data()));
  stream.avail_in = static_cast<uInt>(stored.size());
  stream.next_out = reinterpret_cast<unsigned char*>(content.data());
  stream.avail_out = static_cast<uInt>(content.size());
  const int result = inflate(&stream, Z_FINISH);
  inflateEnd(&stream);
  if (result != Z_STREAM_END || stream.avail_out != 0 || stream.avail_in != 0) {
    return TextError(absl::StatusCode::kDataLoss, "is damaged: it does not unpack to its size");
  }
  return content;
}

}  // namespace

absl::StatusOr<std::string> WriteZip(const std::vector<ZipEntry>& entries) {
  std::string bytes;
  std::string directory;
  for (const ZipEntry& entry : entries) {
    const uint64_t end = bytes.size() + kLocalBytes + entry.name.size() + entry.content.size();
    if (end >= std::numeric_limits<int32_t>::max()) {
      return absl::InvalidArgumentError("the archive would be larger than 2 GiB");
    }
    PutCentral(entry, static_cast<uint32_t>(bytes.size()), &directory);
    Put32(kLocalMagic, &bytes);
    PutEntry(entry, &bytes);
    bytes += entry.name;
    bytes += entry.content;
  }
  const auto place = static_cast<uint32_t>(bytes.size());
  const auto count = static_cast<uint16_t>(entries.size());
  bytes += directory;
  Put32(kEndMagic, &bytes);
  Put32(0, &bytes);  // disks
  Put16(count, &bytes);
  Put16(count, &bytes);
  Put32(static_cast<uint32_t>(directory.size()), &bytes);
  Put32(place, &bytes);
  Put16(0, &bytes);  // comment
  return bytes;
}

absl::StatusOr<ZipReader> ZipReader::Open(std::string_view bytes) {
  CONVOY_ASSIGN_OR_RETURN(const size_t end, FindEnd(bytes));
  const uint16_t count = Get16(bytes, end + 10);
  const uint64_t directory_bytes = Get32(bytes, end + 12);
  const uint64_t place = Get32(bytes, end + 16);
  if (place + directory_bytes > end) return DamagedZip("its directory lies outside of the file");
  ZipReader reader(bytes);
  std::string_view directory = bytes.substr(place, directory_bytes);
  for (int i = 0; i < count; ++i) {
    if (directory.size() < kCentralBytes || Get32(directory, 0) != kCentralMagic) {
      return DamagedZip("its directory is cut off");
    }
    const size_t name_bytes = Get16(directory, 28);
    const size_t total = kCentralBytes + name_bytes + Get16(directory, 30) + Get16(directory, 32);
    if (directory.size() < total) return DamagedZip("its directory is cut off");
    Entry entry{.name = std::string(directory.substr(kCentralBytes, name_bytes)),
                .flags = Get16(directory, 8),
                .method = Get16(directory, 10),
                .crc = Get32(directory, 16),
                .stored_bytes = Get32(directory, 20),
                .bytes = Get32(directory, 24),
                .place = Get32(directory, 42)};
    if (reader.Find(entry.name) != nullptr) {
      return DamagedZip(absl::StrCat("it has two entries '", absl::CHexEscape(entry.name), "'"));
    }
    reader.entries_.push_back(std::move(entry));
    directory.remove_prefix(total);
  }
  return reader;
}

const ZipReader::Entry* ZipReader::Find(std::string_view name) const {
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [name](const Entry& entry) { return entry.name == name; });
  return found == entries_.end() ? nullptr : &*found;
}

bool ZipReader::Has(std::string_view name) const { return Find(name) != nullptr; }

// The entry's bytes as the archive has them.
absl::StatusOr<std::string_view> ZipReader::Stored(const Entry& entry) const {
  const uint64_t header = uint64_t{entry.place} + kLocalBytes;
  if (header > bytes_.size() || Get32(bytes_, entry.place) != kLocalMagic) {
    return TextError(absl::StatusCode::kDataLoss,
                     "is damaged: its header is not where the directory says");
  }
  const uint64_t begin = header + Get16(bytes_, entry.place + 26) + Get16(bytes_, entry.place + 28);
  if (begin + entry.stored_bytes > bytes_.size()) {
    return TextError(absl::StatusCode::kDataLoss, "is cut off");
  }
  return bytes_.substr(begin, entry.stored_bytes);
}

absl::StatusOr<std::string> ZipReader::Read(std::string_view name, uint64_t max_bytes) const {
  const std::string what = absl::CHexEscape(absl::string_view(name.data(), name.size()));
  const Entry* entry = Find(name);
  if (entry == nullptr) return absl::NotFoundError(absl::StrCat(what, ": is not in the archive"));
  if ((entry->flags & kEncrypted) != 0) {
    return InvalidArgumentTextError("$0: is encrypted", what);
  }
  if (entry->method != kStored && entry->method != kDeflated) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": is compressed by method ", entry->method, ", not by deflate"));
  }
  if (entry->bytes == kZip64 || entry->stored_bytes == kZip64 || entry->bytes > max_bytes) {
    return absl::InvalidArgumentError(
        absl::StrCat(what, ": has more than ", std::min<uint64_t>(max_bytes, kZip64), " bytes"));
  }
  absl::StatusOr<std::string_view> stored = Stored(*entry);
  if (!stored.ok()) return Annotate(stored.status(), what);
  const bool deflated = entry->method == kDeflated;
  if (entry->bytes > stored->size() * (deflated ? kMaxDeflateRatio : 1) ||
      (!deflated && entry->bytes != stored->size())) {
    return absl::DataLossError(
        absl::StrCat(what, ": ", entry->bytes, " bytes cannot come from ", stored->size()));
  }
  absl::StatusOr<std::string> content = std::string(deflated ? "" : *stored);
  if (deflated) content = Inflate(*stored, entry->bytes);
  if (!content.ok()) return Annotate(content.status(), what);
  if (Crc(*content) == entry->crc) return content;
  return TextError(absl::StatusCode::kDataLoss, "$0: is damaged: its checksum is wrong", what);
}

}  // namespace convoy::exports
