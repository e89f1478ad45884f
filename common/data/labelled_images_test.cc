#include "common/data/labelled_images.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "common/base/label.h"

namespace convoy::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Dataset OnePixelImages(std::vector<Label> labels) {
  Dataset part{.height = 1, .width = 1, .channels = 1};
  part.count = static_cast<int64_t>(labels.size());
  part.pixels.assign(labels.size(), 7);
  part.labels = std::move(labels);
  return part;
}

DataSource Complete(const std::vector<Label>& labels, std::vector<std::string> names) {
  DataSource source;
  source.train = OnePixelImages(labels);
  source.test = OnePixelImages(labels);
  source.class_names = std::move(names);
  const absl::Status status = CompleteSource({"images", "labels"}, "pictures", &source);
  EXPECT_TRUE(status.ok()) << status;
  return source;
}

TEST(LabelledImages, HaveAsManyClassesAsTheLargestLabelSays) {
  const DataSource source = Complete({0, 3, 1}, {});
  EXPECT_EQ(source.train.num_classes, 4);
  EXPECT_EQ(source.test.num_classes, 4);
  EXPECT_THAT(source.class_names, IsEmpty());
}

TEST(LabelledImages, WithoutLabelZeroAreCountedFromIt) {
  const DataSource source = Complete({1, 3}, {});
  EXPECT_THAT(source.train.labels, ElementsAre(0, 2));
  EXPECT_THAT(source.class_names, ElementsAre("1", "2", "3"));
}

TEST(LabelledImages, HaveANameForEachClassWhereOneHas) {
  EXPECT_THAT(Complete({0, 0}, {"cat"}).class_names, ElementsAre("cat", "1"));
  EXPECT_THAT(Complete({0, 2}, {"cat", "dog"}).class_names, ElementsAre("cat", "dog", "2"));
  EXPECT_THAT(Complete({0, 1}, {"cat", "dog", "bird"}).class_names,
              ElementsAre("cat", "dog", "bird"));
  EXPECT_THAT(Complete({1, 1}, {}).class_names, ElementsAre("1", "2"));
}

}  // namespace
}  // namespace convoy::data
