#include "common/data/dataset.h"

#include <gtest/gtest.h>

#include "common/base/sha256.h"
#include "common/data/idx_testing.h"

namespace convoy::data {
namespace {

Dataset ThreeImages() {
  Dataset dataset;
  dataset.count = 3;
  dataset.height = 1;
  dataset.width = 2;
  dataset.num_classes = 10;
  dataset.pixels = {1, 2, 3, 4, 5, 6};
  dataset.labels = {7, 8, 9};
  return dataset;
}

TEST(DatasetTest, ViewShowsTheOwnersMemory) {
  const Dataset dataset = ThreeImages();
  const DatasetView view = dataset.View();
  EXPECT_EQ(view.pixels, dataset.pixels.data());
  EXPECT_EQ(view.labels, dataset.labels.data());
  EXPECT_EQ(view.count, 3);
  EXPECT_EQ(view.num_classes, 10);
  EXPECT_EQ(view.image_bytes(), 2);
  EXPECT_EQ(view.image(2)[0], 5);
}

TEST(DatasetTest, SliceCountsFromItsOwnStart) {
  const Dataset dataset = ThreeImages();
  const DatasetView slice = dataset.View().Slice({1, 3});
  EXPECT_EQ(slice.count, 2);
  EXPECT_EQ(slice.image(0)[1], 4);
  EXPECT_EQ(slice.labels[1], 9);
  EXPECT_EQ(dataset.View().Slice({3, 3}).count, 0);
}

TEST(DatasetDeathTest, SliceBeyondTheImagesIsABug) {
  const Dataset dataset = ThreeImages();
  EXPECT_DEATH(dataset.View().Slice({1, 4}), "");
  EXPECT_DEATH(dataset.View().Slice({-1, 2}), "");
}

TEST(DataSha256Test, IsThatOfTheFourFilesOneAfterAnother) {
  const Dataset dataset = ThreeImages();
  const std::string images("\0\0\x8\x3\0\0\0\x3\0\0\0\x1\0\0\0\x2\x1\x2\x3\x4\x5\x6", 22);
  const std::string labels("\0\0\x8\x1\0\0\0\x3\x7\x8\x9", 11);
  EXPECT_EQ(DataSha256(dataset, dataset), Sha256Hex(images + labels + images + labels));
}

// Nothing of what had a byte a label before has another hash; beyond, all labels have two.
TEST(DataSha256Test, LabelsHaveTwoBytesWhereThereAreMoreClassesThanABytesWorth) {
  Dataset dataset = ThreeImages();
  const std::string of_bytes = DataSha256(dataset, dataset);
  dataset.num_classes = 256;
  EXPECT_EQ(DataSha256(dataset, dataset), of_bytes);
  dataset.num_classes = 257;
  dataset.labels[2] = 256;
  const std::string images("\0\0\x8\x3\0\0\0\x3\0\0\0\x1\0\0\0\x2\x1\x2\x3\x4\x5\x6", 22);
  const std::string labels("\0\0\xb\x1\0\0\0\x3\0\x7\0\x8\x1\0", 14);
  EXPECT_EQ(DataSha256(dataset, dataset), Sha256Hex(images + labels + images + labels));
}

}  // namespace
}  // namespace convoy::data
