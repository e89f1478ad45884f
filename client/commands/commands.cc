#include "client/commands/commands.h"

#include "client/commands/history.h"
#include "client/commands/show.h"

namespace convoy::client {

const CommandTable& Commands() {
  // One line a command, in the order of the overview.
  static const auto* const kTable = new CommandTable{
      {"history", CommandGroup::kJobs, "the metrics of each epoch, as Keras keeps them",
       NewHistory},
      {"show", CommandGroup::kModels, "a network, its weights' hash and its recipe", NewShow},
  };
  return *kTable;
}

}  // namespace convoy::client
