// The confusion matrix as a heat map with counts, as the notebook's section 5.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/texts.h"

namespace convoy::figures {

// Draws counts [num_classes, num_classes]: rows are true classes, columns predicted ones. Colours
// grow with the logarithm of the count, so that rare mistakes are seen beside the many right
// answers. Beyond 26 classes the cells have no numbers, as there is no room; of more than 100 only
// 26 are drawn, first those most often mixed up, and the figure says so. REQUIRES: num_classes
// >= 1, no count is negative. `names` [num_classes] are the classes', or empty: numbers. With
// `by_row` cells and colours are the share of the true class's images, in per cent.
Canvas DrawConfusion(int num_classes, const std::vector<int64_t>& counts, Language language,
                     const std::vector<std::string>& names = {}, bool by_row = false);

}  // namespace convoy::figures
