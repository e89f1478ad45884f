#include "client/commands/commands.h"

namespace convoy::client {

const CommandTable& Commands() {
  // One line a command, in the order of the overview.
  static const auto* const kTable = new CommandTable{
      {"status", CommandGroup::kJobs, "one job as it is now", NewStatus},
      {"watch", CommandGroup::kJobs, "follow a job until it ends", NewWatch},
      {"jobs", CommandGroup::kJobs, "all jobs of a coordinator or of a directory", NewJobs},
      {"history", CommandGroup::kJobs, "the metrics of each epoch, as Keras keeps them",
       NewHistory},
      {"run", CommandGroup::kJobs, "train, and go on by itself after every fault", NewRun},
      {"compare", CommandGroup::kJobs, "several jobs side by side", NewCompare},
      {"cancel", CommandGroup::kJobs, "stop a job with a checkpoint", NewCancel},
      {"delete", CommandGroup::kJobs, "remove a job from its coordinator", NewDelete},
      {"evaluate", CommandGroup::kModels, "loss, accuracy and scores of each class", NewEvaluate},
      {"confusion", CommandGroup::kModels, "what is taken for what", NewConfusion},
      {"predict", CommandGroup::kModels, "what is in my pictures", NewPredict},
      {"noise", CommandGroup::kModels, "accuracy against noise in the images", NewNoise},
      {"show", CommandGroup::kModels, "a network, its weights' hash and its recipe", NewShow},
      {"models", CommandGroup::kModels, "all models of a coordinator or of a directory", NewModels},
      {"download", CommandGroup::kModels, "a model's file", NewDownload},
      {"export", CommandGroup::kFiles, "a model for Keras, TensorFlow.js or ONNX Runtime",
       NewExport},
      {"import", CommandGroup::kFiles, "a model that Keras saved as .h5", NewImport},
      {"figure", CommandGroup::kFiles, "one picture: curves, confusion, filters, ...", NewFigure},
      {"report", CommandGroup::kFiles, "all pictures of a run, and a page that tells its story",
       NewReport},
      {"sweep", CommandGroup::kJobs, "train with several seeds and values, and compare", NewSweep},
      {"completion", CommandGroup::kShell, "let the Tab key complete commands", NewCompletion},
  };
  return *kTable;
}

}  // namespace convoy::client
