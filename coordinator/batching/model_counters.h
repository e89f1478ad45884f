// What was predicted with a model since the coordinator's start.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace convoy::coordinator {

// How often something happened, and how long it took altogether.
struct Tally {
  int64_t count = 0;
  absl::Duration time;

  void Add(absl::Duration duration) {
    ++count;
    time += duration;
  }
};

// The upper ends of the intervals in which the durations of requests are counted, in seconds.
inline constexpr std::array<double, 10> kRequestSeconds = {0.001, 0.0025, 0.005, 0.01, 0.025,
                                                           0.05,  0.1,    0.25,  1,    10};

// Thread-safe.
class ModelCounters {
 public:
  struct Values {
    // Requests that succeeded, by their interval; the last are longer than all of them.
    std::array<int64_t, kRequestSeconds.size() + 1> by_seconds = {};
    absl::Time last_inference = absl::UnixEpoch();
    int64_t images = 0;
    int64_t batches = 0;
    Tally succeeded;  // requests, as their callers saw them
    Tally failed;
    Tally queued;                   // requests that were computed: waiting ...
    Tally computed;                 // ... and from then on
    std::map<int, Tally> by_batch;  // passes, by their number of images
  };

  void AddBatch(int images, absl::Duration computed) {
    const absl::MutexLock lock(&mutex_);
    values_.images += images;
    ++values_.batches;
    values_.by_batch[images].Add(computed);
  }

  void AddSuccess(absl::Time now, absl::Duration total, absl::Duration queued,
                  absl::Duration computed) {
    const absl::MutexLock lock(&mutex_);
    values_.last_inference = now;
    values_.succeeded.Add(total);
    const auto* interval = std::lower_bound(kRequestSeconds.begin(), kRequestSeconds.end(),
                                            absl::ToDoubleSeconds(total));
    ++values_.by_seconds[static_cast<size_t>(interval - kRequestSeconds.begin())];
    values_.queued.Add(queued);
    values_.computed.Add(computed);
  }

  void AddFailure(absl::Duration total) {
    const absl::MutexLock lock(&mutex_);
    values_.failed.Add(total);
  }

  Values values() const {
    const absl::MutexLock lock(&mutex_);
    return values_;
  }

 private:
  mutable absl::Mutex mutex_;
  Values values_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace convoy::coordinator
