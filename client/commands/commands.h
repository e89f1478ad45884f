// All commands of convoy: a source each, and their table.
#pragma once

#include <memory>

#include "client/cli/command.h"

namespace convoy::client {

// The commands in the order of the overview. Lives as long as the program.
const CommandTable& Commands();

std::unique_ptr<Command> NewStatus();
std::unique_ptr<Command> NewWatch();
std::unique_ptr<Command> NewJobs();
std::unique_ptr<Command> NewHistory();
std::unique_ptr<Command> NewNote();
std::unique_ptr<Command> NewRun();
std::unique_ptr<Command> NewCompare();
std::unique_ptr<Command> NewCancel();
std::unique_ptr<Command> NewDelete();
std::unique_ptr<Command> NewEvaluate();
std::unique_ptr<Command> NewConfusion();
std::unique_ptr<Command> NewPredict();
std::unique_ptr<Command> NewNoise();
std::unique_ptr<Command> NewShow();
std::unique_ptr<Command> NewModels();
std::unique_ptr<Command> NewDownload();
std::unique_ptr<Command> NewExport();
std::unique_ptr<Command> NewImport();
std::unique_ptr<Command> NewFigure();
std::unique_ptr<Command> NewReport();
std::unique_ptr<Command> NewSweep();
std::unique_ptr<Command> NewCompletion();

}  // namespace convoy::client
