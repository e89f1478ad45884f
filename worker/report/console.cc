// What a person sees who trains: a head with all that was decided, Keras's progress bar and line an
// epoch, the result. The bar is drawn again in place, on terminals alone, a few times a second.
#include "worker/report/console.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "common/base/text.h"
#include "common/i18n/translate.h"
#include "common/recipes/exchange.h"
#include "common/run/run_files.h"
#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy::report {
namespace {

constexpr int kBarWidth = 30;
constexpr double kRedrawSeconds = 0.1;

std::string Ranks(int64_t count) {
  return TrPlural("$0 rank", "$0 ranks", count, TrThousands(count));
}

std::string Threads(int64_t count) {
  return TrPlural("$0 thread", "$0 threads", count, TrThousands(count));
}

std::string Hosts(int64_t count) {
  return TrPlural("$0 host", "$0 hosts", count, TrThousands(count));
}

std::string DataLine(const JobFacts& facts) {
  std::string what = facts.data_kind == "mnist" ? "MNIST" : facts.data_kind;
  if (facts.data_kind == "generated") what = Tr("generated digits (this is not MNIST)");
  return absl::StrCat(what, ", ", facts.data_where);
}

}  // namespace

Console::Console(std::FILE* out, int verbose, std::string run_directory)
    : printer_(out),
      verbose_(verbose),
      bar_(verbose == 1 && terminal::TerminalOf(out).can_redraw),
      run_directory_(std::move(run_directory)) {}

void Console::Print(const std::string& text) {
  if (verbose_ == 0) return;
  printer_.Print(terminal::Fit(text, terminal::TerminalOf(printer_.out())));
}

void Console::OnStart(const JobFacts& facts) {
  facts_ = facts;
  const std::vector<std::string> hosts = facts.DistinctHosts();
  Print(Tr("Convoy trains on $0 ($1 in all) on $2: $3\n", Ranks(facts.world_size),
           Threads(facts.TotalThreads()), Hosts(static_cast<int64_t>(hosts.size())),
           absl::StrJoin(hosts, ", ")));
  if (facts.exchange == recipes::ExchangeName(recipes::Exchange::kBfloat16)) {
    Print(Tr("  kernels  $0, OpenBLAS for $1, reduction $2 in $3\n", facts.isa, facts.blas_core,
             facts.reduce, facts.exchange));
  } else {
    Print(Tr("  kernels  $0, OpenBLAS for $1, reduction $2\n", facts.isa, facts.blas_core,
             facts.reduce));
  }
  Print(Tr("  data     $0\n", DataLine(facts)));
  Print(Tr("  images   $0 to train on, $1 for validation, $2 for the test\n",
           TrThousands(facts.train_images), TrThousands(facts.validation_images),
           TrThousands(facts.test_images)));
  Print(Tr("  batch    $0 images in micro-batches of $1, seed $2\n", facts.batch_size,
           facts.micro_batch, facts.seed));
  const int64_t micro_batches = (facts.batch_size + facts.micro_batch - 1) / facts.micro_batch;
  if (facts.TotalThreads() > micro_batches) {
    Print(
        TrPlural("  note     a batch has only $0 micro-batch of work: $1 will idle; a larger "
                 "--batch-size would use them\n",
                 "  note     a batch has only $0 micro-batches of work: $1 will idle; a larger "
                 "--batch-size would use them\n",
                 micro_batches, micro_batches, Threads(facts.TotalThreads() - micro_batches)));
  }
  if (facts.reduce == "mpi") {
    Print(Tr("  note     --reduce mpi: other bits at another number of ranks\n"));
  }
  if (facts.resumed_at_step > 0) {
    Print(Tr("  resumed  at step $0, restart $1\n", TrThousands(facts.resumed_at_step),
             facts.restarts));
  }
  Print("\n" + facts.model_summary + "\n");
}

void Console::OnEpochStart(int64_t epoch, int64_t step_in_epoch) {
  since_epoch_ = Stopwatch();
  last_drawn_ = 0;
  first_step_ = step_in_epoch;
  if (verbose_ == 1) Print(Tr("Epoch $0/$1", epoch + 1, facts_.epochs) + "\n");
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
      {Tr("ETA: $0", DurationText(elapsed / std::max(steps_done, 1.0) * steps_left)), 1},
      {"loss: " + MetricText(progress.loss), 3},
      {"accuracy: " + MetricText(progress.accuracy), 2},
      {Tr("$0 images/s", TrThousands(static_cast<int64_t>(progress.images_per_second))), 0}};
  // In the last column of all, what erases the rest of the line would erase a character.
  const int columns = terminal::TerminalOf(printer_.out()).columns - 1;
  Redraw(terminal::ProgressLine(Position(progress.step_in_epoch), Fraction(progress.step_in_epoch),
                                parts, columns));
}

void Console::Redraw(const std::string& line) {
  printer_.PrintIfIdle(absl::StrCat("\r", line, "\033[K"));
}

void Console::EraseBar() {
  if (bar_) printer_.Print("\r\033[K\r");
}

// The line that stays: Keras's. Where it is too long, the bar goes, then it goes on in another.
void Console::OnEpoch(const EpochReport& report) {
  std::vector<std::string> parts = {absl::StrFormat("%.1fs", report.train_seconds)};
  for (const auto& [name, value] : report.metrics) {
    parts.push_back(absl::StrCat(name, ": ", MetricText(value)));
  }
  if (report.train_seconds > 0) {
    const double rate = static_cast<double>(report.train_images) / report.train_seconds;
    parts.push_back(Tr("$0 images/s", TrThousands(static_cast<int64_t>(rate))));
  }
  std::string begin = Position(facts_.steps_per_epoch);
  std::string bar = " " + ProgressBar(1, kBarWidth);
  if (verbose_ == 2) begin = Tr("Epoch $0/$1", report.epoch + 1, facts_.epochs);
  if (verbose_ == 2) bar.clear();
  const terminal::Terminal terminal = terminal::TerminalOf(printer_.out());
  const std::string whole = absl::StrCat(begin, bar, " - ", absl::StrJoin(parts, " - "));
  const bool fits = !terminal.is_terminal || terminal::Columns(whole) <= terminal.columns;
  parts.insert(parts.begin(), begin);
  EraseBar();
  Print((fits ? whole : terminal::Flow(parts, " - ", terminal.columns)) + "\n");
}

void Console::OnNotice(const i18n::Message& line) {
  EraseBar();
  Print(line.shown + "\n");
}

void Console::OnStopped(int64_t global_step, bool cancelled) {
  const std::string step = TrThousands(global_step);
  const std::string checkpoints = run::PathIn(run_directory_, run::kCheckpoints);
  const std::string text =
      cancelled
          ? Tr("Cancelled by the coordinator at step $0; the checkpoint is in $1\n", step,
               checkpoints)
          : Tr("Stopped on request at step $0; the checkpoint is in $1. Go on with --run-dir $2 "
               "--resume\n",
               step, checkpoints, run_directory_);
  Print(absl::StrCat(bar_ ? "\n" : "", text));
}

void Console::OnFinished(const FinalReport& report) {
  Print(Tr("\nTest loss $0, test accuracy $1 on $2 images, after $3\n",
           absl::StrFormat("%.4f", report.test_loss),
           absl::StrFormat("%.2f%%", 100 * report.test_accuracy), TrThousands(facts_.test_images),
           DurationText(since_start_.Elapsed())));
  Print(Tr("Weights SHA-256 $0\n", report.weights_sha256));
  Print(Tr("Everything is in $0: model.convoy, history.json, summary.json, checkpoints\n",
           run_directory_));
}

}  // namespace convoy::report
