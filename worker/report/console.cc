// What a person sees who trains: a head with all that was decided, Keras's progress bar and line an
// epoch, the result. The bar is drawn again in place, on terminals alone, a few times a second.
#include "worker/report/console.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/text.h"
#include "common/run/run_files.h"
#include "common/terminal/fit.h"

namespace convoy::report {
namespace {

constexpr int kBarWidth = 30;
constexpr double kRedrawSeconds = 0.1;

std::string Count(int64_t number, const std::string& noun) {
  return absl::StrCat(Thousands(number), " ", noun, number == 1 ? "" : "s");
}

std::string DataLine(const JobFacts& facts) {
  std::string what = facts.data_kind == "mnist" ? "MNIST" : facts.data_kind;
  if (facts.data_kind == "generated") what = "generated digits (this is not MNIST)";
  return absl::StrCat(what, ", ", facts.data_where);
}

}  // namespace

Console::Console(std::FILE* out, int verbose, std::string run_directory)
    : out_(out),
      verbose_(verbose),
      bar_(verbose == 1 && terminal::TerminalOf(out).can_redraw),
      run_directory_(std::move(run_directory)) {}

void Console::Print(const std::string& text) {
  if (verbose_ == 0) return;
  std::fputs(terminal::Fit(text, terminal::TerminalOf(out_)).c_str(), out_);
  std::fflush(out_);
}

void Console::OnStart(const JobFacts& facts) {
  facts_ = facts;
  const std::vector<std::string> hosts = facts.DistinctHosts();
  Print(absl::StrCat("Convoy trains on ", Count(facts.world_size, "rank"), " (",
                     Count(facts.TotalThreads(), "thread"), " in all) on ",
                     Count(static_cast<int64_t>(hosts.size()), "host"), ": ",
                     absl::StrJoin(hosts, ", "), "\n"));
  Print(absl::StrCat("  kernels  ", facts.isa, ", OpenBLAS for ", facts.blas_core, ", reduction ",
                     facts.reduce, "\n"));
  Print(absl::StrCat("  data     ", DataLine(facts), "\n"));
  Print(absl::StrCat("  images   ", Thousands(facts.train_images), " to train on, ",
                     Thousands(facts.validation_images), " for validation, ",
                     Thousands(facts.test_images), " for the test\n"));
  Print(absl::StrCat("  batch    ", facts.batch_size, " images in micro-batches of ",
                     facts.micro_batch, ", seed ", facts.seed, "\n"));
  const int64_t micro_batches = (facts.batch_size + facts.micro_batch - 1) / facts.micro_batch;
  if (facts.TotalThreads() > micro_batches) {
    Print(absl::StrCat("  note     a batch has only ", micro_batches, " micro-batch",
                       micro_batches == 1 ? "" : "es",
                       " of work: ", Count(facts.TotalThreads() - micro_batches, "thread"),
                       " will idle; a larger --batch-size would use them\n"));
  }
  if (facts.reduce == "mpi") {
    Print("  note     --reduce mpi: other bits at another number of ranks\n");
  }
  if (facts.resumed_at_step > 0) {
    Print(absl::StrCat("  resumed  at step ", Thousands(facts.resumed_at_step), ", restart ",
                       facts.restarts, "\n"));
  }
  Print("\n" + facts.model_summary + "\n");
}

void Console::OnEpochStart(int64_t epoch, int64_t step_in_epoch) {
  since_epoch_ = Stopwatch();
  last_drawn_ = 0;
  first_step_ = step_in_epoch;
  if (verbose_ == 1) Print(absl::StrCat("Epoch ", epoch + 1, "/", facts_.epochs, "\n"));
}

std::string Console::Position(int64_t done) const {
  const int digits = static_cast<int>(absl::StrCat(facts_.steps_per_epoch).size());
  return absl::StrFormat("%*d/%d", digits, done, facts_.steps_per_epoch);
}

double Console::Fraction(int64_t done) const {
  return static_cast<double>(done) / std::max(static_cast<double>(facts_.steps_per_epoch), 1.0);
}

void Console::OnStep(const StepProgress& progress) {
  if (!bar_) return;
  const double elapsed = since_epoch_.Elapsed();
  const bool last = progress.step_in_epoch == facts_.steps_per_epoch;
  if (elapsed - last_drawn_ < kRedrawSeconds && !last) return;
  last_drawn_ = elapsed;
  const auto steps_done = static_cast<double>(progress.step_in_epoch - first_step_);
  const auto steps_left = static_cast<double>(facts_.steps_per_epoch - progress.step_in_epoch);
  const std::vector<terminal::Part> parts = {
      {"ETA: " + DurationText(elapsed / std::max(steps_done, 1.0) * steps_left), 1},
      {"loss: " + MetricText(progress.loss), 3},
      {"accuracy: " + MetricText(progress.accuracy), 2},
      {Thousands(static_cast<int64_t>(progress.images_per_second)) + " images/s", 0}};
  // In the last column of all, what erases the rest of the line would erase a character.
  const int columns = terminal::TerminalOf(out_).columns - 1;
  Redraw(terminal::ProgressLine(Position(progress.step_in_epoch), Fraction(progress.step_in_epoch),
                                parts, columns));
}

void Console::Redraw(const std::string& line) {
  std::fprintf(out_, "\r%s\033[K", line.c_str());
  std::fflush(out_);
}

// The line that stays: Keras's. Where it is too long, the bar goes, then it goes on in another.
void Console::OnEpoch(const EpochReport& report) {
  std::vector<std::string> parts = {absl::StrFormat("%.1fs", report.train_seconds)};
  for (const auto& [name, value] : report.metrics) {
    parts.push_back(absl::StrCat(name, ": ", MetricText(value)));
  }
  if (report.train_seconds > 0) {
    const double rate = static_cast<double>(report.train_images) / report.train_seconds;
    parts.push_back(Thousands(static_cast<int64_t>(rate)) + " images/s");
  }
  std::string begin = Position(facts_.steps_per_epoch);
  std::string bar = " " + ProgressBar(1, kBarWidth);
  if (verbose_ == 2) begin = absl::StrCat("Epoch ", report.epoch + 1, "/", facts_.epochs);
  if (verbose_ == 2) bar.clear();
  const terminal::Terminal terminal = terminal::TerminalOf(out_);
  const std::string whole = absl::StrCat(begin, bar, " - ", absl::StrJoin(parts, " - "));
  const bool fits = !terminal.is_terminal || terminal::Columns(whole) <= terminal.columns;
  parts.insert(parts.begin(), begin);
  if (bar_) Redraw("");
  if (bar_) std::fputs("\r", out_);
  Print((fits ? whole : terminal::Flow(parts, " - ", terminal.columns)) + "\n");
}

void Console::OnNotice(const std::string& line) { Print(line + "\n"); }
void Console::OnStopped(int64_t global_step, bool cancelled) {
  const std::string where =
      absl::StrCat(" at step ", Thousands(global_step), "; the checkpoint is in ",
                   run::PathIn(run_directory_, run::kCheckpoints));
  const std::string text =
      cancelled ? absl::StrCat("Cancelled by the coordinator", where, "\n")
                : absl::StrCat("Stopped on request", where, ". Go on with --run-dir ",
                               run_directory_, " --resume\n");
  Print(absl::StrCat(bar_ ? "\n" : "", text));
}

void Console::OnFinished(const FinalReport& report) {
  Print(absl::StrFormat("\nTest loss %.4f, test accuracy %.2f%% on %s images, after %s\n",
                        report.test_loss, 100 * report.test_accuracy, Thousands(facts_.test_images),
                        DurationText(since_start_.Elapsed())));
  Print(absl::StrCat("Weights SHA-256 ", report.weights_sha256, "\n"));
  Print(absl::StrCat("Everything is in ", run_directory_,
                     ": model.convoy, history.json, summary.json, checkpoints\n"));
}

}  // namespace convoy::report
