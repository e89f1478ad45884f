// What rank 0 prints: what the job runs on, the network, a progress bar an epoch, the result.
#pragma once

#include <cstdio>
#include <string>

#include "common/base/stopwatch.h"
#include "common/terminal/printer.h"
#include "worker/report/observer.h"

namespace convoy::report {

// Thread-compatible.
class Console : public Observer {
 public:
  // verbose: 0 prints nothing but errors, 1 a progress bar an epoch, 2 a line an epoch, as Keras's.
  // Where `out` is no terminal, or one that cannot draw again, a bar becomes a line an epoch.
  // `run_directory` is told at the end. A terminal that is stopped keeps only the destructor
  // waiting.
  Console(std::FILE* out, int verbose, std::string run_directory);

  void OnStart(const JobFacts& facts) override;
  void OnEpochStart(int64_t epoch, int64_t step_in_epoch) override;
  void OnStep(const StepProgress& progress) override;
  void OnEpoch(const EpochReport& report) override;
  void OnNotice(const i18n::Message& line) override;
  void OnStopped(int64_t global_step, bool cancelled) override;
  void OnFinished(const FinalReport& report) override;

 private:
  void Print(const std::string& text);
  void Redraw(const std::string& line);
  void EraseBar();
  std::string Position(int64_t done) const;  // "205/375"
  double Fraction(int64_t done) const;

  terminal::Printer printer_;
  int verbose_;
  bool bar_;  // redraw a bar
  std::string run_directory_;
  JobFacts facts_;
  Stopwatch since_start_;
  Stopwatch since_epoch_;
  double last_drawn_ = 0;
  int64_t first_step_ = 0;  // of this epoch, where the run was resumed within it
};

}  // namespace convoy::report
