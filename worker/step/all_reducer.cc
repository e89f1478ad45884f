#include "worker/step/all_reducer.h"

#include <cmath>

#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/elementwise/vector_ops.h"

namespace convoy::reduce {

AllReducer::AllReducer(comm::Communicator& communicator, int64_t num_parameters)
    : communicator_(communicator), num_parameters_(num_parameters) {}

void AllReducer::Start(float* gradient) {
  gradient_ = gradient;
  sent_from_ = num_parameters_;
  pending_.clear();
}

absl::Status AllReducer::AddReady(int64_t begin) {
  for (const auto& sum : pending_) CONVOY_RETURN_IF_ERROR(sum->Progress());
  const int64_t ready_bytes = (sent_from_ - begin) * static_cast<int64_t>(sizeof(float));
  if (ready_bytes >= kBucketBytes) return Send(begin);
  return absl::OkStatus();
}

absl::Status AllReducer::Send(int64_t begin) {
  if (begin == sent_from_) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(auto pending,
                          communicator_.StartAllReduceSum(gradient_ + begin, sent_from_ - begin));
  pending_.push_back(std::move(pending));
  sent_from_ = begin;
  return absl::OkStatus();
}

absl::StatusOr<StepResult> AllReducer::SumScalars(const Contribution& own) {
  struct Scalars {
    double loss;
    int64_t correct;
    int64_t stop_requested;
  };
  const Scalars mine = {.loss = own.losses.empty() ? 0.0 : own.losses[0],
                        .correct = own.correct,
                        .stop_requested = own.stop_requested};
  std::vector<Scalars> all(static_cast<size_t>(communicator_.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator_.AllGather(&mine, sizeof(mine), all.data()));
  StepResult result;
  for (const Scalars& scalars : all) {
    result.loss += scalars.loss;
    result.correct += scalars.correct;
    result.stop_requested |= scalars.stop_requested != 0;
  }
  return result;
}

absl::StatusOr<StepResult> AllReducer::Finish(const Contribution& own, const UpdateRule& rule,
                                              const float* weights, float* new_weights,
                                              OptimizerState* optimizer,
                                              metrics::PhaseSeconds* phases) {
  Stopwatch watch;
  CONVOY_RETURN_IF_ERROR(Send(0));
  CONVOY_ASSIGN_OR_RETURN(const StepResult result, SumScalars(own));
  for (const auto& sum : pending_) CONVOY_RETURN_IF_ERROR(sum->Wait());
  phases->wait += watch.Lap();
  if (!std::isfinite(result.loss)) return absl::AbortedError("the loss is not finite");
  // All ranks see the same sums, so they agree without a word.
  if (!kernels::AllFinite(gradient_, num_parameters_)) {
    return absl::AbortedError("the gradient is not finite");
  }
  optimizer->Update(rule, {0, num_parameters_}, weights, gradient_, new_weights);
  if (!kernels::AllFinite(new_weights, num_parameters_)) {
    return absl::AbortedError("the gradient is not finite");
  }
  phases->update += watch.Lap();
  return result;
}

}  // namespace convoy::reduce
