#include "worker/step/step_testing.h"

#include <numeric>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/nn/builtin_models.h"
#include "worker/step/batch_cuts.h"
#include "worker/step/exact_step.h"
#include "worker/step/mpi_step.h"

namespace convoy::step {
namespace {

constexpr int kBatch = 40;
constexpr int kShortBatch = 20;
constexpr int kMicroBatch = 8;
constexpr int kSide = 28;

std::unique_ptr<TrainingStep> Make(StepRig::Kind kind, comm::Communicator& comm, ThreadTeam& team,
                                   std::vector<MicroBatchRunner>& runners,
                                   const optim::Optimizer& optimizer, const nn::Plan& plan,
                                   const std::vector<BatchPartition>& batches, Exchange exchange) {
  if (kind == StepRig::Kind::kMpi) {
    return std::make_unique<MpiStep>(comm, team, runners, optimizer, plan, batches);
  }
  return ExactStep::Create(comm, team, runners, optimizer, plan, batches, exchange).value();
}

}  // namespace

StepRig::StepRig(comm::Communicator& comm, int threads, Kind kind,
                 const optim::OptimizerConfig& optimizer, const PassOptions& options,
                 Exchange exchange)
    : plan_(nn::Network::Create(nn::LoadModelSpec("notebook").value()).value()),
      pixels_(static_cast<size_t>(kBatch) * kSide * kSide),
      labels_(kBatch),
      image_index_(kBatch),
      team_(threads),
      optimizer_(optim::Optimizer::Create(optimizer).value()) {
  RandomSequence random(7, RandomStream::kNoise, 1);
  for (uint8_t& pixel : pixels_) pixel = static_cast<uint8_t>(random.NextBelow(256));
  for (Label& label : labels_) label = static_cast<Label>(random.NextBelow(10));
  std::iota(image_index_.begin(), image_index_.end(), 0U);
  const std::vector<int> threads_of_rank(static_cast<size_t>(comm.world_size()), threads);
  for (const int images : {kBatch, kShortBatch}) {
    batches_.emplace_back(images, kMicroBatch, threads_of_rank,
                          comm.on_one_host() ? 0 : ImagesPerSum(plan_, images));
  }
  const data::DatasetView images{.pixels = pixels_.data(),
                                 .labels = labels_.data(),
                                 .count = kBatch,
                                 .height = kSide,
                                 .width = kSide,
                                 .num_classes = 10};
  for (int i = 0; i < threads; ++i) runners_.emplace_back(plan_, images, kMicroBatch, options);
  step_ = Make(kind, comm, team_, runners_, *optimizer_, plan_, batches_, exchange);
  std::vector<float> weights(static_cast<size_t>(plan_.network().num_parameters()));
  nn::InitializeWeights(plan_.network(), 1, weights.data());
  CONVOY_CHECK(step_->SetWeights(weights.data()).ok());
}

std::vector<float> StepRig::weights() const {
  const float* weights = step_->weights().current();
  return {weights, weights + plan_.network().num_parameters()};
}

absl::StatusOr<StepResult> StepRig::Run(size_t batch, bool stop_requested) {
  return step_->Run(
      {.batch = batch,
       .image_index = image_index_.data(),
       .seed = 3,
       .hyperparameters = {.step = ++number_,
                           .learning_rate = 0.001,
                           .grad_scale = 1.0F / static_cast<float>(batches_[batch].batch_images())},
       .stop_requested = stop_requested});
}

}  // namespace convoy::step
