#include "client/commands/commands.h"

#include "client/commands/export.h"
#include "client/commands/history.h"
#include "client/commands/import.h"
#include "client/commands/show.h"

namespace convoy::client {

const CommandTable& Commands() {
  // One line a command, in the order of the overview.
  static const auto* const kTable = new CommandTable{
      {"history", CommandGroup::kJobs, "the metrics of each epoch, as Keras keeps them",
       NewHistory},
      {"show", CommandGroup::kModels, "a network, its weights' hash and its recipe", NewShow},
      {"export", CommandGroup::kFiles, "a model for Keras, TensorFlow.js or ONNX Runtime",
       NewExport},
      {"import", CommandGroup::kFiles, "a model that Keras saved as .h5", NewImport},
  };
  return *kTable;
}

}  // namespace convoy::client
