// Whether the parts of a job fit together: recipe, computer, data and checkpoint. Each error is one
// line that names what does not fit and what to do. Thread-safe.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "common/data/dataset.h"
#include "common/formats/checkpoint.h"
#include "common/i18n/message.h"
#include "worker/train/recipe.h"

namespace convoy::train {

// Returns an error for a network that this computer could never train, rather than die in trying.
absl::Status CheckNetworkFitsMemory(const Recipe& recipe);

// Returns INVALID_ARGUMENT if a host's ranks, of so many threads each, could not have the memory of
// their passes. Counts what is certain to be needed, so it lets some pass that will not fit.
absl::Status CheckPassesFitMemory(const Recipe& recipe, int threads, int ranks_on_host);

// Returns INVALID_ARGUMENT if checkpoints would be too large to be read back.
absl::Status CheckCheckpointsCanBeRead(const Recipe& recipe);

// Returns INVALID_ARGUMENT if the images are of another size than the network's input, or have more
// classes than it tells apart.
absl::Status CheckNetworkFitsData(const Recipe& recipe, const data::DataSource& source);

// Returns INVALID_ARGUMENT if a callback watches the validation images and there are none.
absl::Status CheckMonitorsHaveImages(const Recipe& recipe, int64_t validation_images);

// Returns whether early stopping has ended the checkpoint's run.
bool StoppedEarly(const Recipe& recipe, const formats::Checkpoint& checkpoint);

// Returns FAILED_PRECONDITION if going on would give other bits than the run's: kernels of another
// family, or other data. `data_where` tells people which these are.
absl::Status CheckCheckpointFits(const formats::Checkpoint& checkpoint,
                                 const std::string& data_sha256, const std::string& data_where);

// Returns a note for people if another build of OpenBLAS computed the checkpoint than would go on,
// as another version may round differently within a kernel family; "" if there is nothing to say.
i18n::Message NoteOnBlas(const formats::Checkpoint& checkpoint);

// Returns DATA_LOSS if the checkpoint's arrays are not those of the recipe's network and optimizer,
// or its place is not within an epoch of so many images: a file that is whole, but not of this run.
absl::Status CheckArraysFit(const formats::Checkpoint& checkpoint, const Recipe& recipe,
                            int64_t train_images);

}  // namespace convoy::train
