#include <algorithm>
#include <cstring>
#include <filesystem>
#include <limits>
#include <system_error>
#include <vector>

#include "common/base/files.h"
#include "common/base/status.h"
#include "common/formats/tensorboard/crc32c.h"
#include "common/formats/tensorboard/event_file.h"
#include "tensorboard/event.pb.h"

namespace convoy::formats {
namespace {

constexpr uint64_t kMaxEventFileBytes = uint64_t{1} << 30;

// Length and its checksum; after the data comes theirs.
constexpr size_t kHeaderBytes = sizeof(uint64_t) + sizeof(uint32_t);
constexpr size_t kTrailerBytes = sizeof(uint32_t);

template <typename T>
T NumberAt(std::string_view bytes, size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

// Takes the first record off `*rest` and returns its data; false if there is no whole one.
bool TakeRecord(std::string_view* rest, std::string_view* data) {
  if (rest->size() < kHeaderBytes + kTrailerBytes) return false;
  const std::string_view length_bytes = rest->substr(0, sizeof(uint64_t));
  const auto length = NumberAt<uint64_t>(*rest, 0);
  if (NumberAt<uint32_t>(*rest, sizeof(uint64_t)) != MaskedCrc32c(length_bytes)) return false;
  if (length > rest->size() - kHeaderBytes - kTrailerBytes) return false;
  if (length > uint64_t{std::numeric_limits<int>::max()}) return false;
  *data = rest->substr(kHeaderBytes, length);
  if (NumberAt<uint32_t>(*rest, kHeaderBytes + length) != MaskedCrc32c(*data)) return false;
  rest->remove_prefix(kHeaderBytes + length + kTrailerBytes);
  return true;
}

bool HasTag(const tensorboard::Event& event, const std::string& tag) {
  return std::any_of(event.summary().values().begin(), event.summary().values().end(),
                     [&tag](const auto& value) { return value.tag() == tag; });
}

// Carries the last step on over a file's events.
int64_t LastStep(std::string_view file, const std::string& tag, int64_t last) {
  std::string_view data;
  while (TakeRecord(&file, &data)) {
    tensorboard::Event event;
    if (!event.ParseFromArray(data.data(), static_cast<int>(data.size()))) return last;
    if (event.session_log().status() == tensorboard::SessionLog::START) {
      last = std::min(last, event.step() - 1);
    }
    if (HasTag(event, tag)) last = std::max(last, event.step());
  }
  return last;
}

absl::StatusOr<std::vector<std::string>> EventFilesIn(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  for (std::filesystem::directory_iterator entry(directory, error), end; !error && entry != end;
       entry.increment(error)) {
    if (entry->path().filename().string().find("tfevents") != std::string::npos) {
      paths.push_back(entry->path().string());
    }
  }
  if (error) return ErrnoStatus(error.value(), "cannot list", directory);
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

absl::StatusOr<int64_t> LastEventStep(const std::string& directory, const std::string& tag) {
  int64_t last = -1;
  if (!PathExists(directory)) return last;
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> paths, EventFilesIn(directory));
  for (const std::string& path : paths) {
    CONVOY_ASSIGN_OR_RETURN(const std::string bytes, ReadFile(path, kMaxEventFileBytes));
    last = LastStep(bytes, tag, last);
  }
  return last;
}

}  // namespace convoy::formats
