// Predictions for many callers at once: their images wait in one queue, and a few threads take them
// from it in batches.
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
#include "common/evaluate/loaded_model.h"
#include "coordinator/batching/model_counters.h"

namespace convoy::coordinator {

struct EngineOptions {
  int threads = 1;  // that compute at a time
  // Whether a request that finds nothing waiting and fewer than `threads` computing is computed by
  // its caller at once: cheaper than waking a thread. Not with a max_delay.
  bool callers_compute = true;
  // Images that one thread takes at once. Larger requests are cut, so that the threads share them.
  int max_batch_images = 16;
  // How long a batch that is not full waits for more images.
  absl::Duration max_delay = absl::ZeroDuration();
  // Images that may wait; what comes beyond is refused.
  int64_t max_queued_images = 4096;
};

// The probabilities of a request's images, and the time that it took.
struct EngineAnswer {
  std::vector<float> probabilities;  // [num_images, num_classes]
  absl::Duration queued;             // until the first image was taken
  absl::Duration computed;           // from then on
};

struct EngineRequest {
  std::shared_ptr<const evaluate::LoadedModel> model;
  std::vector<uint8_t> pixels;  // [num_images, height, width, channels], at least one image
  std::shared_ptr<ModelCounters> counters = nullptr;  // are told of the batches; may be null
  // Past it, or when `cancelled` (which may be empty) says so, images not yet taken are dropped.
  absl::Time deadline = absl::InfiniteFuture();
  std::function<bool()> cancelled;
};

// Thread-safe. An image gets the same bits whatever batch it rides in.
class Engine {
 public:
  // Called once for a request, on a thread of the engine, or within Submit of this or another
  // caller; it must not wait.
  using Done = std::function<void(absl::StatusOr<EngineAnswer>)>;

  explicit Engine(const EngineOptions& options);
  // Requests that wait get UNAVAILABLE.
  ~Engine();
  Engine(const Engine&) = delete;
  Engine& operator=(const Engine&) = delete;

  const EngineOptions& options() const { return options_; }

  // Has a request computed and then calls `done`: with RESOURCE_EXHAUSTED if the queue is full,
  // INVALID_ARGUMENT if the request alone is more than the queue holds, DEADLINE_EXCEEDED or
  // CANCELLED if that was so before its last image was taken. REQUIRES: whole images.
  void Submit(EngineRequest request, Done done);

  // As Submit, but waits for the answer.
  absl::StatusOr<EngineAnswer> Predict(EngineRequest request);

  int64_t queued_images() const;

 private:
  struct Job;
  struct Piece;
  class Predictors;

  void Serve();
  bool MayTake() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool MayComputeHere(const Job& job) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  absl::Time BatchDeadline() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::unique_ptr<Predictors> Begin() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void End(std::unique_ptr<Predictors> predictors);
  std::vector<Piece> TakeBatch(std::vector<std::shared_ptr<Job>>* dropped)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool Refuse(Job& job) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static void Run(const std::vector<Piece>& batch, Predictors& predictors);

  const EngineOptions options_;
  mutable absl::Mutex mutex_;
  absl::CondVar changed_;
  std::deque<std::shared_ptr<Job>> queue_ ABSL_GUARDED_BY(mutex_);
  int64_t queued_images_ ABSL_GUARDED_BY(mutex_) = 0;
  int computing_ ABSL_GUARDED_BY(mutex_) = 0;
  // Of those that do not compute now; as many as ever computed at a time.
  std::vector<std::unique_ptr<Predictors>> idle_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

// Counts a request that came at `begun` and was answered just now.
void CountRequest(absl::Time begun, const absl::StatusOr<EngineAnswer>& answer,
                  ModelCounters& counters);

}  // namespace convoy::coordinator
