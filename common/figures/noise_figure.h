// Noise: images with and without it and what the network reads in them, as the notebook's section
// 7, and the accuracy against the level of noise.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

// What the network read and how surely.
struct Reading {
  std::string predicted;
  double confidence = 0;
};

struct NoisyPair {
  PixelImage original;
  PixelImage noisy;
  std::string actual;
  Reading of_original;
  Reading of_noisy;
};

// Draws originals above, noisy images below, five pairs a row; wrong readings are marked. `level`
// is the noise's standard deviation where white is 1.
Canvas DrawNoisyImages(const std::vector<NoisyPair>& pairs, double level, Language language);

// The accuracy of one network against the level of noise.
struct NoiseCurve {
  std::string name;
  std::vector<double> levels;    // ascending
  std::vector<double> accuracy;  // of each level, from 0 to 1
};

// Draws up to four networks' curves. REQUIRES: there are 1 to 4, each with a point.
Canvas DrawNoiseCurves(const std::vector<NoiseCurve>& curves, Language language);

}  // namespace convoy::figures
