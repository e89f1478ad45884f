// A request waits as one entry of the queue (`Pending`). A thread that is free takes a batch:
// images of the first request's model, from as many requests as it needs, cut where they are too
// many (`Slice`). It runs one forward pass for all of them and hands each its part of the result.
// The lock guards the queue alone; passes run without it.
#include "coordinator/batching/dynamic_batcher.h"

#include <algorithm>
#include <atomic>
#include <list>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/base/check.h"

namespace convoy::coordinator {
namespace {

// Models that each of those who compute keeps the memory of passes for.
constexpr size_t kPredictors = 4;

int64_t ImageBytes(const evaluate::LoadedModel& model) { return model.network().input_elems(); }

}  // namespace

// A request under way. What changes is guarded by the batcher's mutex, but for `answer`, of which
// each slice has its own part, and `left`.
struct DynamicBatcher::Pending {
  Pending(BatchedRequest asked, Done when_done, int images, absl::Duration now)
      : request(std::move(asked)),
        done(std::move(when_done)),
        num_images(images),
        submitted(now),
        left(images) {
    const int classes = request.model->network().num_classes();
    answer.probabilities.resize(static_cast<size_t>(images) * static_cast<size_t>(classes));
  }

  const BatchedRequest request;
  const Done done;
  const int num_images;
  const absl::Duration submitted;  // this and `begun` as Moment::steady

  int taken = 0;         // images taken from the queue so far
  absl::Duration begun;  // when the first was taken
  absl::Status refused;  // why those not taken were dropped
  BatchedAnswer answer;

  std::atomic<int> left;  // images neither computed nor dropped

  // Counts images as done `now` and calls `done` after the last.
  void Finish(int images, absl::Duration now) {
    if (left.fetch_sub(images) != images) return;
    if (!refused.ok()) return done(refused);
    answer.queued = begun - submitted;
    answer.computed = now - begun;
    done(std::move(answer));
  }
};

// Images of one request that go into a batch.
struct DynamicBatcher::Slice {
  std::shared_ptr<Pending> pending;
  int first = 0;
  int count = 0;
};

// The predictors of one that computes, the last used first.
class DynamicBatcher::Predictors {
 public:
  evaluate::Predictor& For(const std::shared_ptr<const evaluate::LoadedModel>& model) {
    const auto found =
        std::find_if(predictors_.begin(), predictors_.end(),
                     [&](const evaluate::Predictor& p) { return &p.model() == model.get(); });
    if (found != predictors_.end()) {
      predictors_.splice(predictors_.begin(), predictors_, found);
    } else {
      if (predictors_.size() == kPredictors) predictors_.pop_back();
      predictors_.emplace_front(model);
    }
    return predictors_.front();
  }

 private:
  std::list<evaluate::Predictor> predictors_;
};

DynamicBatcher::DynamicBatcher(const BatcherOptions& options) : options_(options) {
  CONVOY_CHECK(options.threads >= 1 && options.max_batch_images >= 1);
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Serve(); });
}

DynamicBatcher::~DynamicBatcher() {
  Stop();
  for (std::thread& thread : threads_) thread.join();
}

void DynamicBatcher::Stop() {
  const absl::MutexLock lock(&mutex_);
  stopping_ = true;
  changed_.SignalAll();
}

int64_t DynamicBatcher::queued_images() const {
  const absl::MutexLock lock(&mutex_);
  return queued_images_;
}

void DynamicBatcher::Submit(BatchedRequest request, Done done) {
  const int64_t bytes = ImageBytes(*request.model);
  CONVOY_CHECK(!request.pixels.empty());
  CONVOY_CHECK_EQ(static_cast<int64_t>(request.pixels.size()) % bytes, 0);
  const int64_t images = static_cast<int64_t>(request.pixels.size()) / bytes;
  if (images > options_.max_queued_images) {
    return done(absl::InvalidArgumentError(
        absl::StrCat(images, " images in one request; send at most ", options_.max_queued_images)));
  }
  const auto pending = std::make_shared<Pending>(std::move(request), std::move(done),
                                                 static_cast<int>(images), options_.now());
  absl::Status refused;
  std::unique_ptr<Predictors> predictors;
  {
    const absl::MutexLock lock(&mutex_);
    refused = WhyDropped(pending->request);
    if (refused.ok() && MayComputeHere(*pending)) {
      predictors = Begin();
      pending->taken = pending->num_images;
      pending->begun = pending->submitted;
    } else if (refused.ok()) {
      refused = Enqueue(pending);
    }
  }
  if (!refused.ok()) return pending->done(refused);
  if (predictors == nullptr) return;
  Run({{.pending = pending, .first = 0, .count = pending->num_images}}, *predictors);
  End(std::move(predictors));
}

absl::Status DynamicBatcher::Enqueue(std::shared_ptr<Pending> pending) {
  const int images = pending->num_images;
  if (queued_images_ + images > options_.max_queued_images) {
    return absl::ResourceExhaustedError(
        absl::StrCat(queued_images_, " images are waiting already, at most ",
                     options_.max_queued_images, " may; ask again in a moment"));
  }
  queued_images_ += images;
  queue_.push_back(std::move(pending));
  // More threads than one can share a large request.
  images > options_.max_batch_images ? changed_.SignalAll() : changed_.Signal();
  return absl::OkStatus();
}

absl::StatusOr<BatchedAnswer> DynamicBatcher::Predict(BatchedRequest request) {
  absl::Notification finished;
  absl::StatusOr<BatchedAnswer> result;
  Submit(std::move(request), [&](absl::StatusOr<BatchedAnswer> answer) {
    result = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

bool DynamicBatcher::MayComputeHere(const Pending& pending) const {
  return options_.callers_compute && pending.request.caller_may_compute &&
         options_.max_delay <= absl::ZeroDuration() && queue_.empty() &&
         computing_ < options_.threads && pending.num_images <= options_.max_batch_images;
}

std::unique_ptr<DynamicBatcher::Predictors> DynamicBatcher::Begin() {
  ++computing_;
  if (idle_.empty()) return std::make_unique<Predictors>();
  std::unique_ptr<Predictors> predictors = std::move(idle_.back());
  idle_.pop_back();
  return predictors;
}

void DynamicBatcher::End(std::unique_ptr<Predictors> predictors) {
  const absl::MutexLock lock(&mutex_);
  --computing_;
  idle_.push_back(std::move(predictors));
  if (!queue_.empty()) changed_.Signal();
}

bool DynamicBatcher::MayTake() const {
  if (queue_.empty()) return false;
  if (stopping_) return true;
  return computing_ < options_.threads &&
         (queued_images_ >= options_.max_batch_images || UntilBatchIsDue() <= absl::ZeroDuration());
}

absl::Duration DynamicBatcher::UntilBatchIsDue() const {
  if (queue_.empty() || computing_ >= options_.threads) return absl::InfiniteDuration();
  return queue_.front()->submitted + options_.max_delay - options_.now();
}

void DynamicBatcher::Serve() {
  for (;;) {
    std::vector<std::shared_ptr<Pending>> dropped;
    std::vector<Slice> batch;
    std::unique_ptr<Predictors> predictors;
    {
      const absl::MutexLock lock(&mutex_);
      while (!MayTake() && !stopping_) changed_.WaitFor(&mutex_, UntilBatchIsDue());
      if (queue_.empty()) return;
      batch = TakeBatch(&dropped);
      if (!batch.empty()) predictors = Begin();
      // What is left is for another thread: its signal may have woken this one.
      if (!queue_.empty()) changed_.Signal();
    }
    for (const std::shared_ptr<Pending>& pending : dropped) {
      pending->Finish(pending->num_images - pending->taken, options_.now());
    }
    if (predictors == nullptr) continue;
    Run(batch, *predictors);
    End(std::move(predictors));
  }
}

absl::Status DynamicBatcher::WhyDropped(const BatchedRequest& request) const {
  if (stopping_) {
    return absl::UnavailableError("the coordinator is stopping; ask again in a moment");
  }
  if (options_.now() >= request.deadline) {
    return absl::DeadlineExceededError("the deadline passed before the images' turn came");
  }
  if (request.cancelled && request.cancelled()) return absl::CancelledError("the caller has gone");
  return absl::OkStatus();
}

// Takes images of the first request's model, in the queue's order. Requests for other models keep
// their places.
std::vector<DynamicBatcher::Slice> DynamicBatcher::TakeBatch(
    std::vector<std::shared_ptr<Pending>>* dropped) {
  std::vector<Slice> batch;
  int room = options_.max_batch_images;
  for (auto it = queue_.begin(); it != queue_.end() && room > 0;) {
    const std::shared_ptr<Pending>& pending = *it;
    if (!batch.empty() && pending->request.model != batch.front().pending->request.model) {
      ++it;
      continue;
    }
    const int waiting = pending->num_images - pending->taken;
    pending->refused = WhyDropped(pending->request);
    if (!pending->refused.ok()) {
      queued_images_ -= waiting;
      dropped->push_back(pending);
      it = queue_.erase(it);
      continue;
    }
    const int count = std::min(room, waiting);
    if (pending->taken == 0) pending->begun = options_.now();
    batch.push_back({.pending = pending, .first = pending->taken, .count = count});
    pending->taken += count;
    room -= count;
    queued_images_ -= count;
    it = count == waiting ? queue_.erase(it) : it + 1;
  }
  return batch;
}

void DynamicBatcher::Run(const std::vector<Slice>& batch, Predictors& predictors) const {
  evaluate::Predictor& predictor = predictors.For(batch.front().pending->request.model);
  const int64_t bytes = ImageBytes(predictor.model());
  const int classes = predictor.model().network().num_classes();
  std::vector<const uint8_t*> pixels;
  for (const Slice& slice : batch) {
    for (int i = 0; i < slice.count; ++i) {
      pixels.push_back(slice.pending->request.pixels.data() + (slice.first + i) * bytes);
    }
  }
  const auto images = static_cast<int>(pixels.size());
  std::vector<float> probabilities(pixels.size() * static_cast<size_t>(classes));
  const absl::Duration begun = options_.now();
  predictor.Predict(pixels.data(), images, probabilities.data());
  const auto& counters = batch.front().pending->request.counters;
  if (counters != nullptr) counters->AddBatch(images, options_.now() - begun);
  const float* next = probabilities.data();
  for (const Slice& slice : batch) {
    const int64_t count = int64_t{slice.count} * classes;
    std::copy(next, next + count,
              slice.pending->answer.probabilities.begin() + int64_t{slice.first} * classes);
    next += count;
    slice.pending->Finish(slice.count, options_.now());
  }
}

void CountRequest(const Stopwatch& since_it_came, const absl::StatusOr<BatchedAnswer>& answer,
                  ModelCounters& counters) {
  const absl::Duration taken = absl::Seconds(since_it_came.Elapsed());
  if (answer.ok()) {
    counters.AddSuccess(absl::Now(), taken, answer->queued, answer->computed);
  } else {
    counters.AddFailure(taken);
  }
}

}  // namespace convoy::coordinator
