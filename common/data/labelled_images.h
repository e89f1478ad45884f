// The last steps of every reader of labelled images, whatever files they came from.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/data/dataset.h"

namespace convoy::data {

// What the parts are called in messages, made printable.
struct PartNames {
  std::string train_labels;
  std::string test_images;
  std::string test_labels;
};

// Completes `source`, whose two parts have images and labels: sets the number of classes (as many
// as the largest training label says, 2 at least, or as class_names has), the SHA-256, and the
// kind, which is "mnist" if the content is and `kind` otherwise. Where no label is 0, as in
// EMNIST's letters, all become smaller by one, and the classes are called "1", "2", ... Where some
// classes have names, the others are called by their numbers.
//
// Returns INVALID_ARGUMENT if the parts' images are of different sizes, a label is beyond the
// classes, or there are more than kMaxClasses.
absl::Status CompleteSource(const PartNames& names, const char* kind, DataSource* source);

// Moves every fifth image from `source`'s training part to its test part, which must be empty, for
// data that come without one. REQUIRES: there are 5 images at least.
void HoldOutTest(DataSource* source);

}  // namespace convoy::data
