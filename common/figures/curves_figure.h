// Learning curves: accuracy and loss over the epochs, as the notebook's section 4.
#pragma once

#include "common/figures/canvas.h"
#include "common/figures/texts.h"
#include "common/metrics/history.h"

namespace convoy::figures {

// Draws accuracy and loss, of training and (where the history has them) of validation. Values that
// are not finite are left out.
Canvas DrawCurves(const metrics::History& history, Language language);

}  // namespace convoy::figures
