#include "worker/step/mpi_all_reduce.h"

#include "common/base/status.h"

namespace convoy::step {

MpiAllReduce::MpiAllReduce(comm::Communicator& communicator, int64_t num_parameters)
    : communicator_(communicator), num_parameters_(num_parameters) {}

void MpiAllReduce::Start(float* gradient) {
  gradient_ = gradient;
  sent_from_ = num_parameters_;
  pending_.clear();
}

absl::Status MpiAllReduce::AddReady(int64_t begin) {
  for (const auto& sum : pending_) CONVOY_RETURN_IF_ERROR(sum->Progress());
  const int64_t ready_bytes = (sent_from_ - begin) * static_cast<int64_t>(sizeof(float));
  if (ready_bytes >= kBucketBytes) return Send(begin);
  return absl::OkStatus();
}

absl::Status MpiAllReduce::Send(int64_t begin) {
  if (begin == sent_from_) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(auto pending,
                          communicator_.StartAllReduceSum(gradient_ + begin, sent_from_ - begin));
  pending_.push_back(std::move(pending));
  sent_from_ = begin;
  return absl::OkStatus();
}

absl::StatusOr<StepResult> MpiAllReduce::SumScalars(const Contribution& own) {
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

absl::StatusOr<StepResult> MpiAllReduce::Finish(const Contribution& own) {
  CONVOY_RETURN_IF_ERROR(Send(0));
  CONVOY_ASSIGN_OR_RETURN(const StepResult result, SumScalars(own));
  for (const auto& sum : pending_) CONVOY_RETURN_IF_ERROR(sum->Wait());
  return result;
}

}  // namespace convoy::step
