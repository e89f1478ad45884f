// The job is cut down to one epoch without validation, trained by the real trainer without a place
// for checkpoints, and asked to stop after a few seconds. The time of a step is the median, so that
// the first ones, which touch memory for the first time, do not count.
#include "worker/main/dry_run.h"

#include <sys/resource.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/base/text.h"
#include "common/data/augmentation.h"
#include "common/figures/preview_figure.h"
#include "common/i18n/translate.h"
#include "common/terminal/output.h"
#include "worker/comm/communicator.h"
#include "worker/report/console.h"
#include "worker/report/observer.h"
#include "worker/train/stop_request.h"
#include "worker/train/trainer.h"

namespace convoy::trainer {
namespace {

constexpr double kMeasureSeconds = 2;
constexpr size_t kFewestSteps = 4;
constexpr int kPreviewImages = 6;
constexpr int kPreviewEpochs = 4;

void Print(const std::string& text) { terminal::Print(text, stdout); }

// Times the steps, and ends the training when it has seen enough.
class StepTimer : public report::Observer {
 public:
  // `whole` says what the job was before it was cut down.
  explicit StepTimer(report::JobFacts whole) : whole_(std::move(whole)) {}

  void OnStart(const report::JobFacts& facts) override {
    report::JobFacts shown = facts;
    shown.train_images = whole_.train_images;
    shown.validation_images = whole_.validation_images;
    shown.test_images = whole_.test_images;
    report::Console(stdout, /*verbose=*/1, "").OnStart(shown);
    watch_ = Stopwatch();
  }

  void OnStep(const report::StepProgress&) override {
    const double now = watch_.Elapsed();
    seconds_.push_back(now - last_);
    last_ = now;
    if (now >= kMeasureSeconds && seconds_.size() >= kFewestSteps) train::RequestCancel();
  }

  void OnNotice(const i18n::Message& line) override {
    absl::StrAppend(&notices_, line.shown, "\n");
  }

  size_t steps() const { return seconds_.size(); }

  // What the trainer had to say, a line each.
  const std::string& notices() const { return notices_; }

  double MedianSeconds() {
    if (seconds_.empty()) return 0;
    const auto middle = seconds_.begin() + static_cast<std::ptrdiff_t>(seconds_.size() / 2);
    std::nth_element(seconds_.begin(), middle, seconds_.end());
    return *middle;
  }

 private:
  const report::JobFacts whole_;
  Stopwatch watch_;
  double last_ = 0;
  std::vector<double> seconds_;
  std::string notices_;
};

int64_t StepsAnEpoch(const train::Job& job) {
  const int64_t batch = job.recipe.batch_size;
  return (job.train.count + batch - 1) / batch;
}

std::string MemoryText() {
  struct rusage usage = {};
  ::getrusage(RUSAGE_SELF, &usage);
  return Tr("$0 MB of rank 0, the data included", TrThousands(usage.ru_maxrss / 1024));
}

std::string Verdict(StepTimer& timer, const report::JobFacts& whole, int batch_size,
                    int64_t steps) {
  const double step = timer.MedianSeconds();
  const double epoch = step * static_cast<double>(steps);
  const double rate = step > 0 ? batch_size / step : 0;
  return absl::StrCat(
      timer.notices(),
      Tr("\nSteps   $0 an epoch, $1 epochs\n", TrThousands(steps), TrThousands(whole.epochs)),
      Tr("Time    $0 s an epoch here ($1 images/s, median of $2 steps), $3 in all, without "
         "validation\n",
         absl::StrFormat("%.1f", epoch), TrThousands(static_cast<int64_t>(rate)), timer.steps(),
         DurationText(epoch * static_cast<double>(whole.epochs))),
      Tr("Memory  $0\n", MemoryText()),
      Tr("This was a dry run: nothing was trained or written.\n"));
}

figures::PixelImage ImageOf(const data::DatasetView& images, const uint8_t* pixels) {
  return {.height = images.height,
          .width = images.width,
          .channels = images.channels,
          .pixels = std::vector<uint8_t>(pixels, pixels + images.image_bytes())};
}

// A row an image: as it is, then as training sees it in each of the first epochs.
absl::Status WritePreview(const train::Job& job, const std::string& path) {
  data::Augmenter augmenter(job.recipe.options.augmentation, job.train.height, job.train.width,
                            job.train.channels);
  std::vector<figures::PreviewRow> rows;
  std::vector<uint8_t> changed(static_cast<size_t>(job.train.image_bytes()));
  for (int64_t i = 0; i < std::min<int64_t>(kPreviewImages, job.train.count); ++i) {
    const uint8_t* original = job.train.image(i);
    figures::PreviewRow row = {.original = ImageOf(job.train, original), .epochs = {}};
    for (uint32_t epoch = 0; epoch < kPreviewEpochs; ++epoch) {
      augmenter.Apply(job.recipe.seed, epoch, static_cast<uint32_t>(i), original, changed.data());
      row.epochs.push_back(ImageOf(job.train, changed.data()));
    }
    rows.push_back(std::move(row));
  }
  CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(""));
  CONVOY_ASSIGN_OR_RETURN(const figures::ImageFormat format, figures::FormatOfPath(path));
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes,
                          figures::DrawPreview(rows, language).Encode(format));
  return WriteFileAtomically(path, bytes);
}

// What is left is one epoch of training; its callbacks would miss the validation.
void CutDown(train::Job* job) {
  job->recipe.epochs = 1;
  job->recipe.options.reduce_on_plateau.reset();
  job->recipe.options.early_stopping.reset();
  job->validation = job->validation.Slice({0, 0});
  job->test = job->test.Slice({0, std::min<int64_t>(job->test.count, 1)});
  job->checkpoint.reset();
}

}  // namespace

absl::Status DryRun(watch::Watch& watch, const DryRunOptions& options, train::Job job) {
  comm::Communicator& communicator = watch.communicator();
  const bool root = communicator.rank() == 0;
  absl::Status previewed;
  if (root && !options.preview.empty()) {
    previewed = Annotate(WritePreview(job, options.preview), "preview");
  }
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, previewed));
  report::JobFacts whole;
  whole.epochs = job.recipe.epochs;
  whole.train_images = job.train.count;
  whole.validation_images = job.validation.count;
  whole.test_images = job.test.count;
  const int64_t steps = StepsAnEpoch(job);
  CutDown(&job);
  StepTimer timer(whole);
  train::TrainerOptions trainer_options{.threads = options.threads, .watch = &watch};
  if (root) trainer_options.observers = {&timer};
  CONVOY_ASSIGN_OR_RETURN(const auto trainer,
                          train::Trainer::Create(communicator, job, std::move(trainer_options)));
  if (root) Print(trainer->ExplainPlan());
  CONVOY_RETURN_IF_ERROR(trainer->Run().status());
  watch.Enter(watch::Phase::kEnd);
  if (root) Print(Verdict(timer, whole, job.recipe.batch_size, steps));
  return absl::OkStatus();
}

}  // namespace convoy::trainer
