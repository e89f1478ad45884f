// TensorBoard's event files: TFRecords (length, its masked CRC-32C, data, theirs) that hold Event
// messages. Source: TensorFlow, tensorflow/core/lib/io/record_writer.h and util/event.proto.
#include "common/formats/tensorboard/event_file.h"

#include <unistd.h>

#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_replace.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/formats/tensorboard/crc32c.h"
#include "tensorboard/event.pb.h"

namespace convoy::formats {
namespace {

constexpr char kFileVersion[] = "brain.Event:2";

static_assert(std::endian::native == std::endian::little, "records are little-endian");

template <typename T>
void AppendNumber(T number, std::string* out) {
  out->append(reinterpret_cast<const char*>(&number), sizeof(number));
}

std::string HostName() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0 || name[0] == '\0') return "localhost";
  return absl::StrReplaceAll(name.data(), {{"/", "-"}});
}

// Readers go by the names' order: the number has as many digits in all of a process.
std::string NewFileName(double wall_seconds) {
  static std::atomic<int> next_number{0};
  return absl::StrFormat("events.out.tfevents.%010d.%s.%d.%06d",
                         static_cast<int64_t>(std::floor(wall_seconds)), HostName(), ::getpid(),
                         next_number++);
}

// PNG's header. Source: W3C, Portable Network Graphics specification, sections 5.2 and 11.2.2.
constexpr std::string_view kPngMagic{"\x89PNG\r\n\x1a\n", 8};
constexpr size_t kPngWidthOffset = 16;
constexpr size_t kPngHeightOffset = 20;
constexpr size_t kPngColorTypeOffset = 25;
constexpr size_t kPngHeaderBytes = 33;
constexpr int32_t kMaxPngSide = 1 << 20;

int32_t BigEndian(std::string_view bytes, size_t offset) {
  uint32_t number = 0;
  for (size_t i = 0; i < 4; ++i) number = (number << 8) | static_cast<uint8_t>(bytes[offset + i]);
  return static_cast<int32_t>(number);
}

// Returns how many channels the picture decodes to, 0 if there is no such type.
int32_t PngChannels(char color_type) {
  switch (color_type) {
    case 0:
      return 1;
    case 2:
    case 3:  // a palette of RGB colours
      return 3;
    case 4:
      return 2;
    case 6:
      return 4;
    default:
      return 0;
  }
}

absl::Status DescribePng(std::string_view png, tensorboard::SummaryImage* image) {
  if (png.size() < kPngHeaderBytes || png.substr(0, kPngMagic.size()) != kPngMagic) {
    return absl::InvalidArgumentError("the picture is not a PNG file");
  }
  image->set_width(BigEndian(png, kPngWidthOffset));
  image->set_height(BigEndian(png, kPngHeightOffset));
  image->set_colorspace(PngChannels(png[kPngColorTypeOffset]));
  for (const int32_t side : {image->width(), image->height()}) {
    if (side < 1 || side > kMaxPngSide) {
      return absl::InvalidArgumentError("the PNG file's size makes no sense");
    }
  }
  if (image->colorspace() == 0) {
    return absl::InvalidArgumentError("the PNG file's colour type makes no sense");
  }
  image->set_encoded_image_string(png.data(), png.size());
  return absl::OkStatus();
}

tensorboard::Event EventAt(const EventTime& time) {
  tensorboard::Event event;
  event.set_wall_time(time.wall_seconds);
  event.set_step(time.step);
  return event;
}

}  // namespace

double WallSeconds() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string EventRecord(std::string_view data) {
  std::string record;
  AppendNumber(static_cast<uint64_t>(data.size()), &record);
  const uint32_t length_crc = MaskedCrc32c(record);
  AppendNumber(length_crc, &record);
  record.append(data);
  AppendNumber(MaskedCrc32c(data), &record);
  return record;
}

absl::StatusOr<EventFile> EventFile::Create(const std::string& directory, double wall_seconds) {
  CONVOY_RETURN_IF_ERROR(CreateDirectories(directory));
  EventFile file(absl::StrCat(directory, "/", NewFileName(wall_seconds)));
  tensorboard::Event version = EventAt({.wall_seconds = wall_seconds});
  version.set_file_version(kFileVersion);
  CONVOY_RETURN_IF_ERROR(file.Append(version));
  return file;
}

absl::Status EventFile::AddStart(const EventTime& time) {
  tensorboard::Event event = EventAt(time);
  event.mutable_session_log()->set_status(tensorboard::SessionLog::START);
  return Append(event);
}

absl::Status EventFile::AddScalar(const EventTime& time, const std::string& tag, float value) {
  tensorboard::Event event = EventAt(time);
  tensorboard::SummaryValue* summary = event.mutable_summary()->add_values();
  summary->set_tag(tag);
  summary->set_simple_value(value);
  return Append(event);
}

absl::Status EventFile::AddImage(const EventTime& time, const std::string& tag,
                                 std::string_view png) {
  tensorboard::Event event = EventAt(time);
  tensorboard::SummaryValue* summary = event.mutable_summary()->add_values();
  summary->set_tag(tag);
  CONVOY_RETURN_IF_ERROR(Annotate(DescribePng(png, summary->mutable_image()), tag));
  return Append(event);
}

absl::Status EventFile::Append(const tensorboard::Event& event) {
  if (status_.ok()) status_ = AppendToFile(path_, EventRecord(event.SerializeAsString()));
  return status_;
}

}  // namespace convoy::formats
