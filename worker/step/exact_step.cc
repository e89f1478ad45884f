#include "worker/step/exact_step.h"

#include <algorithm>
#include <utility>

#include "common/base/status.h"
#include "common/base/stopwatch.h"

namespace convoy::train {

using data::Range;
using reduce::BatchLayout;

absl::StatusOr<std::unique_ptr<TrainingStep>> ExactStep::Create(
    comm::Communicator& communicator, ThreadTeam& team, std::vector<MicroBatchRunner>& runners,
    const optim::Optimizer& optimizer, const nn::Plan& plan,
    const std::vector<const BatchLayout*>& batches) {
  std::unique_ptr<ExactStep> step(
      new ExactStep(communicator, team, runners, optimizer, plan, batches));
  CONVOY_RETURN_IF_ERROR(step->Open(batches));
  return step;
}

ExactStep::ExactStep(comm::Communicator& communicator, ThreadTeam& team,
                     std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
                     const nn::Plan& plan, const std::vector<const BatchLayout*>& batches)
    : communicator_(communicator),
      team_(team),
      runners_(runners),
      plan_(plan),
      layout_(reduce::LayoutOf(plan, batches.front()->batch_images(), communicator.world_size())),
      sums_(communicator.rank(), team.size(), layout_, batches),
      optimizer_(optimizer, layout_.num_parameters(), reduce::RulesOf(plan.network())),
      factor_rows_(static_cast<size_t>(team.size()),
                   std::vector<nn::SufficientFactors>(plan.stages().size())),
      thread_seconds_(static_cast<size_t>(team.size())) {}

absl::Status ExactStep::Open(const std::vector<const BatchLayout*>& batches) {
  reduce::ExchangeSizes sizes = {.num_gradients = sums_.num_arrays()};
  for (const BatchLayout* batch : batches) {
    sizes.max_batch_images = std::max(sizes.max_batch_images, batch->batch_images());
  }
  if (communicator_.on_one_host()) {
    CONVOY_ASSIGN_OR_RETURN(exchange_, reduce::CreateSharedExchange(communicator_, layout_, sizes));
  } else {
    exchange_ = reduce::CreateMessageExchange(communicator_, layout_, sizes, batches);
  }
  std::vector<float*> arrays;
  for (int i = 0; i < sizes.num_gradients; ++i) arrays.push_back(exchange_->gradient(i));
  sums_.SetMemory(std::move(arrays));
  weights_ = std::make_unique<Weights>(plan_, exchange_->weights(0), exchange_->weights(1));
  reducer_ = std::make_unique<reduce::ExactReducer>(communicator_.rank(), layout_, team_,
                                                    *exchange_, batches);
  return absl::OkStatus();
}

absl::Status ExactStep::SetWeights(const float* values) {
  if (!exchange_->weights_are_shared() || communicator_.rank() == 0) {
    std::copy(values, values + layout_.num_parameters(), weights_->next());
  }
  CONVOY_RETURN_IF_ERROR(communicator_.Barrier());
  weights_->Advance();
  return absl::OkStatus();
}

absl::StatusOr<reduce::StepResult> ExactStep::Run(const StepInput& input) {
  Stopwatch watch;
  team_.Run([&](int thread) { ComputeRun(input, thread); });
  const double compute_seconds = watch.Lap();
  double busy_seconds = 0;
  for (const double seconds : thread_seconds_) busy_seconds += seconds;
  phases_.wait += compute_seconds - busy_seconds / team_.size();
  sums_.AddUp(*input.layout, team_, &contribution_);
  contribution_.stop_requested = input.stop_requested;
  phases_.reduce += watch.Lap();
  CONVOY_ASSIGN_OR_RETURN(const reduce::StepResult result,
                          reducer_->Step(*input.layout, contribution_, input.rule,
                                         weights_->current_set(), &optimizer_, &phases_));
  watch.Lap();
  weights_->Advance();
  phases_.update += watch.Lap();
  return result;
}

void ExactStep::ComputeRun(const StepInput& input, int thread) {
  Stopwatch watch;
  const Range run = input.layout->RunOfThread(communicator_.rank(), thread);
  const auto index = static_cast<size_t>(thread);
  sums_.Start(thread);
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    const Range images = input.layout->ImagesOf(leaf);
    PointAtFactors(images, thread);
    const kernels::LossSums result =
        runners_[index].Run(weights_->prepared(), input.seed, input.epoch,
                            input.image_index + images.begin, static_cast<int>(images.size()),
                            {.gradient = sums_.Top(thread), .factors = factor_rows_[index].data()});
    sums_.Push(*input.layout, thread, leaf - run.begin, result.loss, result.correct);
  }
  thread_seconds_[index] = watch.Elapsed();
}

// Has the thread's next pass leave its factors in the rows of its images.
void ExactStep::PointAtFactors(const Range& images, int thread) {
  for (size_t stage = 0; stage < plan_.stages().size(); ++stage) {
    const int kernel = layout_.kernel_of_stage(stage);
    if (kernel < 0) continue;
    const nn::OuterProductGradient& shape = layout_.kernels()[static_cast<size_t>(kernel)];
    const reduce::FactorArrays factors = exchange_->factors(static_cast<size_t>(kernel));
    factor_rows_[static_cast<size_t>(thread)][stage] = {
        .src = factors.src + images.begin * shape.inputs,
        .d_dst = factors.d_dst + images.begin * shape.units};
  }
}

metrics::PhaseSeconds ExactStep::phases() const {
  metrics::PhaseSeconds phases = MeanPassSeconds(runners_);
  phases += phases_;
  return phases;
}

}  // namespace convoy::train
