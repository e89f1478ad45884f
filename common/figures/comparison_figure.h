// Learning curves of several trainings on common axes.
#pragma once

#include <string>
#include <vector>

#include "common/figures/canvas.h"
#include "common/figures/texts.h"
#include "common/metrics/history.h"

namespace convoy::figures {

struct NamedHistory {
  std::string name;  // in the legend
  metrics::History history;
};

inline constexpr size_t kMostCompared = 8;

// Draws accuracy and loss over the epochs, of validation where every history has them, otherwise of
// training. Values that are not finite are left out. REQUIRES: 1 to kMostCompared histories.
Canvas DrawComparison(const std::vector<NamedHistory>& histories, Language language);

}  // namespace convoy::figures
