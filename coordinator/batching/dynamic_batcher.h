// Dynamic batching, as in Triton: the images of many callers wait in one queue, and a few threads
// take them from it in batches.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/base/steady_condition.h"
#include "common/base/stopwatch.h"
#include "common/evaluate/loaded_model.h"
#include "common/system/moment.h"
#include "coordinator/batching/model_counters.h"

namespace convoy::coordinator {

struct BatcherOptions {
  int threads = 1;  // that compute at a time
  // Whether a request of one batch at most that finds nothing waiting and fewer than `threads`
  // computing is computed within Submit, on its caller's thread: cheaper than waking another. Not
  // with a max_delay.
  bool callers_compute = true;
  // Images that one thread takes at once. Larger requests are cut, so that the threads share them.
  int max_batch_images = 16;
  // How long a batch that is not full waits for more images.
  absl::Duration max_delay = absl::ZeroDuration();
  // Images that may wait; what comes beyond is refused.
  int64_t max_queued_images = 4096;
  // Tells the time, as Moment::steady; for tests.
  std::function<absl::Duration()> now = Moment::SteadyNow;
};

// The probabilities of a request's images, and the time that it took.
struct BatchedAnswer {
  std::vector<float> probabilities;  // [num_images, num_classes]
  absl::Duration queued;             // until the first image was taken
  absl::Duration computed;           // from then on
};

struct BatchedRequest {
  std::shared_ptr<const evaluate::LoadedModel> model;
  std::vector<uint8_t> pixels;  // [num_images, height, width, channels], at least one image
  std::shared_ptr<ModelCounters> counters = nullptr;  // are told of the batches; may be null
  // Past it (as Moment::steady), or when `cancelled` (which may be empty) says so, images not yet
  // taken are dropped.
  absl::Duration deadline = absl::InfiniteDuration();
  std::function<bool()> cancelled;
  // Whether the caller's thread may compute it; see BatcherOptions::callers_compute.
  bool caller_may_compute = true;
};

// Thread-safe. An image gets the same bits whatever batch it is in.
class DynamicBatcher {
 public:
  // Called once for a request, on a thread of the batcher, or within Submit of this or another
  // caller; it must not wait.
  using Done = std::function<void(absl::StatusOr<BatchedAnswer>)>;

  explicit DynamicBatcher(const BatcherOptions& options);
  // Stops, and waits for what is being computed.
  ~DynamicBatcher();
  DynamicBatcher(const DynamicBatcher&) = delete;
  DynamicBatcher& operator=(const DynamicBatcher&) = delete;

  const BatcherOptions& options() const { return options_; }

  // Has a request computed and then calls `done`: with RESOURCE_EXHAUSTED if the queue is full,
  // INVALID_ARGUMENT if the request alone is more than the queue holds, DEADLINE_EXCEEDED or
  // CANCELLED if that was so before its last image was taken. REQUIRES: whole images.
  void Submit(BatchedRequest request, Done done);

  // As Submit, but waits for the answer.
  absl::StatusOr<BatchedAnswer> Predict(BatchedRequest request);

  // From now on requests get UNAVAILABLE, those that wait as well.
  void Stop();

  int64_t queued_images() const;

 private:
  struct Pending;
  struct Slice;
  class Predictors;

  void Serve();
  // Whether there is a batch that should wait no longer, and a thread may take it.
  bool MayTake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayComputeHere(const Pending& pending) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // How long to wait for MayTake, if nothing happens before.
  absl::Duration UntilBatchIsDue() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns predictors for one more that computes, which End takes back.
  std::unique_ptr<Predictors> Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(std::unique_ptr<Predictors> predictors);
  absl::Status Enqueue(std::shared_ptr<Pending> pending) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<Slice> TakeBatch(std::vector<std::shared_ptr<Pending>>* dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Returns why what is left of a request need not be computed; OK if it must be.
  absl::Status WhyDropped(const BatchedRequest& request) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Run(const std::vector<Slice>& batch, Predictors& predictors) const;

  const BatcherOptions options_;
  mutable absl::Mutex mutex_;
  SteadyCondition changed_;
  std::deque<std::shared_ptr<Pending>> queue_ ABSL_GUARDED_BY(mutex_);
  int64_t queued_images_ ABSL_GUARDED_BY(mutex_) = 0;
  int computing_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of those that do not compute now; as many as ever computed at a time.
  std::vector<std::unique_ptr<Predictors>> idle_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Counts a request that was answered just now.
void CountRequest(const Stopwatch& since_it_came, const absl::StatusOr<BatchedAnswer>& answer,
                  ModelCounters& counters);

}  // namespace convoy::coordinator
