#include "common/data/labelled_images.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/label_range.h"

namespace convoy::data {
namespace {

constexpr int kMinClasses = 2;
constexpr int64_t kHeldOut = 5;  // one image of so many

absl::Status CheckSameSizes(const Dataset& train, const Dataset& test, const std::string& name) {
  if (train.height == test.height && train.width == test.width && train.channels == test.channels) {
    return absl::OkStatus();
  }
  const auto text = [](const Dataset& part) {
    return absl::StrCat(part.height, " x ", part.width,
                        part.channels == 1 ? "" : absl::StrCat(" x ", part.channels), " pixels");
  };
  return InvalidArgumentTextError("$0: holds images of $1, but those to train on are $2", name,
                                  text(test), text(train));
}

absl::Status CheckLabels(const Dataset& test, const std::string& name) {
  for (size_t i = 0; i < test.labels.size(); ++i) {
    if (test.labels[i] < test.num_classes) continue;
    return InvalidArgumentTextError(
        "$0: label $1 of image $2 is beyond the $3 classes of the training labels (0 to $4)", name,
        int{test.labels[i]}, i, test.num_classes, test.num_classes - 1);
  }
  return absl::OkStatus();
}

// The smallest and largest label.
std::pair<int, int> LabelRange(const std::vector<Label>& labels) {
  const auto [least, most] = std::minmax_element(labels.begin(), labels.end());
  return {*least, *most};
}

void CountFromZero(DataSource* source) {
  const int least =
      std::min(LabelRange(source->train.labels).first, LabelRange(source->test.labels).first);
  if (least != 1) return;
  for (Dataset* part : {&source->train, &source->test}) {
    for (Label& label : part->labels) --label;
  }
  if (!source->class_names.empty()) return;
  const int classes = std::max(kMinClasses, LabelRange(source->train.labels).second + 1);
  for (int i = 1; i <= classes; ++i) source->class_names.push_back(absl::StrCat(i));
}

// Refuses labels, or names, of more classes than there may be.
absl::Status CheckNumberOfClasses(const DataSource& source, const PartNames& names) {
  const std::vector<Label>& labels = source.train.labels;
  const auto beyond =
      std::find_if(labels.begin(), labels.end(), [](Label label) { return label >= kMaxClasses; });
  if (beyond != labels.end()) {
    return LabelOutOfRange(*beyond, names.train_labels, beyond - labels.begin());
  }
  if (source.class_names.size() <= size_t{kMaxClasses}) return absl::OkStatus();
  return InvalidArgumentTextError("$0: comes with names of $1 classes; at most $2 are possible",
                                  names.train_labels, source.class_names.size(), kMaxClasses);
}

}  // namespace

absl::Status CompleteSource(const PartNames& names, const char* kind, DataSource* source) {
  CONVOY_RETURN_IF_ERROR(CheckSameSizes(source->train, source->test, names.test_images));
  CountFromZero(source);
  CONVOY_RETURN_IF_ERROR(CheckNumberOfClasses(*source, names));
  const int labels = LabelRange(source->train.labels).second + 1;
  const int named = static_cast<int>(source->class_names.size());
  const int classes = std::max({kMinClasses, labels, named});
  for (int i = named; named > 0 && i < classes; ++i) source->class_names.push_back(absl::StrCat(i));
  source->train.num_classes = classes;
  source->test.num_classes = classes;
  CONVOY_RETURN_IF_ERROR(CheckLabels(source->test, names.test_labels));
  source->sha256 = DataSha256(source->train, source->test);
  source->kind = source->sha256 == kMnistSha256 ? kKindMnist : kind;
  return absl::OkStatus();
}

void HoldOutTest(DataSource* source) {
  CONVOY_CHECK(source->test.count == 0 && source->train.count >= kHeldOut);
  const Dataset all = std::move(source->train);
  source->train = {.height = all.height, .width = all.width, .channels = all.channels};
  source->test = source->train;
  const DatasetView view = all.View();
  for (int64_t i = 0; i < all.count; ++i) {
    Dataset& part = i % kHeldOut == kHeldOut - 1 ? source->test : source->train;
    part.pixels.insert(part.pixels.end(), view.image(i), view.image(i) + view.image_bytes());
    part.labels.push_back(all.labels[static_cast<size_t>(i)]);
    ++part.count;
  }
  source->notes.push_back(i18n::MakeMessage(
      "there are no labelled images for tests: every fifth, $0 images, is held out for them",
      source->test.count));
}

}  // namespace convoy::data
