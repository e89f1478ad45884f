// The names of what a network tells apart, for people: they come from folders' names and files.
#pragma once

#include <string>

#include "common/formats/model_file.h"

namespace convoy::api {

// Returns the name of class `label`, printable; "" where classes are numbers.
std::string ClassName(const formats::ModelFile& model, int label);

}  // namespace convoy::api
