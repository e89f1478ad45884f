#include "worker/step/mpi_step.h"

#include <algorithm>

#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "worker/step/finite_check.h"

namespace convoy::step {

// Adds the last micro-batch's gradient to the sum piece by piece, as the pieces are complete, and
// sends the sums.
class MpiStep::SendWhileRunning : public nn::PassListener {
 public:
  SendWhileRunning(ThreadSums& sums, MpiAllReduce& all_reduce, int64_t num_parameters)
      : sums_(sums), all_reduce_(all_reduce), added_from_(num_parameters) {}

  void OnGradientFrom(int64_t begin) override {
    kernels::Add(sums_.current.data() + begin, sums_.sum.data() + begin, added_from_ - begin);
    added_from_ = begin;
    if (status_.ok()) status_ = all_reduce_.AddReady(begin);
  }

  const absl::Status& status() const { return status_; }

 private:
  ThreadSums& sums_;
  MpiAllReduce& all_reduce_;
  int64_t added_from_;
  absl::Status status_;
};

MpiStep::MpiStep(comm::Communicator& communicator, ThreadTeam& team,
                 std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
                 const nn::Plan& plan, const std::vector<BatchPartition>& batches)
    : communicator_(communicator),
      team_(team),
      runners_(runners),
      plan_(plan),
      batches_(batches),
      num_parameters_(plan.network().num_parameters()),
      first_weights_(static_cast<size_t>(num_parameters_)),
      second_weights_(static_cast<size_t>(num_parameters_)),
      weights_(plan, first_weights_.data(), second_weights_.data()),
      thread_sums_(static_cast<size_t>(team.size())),
      all_reduce_(communicator, num_parameters_),
      optimizer_(optimizer, num_parameters_, RulesOf(plan.network())) {
  for (ThreadSums& sums : thread_sums_) {
    sums.sum = AlignedBuffer<float>(static_cast<size_t>(num_parameters_));
    sums.current = AlignedBuffer<float>(static_cast<size_t>(num_parameters_));
  }
}

absl::Status MpiStep::SetWeights(const float* values) {
  std::copy(values, values + num_parameters_, weights_.next());
  weights_.Advance();
  return absl::OkStatus();
}

absl::StatusOr<StepResult> MpiStep::Run(const StepInput& input) {
  CONVOY_RETURN_IF_ERROR(Compute(input));
  Contribution own{.stop_requested = input.stop_requested};
  double loss = 0;
  for (const ThreadSums& sums : thread_sums_) {
    loss += sums.loss;
    own.correct += sums.correct;
  }
  own.losses.push_back(loss);
  Stopwatch watch;
  CONVOY_ASSIGN_OR_RETURN(const StepResult result, all_reduce_.Finish(own));
  phases_.wait += watch.Lap();
  CONVOY_RETURN_IF_ERROR(CheckLoss(result.loss));
  CONVOY_RETURN_IF_ERROR(UpdateWeights(input.hyperparameters));
  weights_.Advance();
  phases_.update += watch.Lap();
  return result;
}

// All ranks see the same sums, so they agree on errors without a message.
absl::Status MpiStep::UpdateWeights(const StepHyperparameters& hyperparameters) {
  float* gradient = thread_sums_[0].sum.data();
  const bool gradient_finite = kernels::AllFinite(gradient, num_parameters_);
  optimizer_.Update(hyperparameters, {0, num_parameters_}, weights_.current(), gradient,
                    weights_.next());
  return StatusOf(CheckFinite(gradient_finite, weights_.next(), num_parameters_));
}

absl::Status MpiStep::Compute(const StepInput& input) {
  ThreadSums& first = thread_sums_[0];
  all_reduce_.Start(first.sum.data());
  const bool overlap =
      team_.size() == 1 && !batches_[input.batch].RunOfRank(communicator_.rank()).empty();
  if (overlap) {
    SendWhileRunning sender(first, all_reduce_, num_parameters_);
    ComputeRun(input, 0, &sender);
    return sender.status();
  }
  team_.Run([&](int thread) { ComputeRun(input, thread, nullptr); });
  Stopwatch watch;
  for (size_t thread = 1; thread < thread_sums_.size(); ++thread) {
    kernels::Add(thread_sums_[thread].sum.data(), first.sum.data(), num_parameters_);
  }
  phases_.reduce += watch.Lap();
  return SendAll();
}

void MpiStep::ComputeRun(const StepInput& input, int thread, nn::PassListener* last_listener) {
  ThreadSums& sums = thread_sums_[static_cast<size_t>(thread)];
  const BatchPartition& batch = batches_[input.batch];
  const Range run = batch.RunOfThread(communicator_.rank(), thread);
  std::fill(sums.sum.begin(), sums.sum.end(), 0.0f);
  sums.loss = 0;
  sums.correct = 0;
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    const Range images = batch.ImagesOf(leaf);
    nn::PassListener* listener = leaf + 1 == run.end ? last_listener : nullptr;
    const kernels::LossSums result = runners_[static_cast<size_t>(thread)].Run(
        weights_.prepared(), input.seed, input.epoch, input.image_index + images.begin,
        static_cast<int>(images.size()), {.gradient = sums.current.data(), .listener = listener});
    if (listener == nullptr) kernels::Add(sums.current.data(), sums.sum.data(), num_parameters_);
    sums.loss += result.loss;
    sums.correct += result.correct;
  }
}

// The same calls that a SendWhileRunning makes: all ranks must make them in the same order.
absl::Status MpiStep::SendAll() {
  const auto& stages = plan_.stages();
  for (auto stage = stages.rbegin(); stage != stages.rend(); ++stage) {
    if (!stage->has_parameters) continue;
    CONVOY_RETURN_IF_ERROR(all_reduce_.AddReady(stage->parameters_begin));
  }
  return absl::OkStatus();
}

metrics::PhaseSeconds MpiStep::phases() const {
  metrics::PhaseSeconds phases = MeanPassSeconds(runners_);
  phases += phases_;
  return phases;
}

}  // namespace convoy::step
