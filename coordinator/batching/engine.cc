#include "coordinator/batching/engine.h"

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

// A request under way. What changes is guarded by the engine's mutex, but for `answer`, of which
// each piece has its own part, and `left`.
struct Engine::Job {
  EngineRequest request;
  Done done;
  int num_images = 0;
  absl::Time submitted;

  int taken = 0;         // images taken from the queue so far
  absl::Time begun;      // when the first was taken
  absl::Status refused;  // why those not taken were dropped
  EngineAnswer answer;

  std::atomic<int> left{0};  // images neither computed nor dropped

  // Counts images as done and calls `done` after the last.
  void Finish(int images) {
    if (left.fetch_sub(images) != images) return;
    if (!refused.ok()) return done(refused);
    answer.queued = begun - submitted;
    answer.computed = absl::Now() - begun;
    done(std::move(answer));
  }
};

// Images of one job that go into a batch.
struct Engine::Piece {
  std::shared_ptr<Job> job;
  int first = 0;
  int count = 0;
};

// The predictors of one that computes, the last used first.
class Engine::Predictors {
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

Engine::Engine(const EngineOptions& options) : options_(options) {
  CONVOY_CHECK(options.threads >= 1 && options.max_batch_images >= 1);
  for (int i = 0; i < options.threads; ++i) threads_.emplace_back([this] { Serve(); });
}

Engine::~Engine() {
  {
    const absl::MutexLock lock(&mutex_);
    stopping_ = true;
    changed_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
}

int64_t Engine::queued_images() const {
  const absl::MutexLock lock(&mutex_);
  return queued_images_;
}

void Engine::Submit(EngineRequest request, Done done) {
  const int64_t bytes = ImageBytes(*request.model);
  CONVOY_CHECK(!request.pixels.empty());
  CONVOY_CHECK_EQ(static_cast<int64_t>(request.pixels.size()) % bytes, 0);
  const int64_t images = static_cast<int64_t>(request.pixels.size()) / bytes;
  if (images > options_.max_queued_images) {
    return done(absl::InvalidArgumentError(
        absl::StrCat(images, " images in one request; send at most ", options_.max_queued_images)));
  }
  auto job = std::make_shared<Job>();
  job->num_images = static_cast<int>(images);
  job->left = job->num_images;
  job->submitted = absl::Now();
  job->answer.probabilities.resize(
      static_cast<size_t>(images * request.model->network().num_classes()));
  job->request = std::move(request);
  job->done = std::move(done);
  absl::Status refused;
  std::unique_ptr<Predictors> predictors;
  {
    const absl::MutexLock lock(&mutex_);
    if (Refuse(*job)) {
      refused = job->refused;
    } else if (MayComputeHere(*job)) {
      predictors = Begin();
      job->taken = job->num_images;
      job->begun = job->submitted;
    } else if (queued_images_ + images > options_.max_queued_images) {
      refused = absl::ResourceExhaustedError(
          absl::StrCat(queued_images_, " images are waiting already, at most ",
                       options_.max_queued_images, " may; ask again in a moment"));
    } else {
      queued_images_ += images;
      queue_.push_back(job);
      // More threads than one can share a large request.
      images > options_.max_batch_images ? changed_.SignalAll() : changed_.Signal();
    }
  }
  if (!refused.ok()) return job->done(refused);
  if (predictors == nullptr) return;
  Run({{.job = job, .first = 0, .count = job->num_images}}, *predictors);
  End(std::move(predictors));
}

absl::StatusOr<EngineAnswer> Engine::Predict(EngineRequest request) {
  absl::Notification finished;
  absl::StatusOr<EngineAnswer> result;
  Submit(std::move(request), [&](absl::StatusOr<EngineAnswer> answer) {
    result = std::move(answer);
    finished.Notify();
  });
  finished.WaitForNotification();
  return result;
}

bool Engine::MayComputeHere(const Job& job) const {
  return options_.callers_compute && options_.max_delay <= absl::ZeroDuration() && queue_.empty() &&
         computing_ < options_.threads && job.num_images <= options_.max_batch_images;
}

// Returns predictors for one more that computes.
std::unique_ptr<Engine::Predictors> Engine::Begin() {
  ++computing_;
  if (idle_.empty()) return std::make_unique<Predictors>();
  std::unique_ptr<Predictors> predictors = std::move(idle_.back());
  idle_.pop_back();
  return predictors;
}

void Engine::End(std::unique_ptr<Predictors> predictors) {
  const absl::MutexLock lock(&mutex_);
  --computing_;
  idle_.push_back(std::move(predictors));
  if (!queue_.empty()) changed_.Signal();
}

// Whether there is a batch that should wait no longer, and a thread may take it.
bool Engine::MayTake() const {
  if (queue_.empty()) return false;
  if (stopping_) return true;
  return computing_ < options_.threads &&
         (queued_images_ >= options_.max_batch_images || absl::Now() >= BatchDeadline());
}

// When to look again, if nothing happens before.
absl::Time Engine::BatchDeadline() const {
  if (queue_.empty() || computing_ >= options_.threads) return absl::InfiniteFuture();
  return queue_.front()->submitted + options_.max_delay;
}

void Engine::Serve() {
  for (;;) {
    std::vector<std::shared_ptr<Job>> dropped;
    std::vector<Piece> batch;
    std::unique_ptr<Predictors> predictors;
    {
      const absl::MutexLock lock(&mutex_);
      while (!MayTake() && !stopping_) changed_.WaitWithDeadline(&mutex_, BatchDeadline());
      if (queue_.empty()) return;
      batch = TakeBatch(&dropped);
      if (!batch.empty()) predictors = Begin();
      // What is left is for another thread: its signal may have woken this one.
      if (!queue_.empty()) changed_.Signal();
    }
    for (const std::shared_ptr<Job>& job : dropped) job->Finish(job->num_images - job->taken);
    if (predictors == nullptr) continue;
    Run(batch, *predictors);
    End(std::move(predictors));
  }
}

// Whether what is left of a job need not be computed; then its `refused` says why.
bool Engine::Refuse(Job& job) const {
  if (stopping_) {
    job.refused = absl::UnavailableError("the coordinator is stopping; ask again in a moment");
  } else if (absl::Now() >= job.request.deadline) {
    job.refused = absl::DeadlineExceededError("the deadline passed before the images' turn came");
  } else if (job.request.cancelled && job.request.cancelled()) {
    job.refused = absl::CancelledError("the caller has gone");
  }
  return !job.refused.ok();
}

// Takes images of the first request's model, in the queue's order. Requests for other models keep
// their places.
std::vector<Engine::Piece> Engine::TakeBatch(std::vector<std::shared_ptr<Job>>* dropped) {
  std::vector<Piece> batch;
  int room = options_.max_batch_images;
  for (auto it = queue_.begin(); it != queue_.end() && room > 0;) {
    const std::shared_ptr<Job>& job = *it;
    if (!batch.empty() && job->request.model != batch.front().job->request.model) {
      ++it;
      continue;
    }
    const int waiting = job->num_images - job->taken;
    if (Refuse(*job)) {
      queued_images_ -= waiting;
      dropped->push_back(job);
      it = queue_.erase(it);
      continue;
    }
    const int count = std::min(room, waiting);
    if (job->taken == 0) job->begun = absl::Now();
    batch.push_back({.job = job, .first = job->taken, .count = count});
    job->taken += count;
    room -= count;
    queued_images_ -= count;
    it = count == waiting ? queue_.erase(it) : it + 1;
  }
  return batch;
}

void Engine::Run(const std::vector<Piece>& batch, Predictors& predictors) {
  evaluate::Predictor& predictor = predictors.For(batch.front().job->request.model);
  const int64_t bytes = ImageBytes(predictor.model());
  const int classes = predictor.model().network().num_classes();
  std::vector<const uint8_t*> pixels;
  for (const Piece& piece : batch) {
    for (int i = 0; i < piece.count; ++i) {
      pixels.push_back(piece.job->request.pixels.data() + (piece.first + i) * bytes);
    }
  }
  const auto images = static_cast<int>(pixels.size());
  std::vector<float> probabilities(pixels.size() * static_cast<size_t>(classes));
  const absl::Time begun = absl::Now();
  predictor.Predict(pixels.data(), images, probabilities.data());
  const auto& counters = batch.front().job->request.counters;
  if (counters != nullptr) counters->AddBatch(images, absl::Now() - begun);
  const float* next = probabilities.data();
  for (const Piece& piece : batch) {
    const int64_t count = int64_t{piece.count} * classes;
    std::copy(next, next + count,
              piece.job->answer.probabilities.begin() + int64_t{piece.first} * classes);
    next += count;
    piece.job->Finish(piece.count);
  }
}

void CountRequest(absl::Time begun, const absl::StatusOr<EngineAnswer>& answer,
                  ModelCounters& counters) {
  const absl::Time now = absl::Now();
  if (answer.ok()) {
    counters.AddSuccess(now, now - begun, answer->queued, answer->computed);
  } else {
    counters.AddFailure(now - begun);
  }
}

}  // namespace convoy::coordinator
