// Misread images with what they are, what they were read as and how surely, as the notebook's
// section 5.
#pragma once

#include <cstdint>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct Mistake {
  PixelImage image;
  std::string actual;
  std::string predicted;
  double confidence = 0;  // the probability of `predicted`
};

// Draws `shown`, five a row, of `num_mistakes` in all. Without any it says so.
Canvas DrawMistakes(const std::vector<Mistake>& shown, int64_t num_mistakes, Language language);

}  // namespace convoy::figures
