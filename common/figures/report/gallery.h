// All figures of one trained network: gathers what each shows and draws it (common/figures).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/evaluate/detailed_evaluation.h"
#include "common/evaluate/loaded_model.h"
#include "common/figures/canvas.h"
#include "common/figures/noise_figure.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"
#include "common/metrics/history.h"

namespace convoy::gallery {

// What is drawn. Parts that a figure does not need may be missing.
struct Subject {
  std::string name;                                    // in legends
  std::shared_ptr<const evaluate::LoadedModel> model;  // may be null
  metrics::History history;                            // may be empty
  data::DatasetView train;                             // not owned; may have no images
  data::DatasetView test;                              // not owned; may have no images
};

// The notebook's choices.
inline constexpr int64_t kSampleImage = 12;  // of the test images: whose feature maps are shown
inline constexpr double kNoiseLevel = 0.3;
inline constexpr uint64_t kNoiseSeed = 42;
inline constexpr int kNoisyImages = 5;
inline constexpr int kTiles = 10;  // of galleries

// Returns 0, 0.1, ..., 1: the levels of a noise curve.
std::vector<double> NoiseLevels();

inline constexpr int kUnknownLabel = -1;

// An image with its true class, or kUnknownLabel.
struct ShownImage {
  figures::PixelImage image;
  int label = kUnknownLabel;
};

// Evaluates the network at most once for each level of noise. Thread-compatible.
class Gallery {
 public:
  // Evaluates on so many threads; the figures do not depend on them.
  Gallery(Subject subject, figures::Language language, int threads);

  const Subject& subject() const { return subject_; }
  figures::Language language() const { return language_; }

  // The first `count` training images. Returns INVALID_ARGUMENT if there are not so many.
  absl::StatusOr<figures::Canvas> Samples(int count) const;

  // Returns FAILED_PRECONDITION if there is no history.
  absl::StatusOr<figures::Canvas> Curves() const;

  // Of the test images. These return what EvaluateInDetail does.
  // With `by_row` as shares of the true classes.
  absl::StatusOr<figures::Canvas> Confusion(bool by_row = false);
  absl::StatusOr<figures::Canvas> Mistakes(int count);

  // Of a convolution layer; "" is the first. Returns NOT_FOUND, which lists the convolution
  // layers, if `layer` is none of them. `filter` is the one to show, counted from 1, or 0 for all;
  // INVALID_ARGUMENT if the layer has not so many.
  absl::StatusOr<figures::Canvas> Filters(const std::string& layer, int64_t filter = 0) const;

  // Of any layer; "" is the first. Returns NOT_FOUND, which lists the layers, if `layer` is none
  // of them; INVALID_ARGUMENT if the image is not of the network's size. `filter` as above, of
  // layers whose output is maps.
  absl::StatusOr<figures::Canvas> FeatureMaps(const std::string& layer, const ShownImage& image,
                                              int64_t filter = 0) const;

  // What the network's answer to an image hangs on. Returns INVALID_ARGUMENT if the image is not of
  // the network's size.
  absl::StatusOr<figures::Canvas> Occlusion(const ShownImage& image) const;

  // Returns a test image. Returns INVALID_ARGUMENT, which says how many there are, if there is
  // none with this number.
  absl::StatusOr<ShownImage> TestImage(int64_t number) const;

  // The first `count` test images with noise of a level, and what the network reads in them.
  // Returns INVALID_ARGUMENT if the level or count makes no sense.
  absl::StatusOr<figures::Canvas> NoisyImages(double level, int count) const;
  absl::StatusOr<std::vector<figures::NoisyPair>> NoisyPairs(double level, int count) const;

  absl::StatusOr<figures::NoiseCurve> NoiseCurve(const std::vector<double>& levels);

  // What people call class `label`: the model's name for it, printable, or its number.
  std::string ClassText(int label) const;

  // The test images with so much noise, as the network reads them.
  absl::StatusOr<const evaluate::DetailedEvaluation*> Evaluate(double noise_level);

 private:
  // The model's, printable; empty where classes are numbers.
  std::vector<std::string> ClassNames() const;
  figures::Reading ReadImage(evaluate::Predictor& predictor,
                             const std::vector<uint8_t>& pixels) const;

  Subject subject_;
  figures::Language language_;
  int threads_;
  std::map<double, std::unique_ptr<evaluate::DetailedEvaluation>> evaluations_;
};

// Returns the names of the network's convolution layers.
std::vector<std::string> ConvolutionLayers(const nn::Network& network);

}  // namespace convoy::gallery
