// A copy is a container of two sections: what the data are, and their bytes. Labels are a byte each
// as long as that is enough, so copies of before they had 16 bits in memory are read and written as
// ever; of more classes, which no copy of then had, they are two. A copy is believed only when the
// fingerprint of what was read is the one that is asked for.
#include "worker/train/data_copy.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/label.h"
#include "common/base/status.h"
#include "common/formats/container.h"
#include "common/formats/model_file.h"
#include "worker/train/image_layout.h"

namespace convoy::train {
namespace {

constexpr char kDescriptionSection[] = "data";
constexpr char kImagesSection[] = "images";
// Sides, channels and numbers of images beyond these are damage; their product fits 64 bits.
constexpr int64_t kMaxSide = 1 << 16;
constexpr int64_t kMaxImages = kMaxDataCopyBytes;

static_assert(std::endian::native == std::endian::little, "labels are written as they are");

absl::Status Damaged(const std::string& path, std::string_view what) {
  return absl::DataLossError(absl::StrCat(path, ": is damaged: ", std::string(what)));
}

bool IsWithin(int64_t value, int64_t most) { return 1 <= value && value <= most; }

// What a trainer wrote.
bool IsSane(const worker::v1::DataDescription& data) {
  return IsWithin(data.train_images(), kMaxImages) && IsWithin(data.test_images(), kMaxImages) &&
         IsWithin(data.height(), kMaxSide) && IsWithin(data.width(), kMaxSide) &&
         IsWithin(data.channels(), 4) &&
         int64_t{data.height()} * data.width() * data.channels() <= kMaxDataCopyBytes &&
         IsWithin(data.classes(), kMaxClasses) &&
         (data.class_names().empty() || data.class_names_size() == data.classes());
}

bool AreBelow(int classes, const std::vector<Label>& labels) {
  return std::all_of(labels.begin(), labels.end(), [=](Label label) { return label < classes; });
}

// Of a label in the file: a byte, as long as that is enough.
int64_t LabelBytes(const worker::v1::DataDescription& data) {
  return data.classes() > kMaxClassesOfBytes ? sizeof(Label) : 1;
}

int64_t NumImages(const worker::v1::DataDescription& data) {
  return data.train_images() + data.test_images();
}

// Of the section with the images.
int64_t SectionBytes(const worker::v1::DataDescription& data) {
  return ImageLayout(data).pixels_end + NumImages(data) * LabelBytes(data);
}

// Returns the labels of all images as the file has them.
std::string EncodeLabels(const worker::v1::DataDescription& data, const Label* labels) {
  const auto count = static_cast<size_t>(NumImages(data));
  if (LabelBytes(data) == 1) return {labels, labels + count};
  return {reinterpret_cast<const char*>(labels), count * sizeof(Label)};
}

std::vector<Label> DecodeLabels(std::string_view bytes, int64_t label_bytes) {
  if (label_bytes == 1) {
    const auto* labels = reinterpret_cast<const uint8_t*>(bytes.data());
    return {labels, labels + bytes.size()};
  }
  std::vector<Label> labels(bytes.size() / sizeof(Label));
  if (!labels.empty()) std::memcpy(labels.data(), bytes.data(), bytes.size());
  return labels;
}

std::vector<uint8_t> Part(std::string_view bytes, int64_t begin, int64_t end) {
  return {bytes.begin() + begin, bytes.begin() + end};
}

data::DataSource SourceFrom(const worker::v1::DataDescription& data, std::string_view bytes) {
  const ImageLayout layout(data);
  const data::Dataset empty{.height = data.height(),
                            .width = data.width(),
                            .channels = data.channels(),
                            .num_classes = data.classes()};
  data::DataSource source{
      .kind = data.kind(), .where = data.where(), .train = empty, .test = empty};
  const std::vector<Label> labels =
      DecodeLabels(bytes.substr(static_cast<size_t>(layout.pixels_end)), LabelBytes(data));
  const auto test_labels = labels.begin() + data.train_images();
  source.train.count = data.train_images();
  source.train.pixels = Part(bytes, layout.train_pixels, layout.test_pixels);
  source.train.labels.assign(labels.begin(), test_labels);
  source.test.count = data.test_images();
  source.test.pixels = Part(bytes, layout.test_pixels, layout.pixels_end);
  source.test.labels.assign(test_labels, labels.end());
  source.validation_images = data.validation_images();
  source.class_names.assign(data.class_names().begin(), data.class_names().end());
  source.sha256 = data::DataSha256(source.train, source.test);
  return source;
}

}  // namespace

int64_t DataCopyBytes(const Job& job) { return SectionBytes(job.data); }

absl::Status WriteDataCopy(const std::string& path, const Job& job) {
  const int64_t size = DataCopyBytes(job);
  if (size > kMaxDataCopyBytes) {
    return absl::ResourceExhaustedError(absl::StrCat("they have ", size >> 20, " MB, and at most ",
                                                     kMaxDataCopyBytes >> 20, " are copied"));
  }
  const ImageLayout layout(job.data);
  const uint8_t* memory = job.images->data();
  const std::string labels =
      EncodeLabels(job.data, reinterpret_cast<const Label*>(memory + layout.train_labels));
  const std::string description = job.data.SerializeAsString();
  formats::ContainerWriter writer(formats::ContainerKind::kData);
  writer.AddSection(kDescriptionSection, description);
  writer.AddSection(
      kImagesSection,
      {{reinterpret_cast<const char*>(memory), static_cast<size_t>(layout.pixels_end)}, labels});
  return WriteFileAtomically(path, writer.Finish());
}

absl::StatusOr<data::DataSource> ReadDataCopy(const std::string& path, const std::string& sha256,
                                              const std::string& chosen) {
  CONVOY_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, formats::kMaxFileBytes));
  CONVOY_ASSIGN_OR_RETURN(const auto container,
                          formats::ContainerReader::Parse(std::move(bytes), path));
  CONVOY_ASSIGN_OR_RETURN(const std::string_view description,
                          container.SectionBytes(kDescriptionSection));
  CONVOY_ASSIGN_OR_RETURN(const std::string_view images, container.SectionBytes(kImagesSection));
  worker::v1::DataDescription data;
  if (!data.ParseFromArray(description.data(), static_cast<int>(description.size())) ||
      !IsSane(data) || SectionBytes(data) != static_cast<int64_t>(images.size())) {
    return Damaged(path, "its sections contradict one another");
  }
  if (data.sha256() != sha256 || (!chosen.empty() && data.chosen() != chosen)) {
    return absl::FailedPreconditionError(absl::StrCat(path, ": is a copy of other data"));
  }
  data::DataSource source = SourceFrom(data, images);
  if (source.sha256 != sha256 || !AreBelow(data.classes(), source.train.labels) ||
      !AreBelow(data.classes(), source.test.labels)) {
    return Damaged(path, "its images are others than it says");
  }
  return source;
}

}  // namespace convoy::train
