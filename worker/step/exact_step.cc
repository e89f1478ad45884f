#include "worker/step/exact_step.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/stopwatch.h"

namespace convoy::step {

absl::StatusOr<std::unique_ptr<TrainingStep>> ExactStep::Create(
    comm::Communicator& communicator, ThreadTeam& team, std::vector<MicroBatchRunner>& runners,
    const optim::Optimizer& optimizer, const nn::Plan& plan,
    const std::vector<BatchPartition>& batches, Exchange exchange) {
  std::unique_ptr<ExactStep> step(
      new ExactStep(communicator, team, runners, optimizer, plan, batches, exchange));
  CONVOY_RETURN_IF_ERROR(step->Open());
  return step;
}

ExactStep::ExactStep(comm::Communicator& communicator, ThreadTeam& team,
                     std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
                     const nn::Plan& plan, const std::vector<BatchPartition>& batches,
                     Exchange exchange)
    : communicator_(communicator),
      team_(team),
      runners_(runners),
      plan_(plan),
      batches_(batches),
      sharding_(
          PlanSharding(plan, batches.front().batch_images(), communicator.world_size(), exchange)),
      sums_(communicator.rank(), team.size(), sharding_, batches),
      optimizer_(optimizer, RulesOf(plan.network()), sharding_, communicator.rank(), team,
                 MostImages(batches)),
      factor_rows_(static_cast<size_t>(team.size()),
                   std::vector<nn::SufficientFactors>(plan.stages().size())),
      thread_seconds_(static_cast<size_t>(team.size())) {}

absl::Status ExactStep::Open() {
  CONVOY_ASSIGN_OR_RETURN(
      collectives_, CreateCollectives(communicator_, sharding_, batches_, sums_.num_arrays()));
  const StepArrays& arrays = collectives_->arrays();
  sums_.SetMemory(arrays.gradients);
  weights_ = std::make_unique<Weights>(plan_, arrays.weights[0], arrays.weights[1]);
  return absl::OkStatus();
}

absl::Status ExactStep::SetWeights(const float* values) {
  if (!collectives_->arrays().weights_are_shared || communicator_.rank() == 0) {
    std::copy(values, values + sharding_.num_parameters(), weights_->next());
    sharding_.RoundWeights(weights_->next());
  }
  slots().SetMasters(values);
  CONVOY_RETURN_IF_ERROR(communicator_.Barrier());
  weights_->Advance();
  return absl::OkStatus();
}

absl::StatusOr<StepResult> ExactStep::Run(const StepInput& input) {
  ComputeGradients(input);
  Stopwatch watch;
  sums_.AddUp(input.batch, team_, &contribution_);
  contribution_.stop_requested = input.stop_requested;
  phases_.reduce += watch.Lap();
  CONVOY_ASSIGN_OR_RETURN(const ScatteredSums* sums,
                          collectives_->ReduceScatter(input.batch, contribution_));
  phases_.wait += watch.Lap();
  CONVOY_RETURN_IF_ERROR(CheckLoss(sums->result.loss));
  optimizer_.Step(*sums, input.hyperparameters, collectives_->arrays(), weights_->current_set(),
                  &phases_);
  watch.Lap();
  CONVOY_RETURN_IF_ERROR(collectives_->AllGather(weights_->next_set()));
  phases_.wait += watch.Lap();
  CONVOY_RETURN_IF_ERROR(optimizer_.CheckAllRanks(weights_->next()));
  weights_->Advance();
  phases_.update += watch.Lap();
  return sums->result;
}

void ExactStep::ComputeGradients(const StepInput& input) {
  Stopwatch watch;
  team_.Run([&](int thread) { ComputeRun(input, thread); });
  const double compute_seconds = watch.Lap();
  double busy_seconds = 0;
  for (const double seconds : thread_seconds_) busy_seconds += seconds;
  phases_.wait += compute_seconds - busy_seconds / team_.size();
}

void ExactStep::ComputeRun(const StepInput& input, int thread) {
  Stopwatch watch;
  const BatchPartition& batch = batches_[input.batch];
  const Range run = batch.RunOfThread(communicator_.rank(), thread);
  const auto index = static_cast<size_t>(thread);
  sums_.Start(thread);
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    const Range images = batch.ImagesOf(leaf);
    BindFactors(images, thread);
    const kernels::LossSums result =
        runners_[index].Run(weights_->prepared(), input.seed, input.epoch,
                            input.image_index + images.begin, static_cast<int>(images.size()),
                            {.gradient = sums_.Top(thread), .factors = factor_rows_[index].data()});
    RoundFactors(images);
    sums_.Push(input.batch, thread, leaf - run.begin, result.loss, result.correct);
  }
  thread_seconds_[index] = watch.Elapsed();
}

// Has the thread's next pass leave its factors in the rows of its images.
void ExactStep::BindFactors(const Range& images, int thread) {
  const StepArrays& arrays = collectives_->arrays();
  for (size_t stage = 0; stage < plan_.stages().size(); ++stage) {
    const int kernel = sharding_.kernel_of_stage(stage);
    if (kernel < 0) continue;
    const nn::OuterProductGradient& shape = sharding_.kernels()[static_cast<size_t>(kernel)];
    const FactorArrays factors = arrays.factors[static_cast<size_t>(kernel)];
    factor_rows_[static_cast<size_t>(thread)][stage] = {
        .src = factors.src + images.begin * shape.inputs,
        .d_dst = factors.d_dst + images.begin * shape.units};
  }
}

void ExactStep::RoundFactors(const Range& images) {
  for (size_t kernel = 0; kernel < sharding_.kernels().size(); ++kernel) {
    const nn::OuterProductGradient& shape = sharding_.kernels()[kernel];
    const FactorArrays factors = collectives_->arrays().factors[kernel];
    RoundFor(sharding_.exchange(), factors.src + images.begin * shape.inputs,
             images.size() * shape.inputs);
    RoundFor(sharding_.exchange(), factors.d_dst + images.begin * shape.units,
             images.size() * shape.units);
  }
}

metrics::PhaseSeconds ExactStep::phases() const {
  metrics::PhaseSeconds phases = MeanPassSeconds(runners_);
  phases += phases_;
  return phases;
}

}  // namespace convoy::step
