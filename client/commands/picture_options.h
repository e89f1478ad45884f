// What the commands that make pictures have in common: --data and --lang.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/command.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "common/figures/canvas.h"

namespace convoy::client {

struct PictureOptions {
  std::string data;  // --data; empty: the usual search
  std::string lang;  // --lang; empty: the locale's
};

void AddLangArgument(Arguments& arguments, PictureOptions* options);
void AddDataArgument(Arguments& arguments, PictureOptions* options);

// Loads the images. Digits that are drawn where no data are named or found are taken only if
// `model` (null: there is none) was trained on them: FAILED_PRECONDITION otherwise. Errors as
// data::LoadData.
absl::StatusOr<data::DataSource> LoadPictureData(const PictureOptions& options,
                                                 const evaluate::LoadedModel* model);

// Writes the figure as PNG or SVG, as the ending of `path` says. Errors name `flag`, which gave the
// path: INVALID_ARGUMENT for another ending, and those of writing.
absl::Status WritePicture(const figures::Canvas& canvas, const std::string& path,
                          const std::string& flag);

// Whether the model was trained on these images, as far as its file tells.
bool TrainedOn(const evaluate::LoadedModel& model, const data::DataSource& source);

}  // namespace convoy::client
