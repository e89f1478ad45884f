// --reduce mpi: gradients are summed by MPI_Iallreduce in buckets, while the backward pass goes on.
// For fabrics whose MPI reduces in hardware. The library chooses the order of additions, so the
// same bits come out only at the same world size.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"
#include "worker/step/contribution.h"

namespace convoy::step {

// A bucket is sent as soon as it has this many bytes: large enough to use the network well, small
// enough that the first ones are on their way while the backward pass still works.
inline constexpr int64_t kBucketBytes = int64_t{256} * 1024;

// Thread-compatible. A step is: Start, AddReady for parts of the gradient as they are complete,
// from the last parameters to the first, then Finish.
class MpiAllReduce {
 public:
  // `communicator` must outlive this.
  MpiAllReduce(comm::Communicator& communicator, int64_t num_parameters);

  // Begins a step whose sums over this rank's images will stand in `gradient` [num_parameters].
  void Start(float* gradient);

  // Says that the gradient is complete from `begin` on. Starts sending what makes up a bucket, and
  // lets what is under way go on. COLLECTIVE: all ranks call it with the same values.
  absl::Status AddReady(int64_t begin);

  // COLLECTIVE. Waits for all sums, which then stand in the gradient, and adds up the scalars.
  // `own` has this rank's one loss, or none.
  absl::StatusOr<StepResult> Finish(const Contribution& own);

 private:
  absl::Status Send(int64_t begin);
  absl::StatusOr<StepResult> SumScalars(const Contribution& own);

  comm::Communicator& communicator_;
  int64_t num_parameters_;
  float* gradient_ = nullptr;
  int64_t sent_from_ = 0;  // the gradient is under way from here on
  std::vector<std::unique_ptr<comm::PendingSum>> pending_;
};

}  // namespace convoy::step
