#include "client/commands/commands.h"

#include "common/i18n/translate.h"

namespace convoy::client {

const CommandTable& Commands() {
  // One line a command, in the order of the overview.
  static const auto* const kTable = new CommandTable{
      {"status", CommandGroup::kJobs, Marked("one job as it is now"), NewStatus},
      {"watch", CommandGroup::kJobs, Marked("follow a job until it ends"), NewWatch},
      {"jobs", CommandGroup::kJobs, Marked("all jobs of a coordinator or of a directory"), NewJobs},
      {"history", CommandGroup::kJobs, Marked("the metrics of each epoch, as Keras keeps them"),
       NewHistory},
      {"note", CommandGroup::kJobs, Marked("name a job, tag it, write a note on it"), NewNote},
      {"run", CommandGroup::kJobs, Marked("train, and go on by itself after every fault"), NewRun},
      {"compare", CommandGroup::kJobs, Marked("several jobs side by side"), NewCompare},
      {"cancel", CommandGroup::kJobs, Marked("stop a job with a checkpoint"), NewCancel},
      {"delete", CommandGroup::kJobs, Marked("remove a job from its coordinator"), NewDelete},
      {"evaluate", CommandGroup::kModels, Marked("loss, accuracy and scores of each class"),
       NewEvaluate},
      {"confusion", CommandGroup::kModels, Marked("what is taken for what"), NewConfusion},
      {"predict", CommandGroup::kModels, Marked("what is in my pictures"), NewPredict},
      {"noise", CommandGroup::kModels, Marked("accuracy against noise in the images"), NewNoise},
      {"show", CommandGroup::kModels, Marked("a network, its weights' hash and its recipe"),
       NewShow},
      {"models", CommandGroup::kModels, Marked("all models of a coordinator or of a directory"),
       NewModels},
      {"download", CommandGroup::kModels, Marked("a model's file"), NewDownload},
      {"export", CommandGroup::kFiles, Marked("a model for Keras, TensorFlow.js or ONNX Runtime"),
       NewExport},
      {"import", CommandGroup::kFiles, Marked("a model that Keras saved as .h5"), NewImport},
      {"figure", CommandGroup::kFiles, Marked("one picture: curves, confusion, filters, ..."),
       NewFigure},
      {"report", CommandGroup::kFiles,
       Marked("all pictures of a run, and a page that tells its story"), NewReport},
      {"sweep", CommandGroup::kJobs, Marked("train with several seeds and values, and compare"),
       NewSweep},
      {"completion", CommandGroup::kShell, Marked("let the Tab key complete commands"),
       NewCompletion},
  };
  return *kTable;
}

}  // namespace convoy::client
