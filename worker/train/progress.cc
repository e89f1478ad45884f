#include "worker/train/progress.h"

#include <algorithm>
#include <utility>

namespace convoy::train {

double Mean(double sum, int64_t count) {
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
}

void Progress::AddStep(const step::StepResult& result, int64_t images, double penalty) {
  ++position.step_in_epoch;
  ++position.global_step;
  position.images_seen += images;
  sums.loss_sum += result.loss + penalty * static_cast<double>(images);
  sums.correct += result.correct;
  sums.count += images;
}

void Progress::FinishEpoch(metrics::EpochMetrics metrics) {
  history.push_back(std::move(metrics));
  ++position.epoch;
  position.step_in_epoch = 0;
  sums = {};
  epoch_seconds.push_back(0.0);
}

metrics::EpochMetrics Progress::TrainingMetrics() const {
  return {{"loss", Mean(sums.loss_sum, sums.count)},
          {"accuracy", Mean(static_cast<double>(sums.correct), sums.count)}};
}

report::StepProgress Progress::Step() const {
  const double seconds = std::max(epoch_seconds.back(), 1e-9);
  return {.epoch = position.epoch,
          .step_in_epoch = position.step_in_epoch,
          .global_step = position.global_step,
          .loss = Mean(sums.loss_sum, sums.count),
          .accuracy = Mean(static_cast<double>(sums.correct), sums.count),
          .images_per_second = static_cast<double>(sums.count) / seconds};
}

}  // namespace convoy::train
