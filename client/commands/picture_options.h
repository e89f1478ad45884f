// What the commands that make pictures have in common: --data and --lang.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/cli/command.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "common/figures/canvas.h"
#include "common/figures/texts.h"

namespace convoy::client {

struct PictureOptions {
  std::string data;  // --data; empty: the usual search
  std::string lang;  // --lang; empty: the locale's
};

void AddLangArgument(Arguments& arguments, PictureOptions* options);
void AddDataArgument(Arguments& arguments, PictureOptions* options);

// Returns what a figure must say of its images, "" for nothing: that the model (null: there is
// none) was not trained on them, or that they are generated digits.
std::string NoteOnImages(const evaluate::LoadedModel* model, const data::DataSource& source,
                         figures::Language language);

// Writes the figure as PNG or SVG, as the ending of `path` says. Errors name `flag`, which gave the
// path: INVALID_ARGUMENT for another ending, and those of writing.
absl::Status WritePicture(const figures::Canvas& canvas, const std::string& path,
                          const std::string& flag);

}  // namespace convoy::client
