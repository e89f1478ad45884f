// Training images beside what augmentation makes of them.
#pragma once

#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/sheet.h"
#include "common/figures/texts.h"

namespace convoy::figures {

struct PreviewRow {
  PixelImage original;
  std::vector<PixelImage> epochs;  // as it is in the first epochs
};

// A row an image. REQUIRES: at least one row, each with as many epochs.
Canvas DrawPreview(const std::vector<PreviewRow>& rows, Language language);

}  // namespace convoy::figures
