// Labelled images in memory, and the pair of them, train and test, that a job runs on.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/base/label.h"
#include "common/data/idx.h"
#include "common/data/range.h"
#include "common/i18n/message.h"

namespace convoy::data {

// Images and labels that somebody else owns: a Dataset, or memory that the ranks of a host share.
// What trains and evaluates takes this, and never writes. A value type; thread-safe.
struct DatasetView {
  const uint8_t* pixels = nullptr;  // [count, height, width, channels]
  const Label* labels = nullptr;    // [count], each below num_classes
  int64_t count = 0;
  int height = 0;
  int width = 0;
  int channels = 1;
  int num_classes = 0;

  int64_t image_bytes() const { return int64_t{height} * width * channels; }
  const uint8_t* image(int64_t index) const { return pixels + index * image_bytes(); }

  // Returns the view of the images `range`. REQUIRES: the range lies within [0, count).
  DatasetView Slice(const Range& range) const;
};

// Images and labels that it owns; not to be changed once it is filled.
struct Dataset {
  int64_t count = 0;
  int height = 0;
  int width = 0;
  int channels = 1;
  int num_classes = 0;
  std::vector<uint8_t> pixels;  // [count, height, width, channels]
  std::vector<Label> labels;    // [count], each below num_classes

  // Returns a view that lives as long as the dataset.
  DatasetView View() const;
};

// What a job trains and tests on, and where it came from.
struct DataSource {
  std::string kind;    // one of kKind...; "mnist" is the canonical one, byte for byte
  std::string where;   // for people: the directory, or how the images were drawn
  std::string sha256;  // DataSha256 of train and test
  Dataset train;
  Dataset test;  // of the same sizes and number of classes
  // As many of the last training images are for validation; 0: the recipe decides.
  int64_t validation_images = 0;
  std::vector<std::string> class_names;  // [num_classes], or empty: numbers; may hold any bytes
  std::vector<i18n::Message> notes;      // lines for people
};

inline constexpr char kKindMnist[] = "mnist";
inline constexpr char kKindGenerated[] = "generated";
inline constexpr char kKindIdx[] = "idx";
inline constexpr char kKindPictures[] = "pictures";
inline constexpr char kKindCifar[] = "cifar";
inline constexpr char kKindArrays[] = "npz";
inline constexpr char kKindTable[] = "csv";

// DataSha256 of the canonical MNIST.
inline constexpr char kMnistSha256[] =
    "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a";

// Returns the SHA-256 of the data's four uncompressed IDX files, one after another: training
// images, training labels, test images, test labels. It does not depend on how they were stored.
// Images of several channels have these as a fourth dimension; labels are a byte each, of more than
// 256 classes two.
std::string DataSha256(const Dataset& train, const Dataset& test);

}  // namespace convoy::data
