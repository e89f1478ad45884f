// convoy export: a model as a file of Keras, TensorFlow.js or ONNX.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

std::unique_ptr<Command> NewExport();

}  // namespace convoy::client
