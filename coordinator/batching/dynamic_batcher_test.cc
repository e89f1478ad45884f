#include "coordinator/batching/dynamic_batcher.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "common/evaluate/evaluate_testing.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr int kImages = 70;
constexpr int kImageBytes = 784;
constexpr int kClasses = 10;

class DynamicBatcherTest : public ::testing::Test {
 protected:
  DynamicBatcherTest() {
    std::vector<const uint8_t*> pixels;
    for (int i = 0; i < kImages; ++i) pixels.push_back(data_.View().image(i));
    expected_.resize(kImages * kClasses);
    evaluate::Predictor predictor(model_);
    // One by one: what each image gets alone.
    for (int i = 0; i < kImages; ++i) {
      predictor.Predict(&pixels[static_cast<size_t>(i)], 1, expected_.data() + i * kClasses);
    }
  }

  BatchedRequest Request(int first, int count) const {
    const auto begin = data_.pixels.begin() + first * kImageBytes;
    return {.model = model_, .pixels = {begin, begin + count * kImageBytes}};
  }

  std::vector<float> Expected(int first, int count) const {
    const auto begin = expected_.begin() + first * kClasses;
    return {begin, begin + count * kClasses};
  }

  // Keeps the batcher's only thread busy until Release.
  void Block(DynamicBatcher& batcher) {
    batcher.Submit(Request(0, 1), [this](const absl::StatusOr<BatchedAnswer>&) {
      blocked_.Notify();
      release_.WaitForNotification();
    });
    blocked_.WaitForNotification();
  }
  void Release() { release_.Notify(); }

  std::shared_ptr<const evaluate::LoadedModel> model_ = evaluate::UntrainedModel();
  data::Dataset data_ = evaluate::NoiseDataset(kImages);
  std::vector<float> expected_;
  absl::Notification blocked_;
  absl::Notification release_;
};

TEST_F(DynamicBatcherTest, AnImageGetsTheSameBitsInAnyBatch) {
  for (const auto& [threads, callers_compute] : {std::pair{1, false}, {3, false}, {3, true}}) {
    for (const int max_batch : {1, 2, 7, 16, 64}) {
      DynamicBatcher batcher(
          {.threads = threads, .callers_compute = callers_compute, .max_batch_images = max_batch});
      for (const int count : {1, 2, 15, 16, 17, kImages}) {
        const auto answer = batcher.Predict(Request(kImages - count, count));
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(answer->probabilities, Expected(kImages - count, count))
            << threads << " threads, batches of " << max_batch << ", " << count << " images";
      }
    }
  }
}

TEST_F(DynamicBatcherTest, ManyCallersGetEachTheirOwn) {
  DynamicBatcher batcher({.threads = 2, .max_batch_images = 16});
  const auto counters = std::make_shared<ModelCounters>();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 40; ++i) {
        const int count = 1 + (caller + i) % 5;
        const int first = (17 * caller + 3 * i) % (kImages - count);
        BatchedRequest request = Request(first, count);
        request.counters = counters;
        const auto answer = batcher.Predict(std::move(request));
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->probabilities, Expected(first, count));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(batcher.queued_images(), 0);
  EXPECT_EQ(counters->values().images, 8 * 40 * 3);
}

TEST_F(DynamicBatcherTest, RequestsThatWaitShareBatches) {
  DynamicBatcher batcher({.threads = 1, .callers_compute = false, .max_batch_images = 16});
  const auto counters = std::make_shared<ModelCounters>();
  Block(batcher);
  absl::BlockingCounter finished(20);
  for (int i = 0; i < 20; ++i) {
    BatchedRequest request = Request(i, 3);
    request.counters = counters;
    batcher.Submit(std::move(request), [&, i](const absl::StatusOr<BatchedAnswer>& answer) {
      EXPECT_EQ(answer.value().probabilities, Expected(i, 3));
      finished.DecrementCount();
    });
  }
  Release();
  finished.Wait();
  EXPECT_EQ(counters->values().batches, 4);  // of 16, 16, 16 and 12 images
}

TEST_F(DynamicBatcherTest, RequestsForSeveralModelsDoNotMix) {
  const auto other = evaluate::UntrainedModel("lenet5");
  std::vector<float> expected(kClasses);
  const uint8_t* pixels = data_.pixels.data();
  evaluate::Predictor(other).Predict(&pixels, 1, expected.data());
  DynamicBatcher batcher({.threads = 1, .callers_compute = false});
  Block(batcher);
  absl::BlockingCounter finished(20);
  for (int i = 0; i < 20; ++i) {
    BatchedRequest request = Request(0, 1);
    if (i % 2 == 1) request.model = other;
    batcher.Submit(std::move(request), [&, i](const absl::StatusOr<BatchedAnswer>& answer) {
      EXPECT_EQ(answer.value().probabilities, i % 2 == 1 ? expected : Expected(0, 1));
      finished.DecrementCount();
    });
  }
  Release();
  finished.Wait();
}

TEST_F(DynamicBatcherTest, WaitsForMoreImagesButNotLongerThanAllowed) {
  std::atomic<int> millis{0};
  DynamicBatcher batcher(
      {.threads = 1, .max_batch_images = 4, .max_delay = absl::Milliseconds(10), .now = [&] {
         return absl::Milliseconds(millis.load());
       }});
  const auto full = batcher.Predict(Request(0, 4));
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->queued, absl::ZeroDuration());
  absl::Notification answered;
  absl::StatusOr<BatchedAnswer> late;
  batcher.Submit(Request(0, 1), [&](absl::StatusOr<BatchedAnswer> answer) {
    late = std::move(answer);
    answered.Notify();
  });
  millis = 9;
  // Enough for the batcher to look at its clock twice; it must find that nothing is due.
  EXPECT_FALSE(answered.WaitForNotificationWithTimeout(absl::Milliseconds(20)));
  millis = 10;
  answered.WaitForNotification();
  ASSERT_TRUE(late.ok());
  EXPECT_EQ(late->queued, absl::Milliseconds(10));
}

TEST_F(DynamicBatcherTest, RefusesWhatIsTooMuch) {
  DynamicBatcher batcher({.threads = 1, .callers_compute = false, .max_queued_images = 8});
  EXPECT_EQ(batcher.Predict(Request(0, 9)).status().code(), absl::StatusCode::kInvalidArgument);
  Block(batcher);
  absl::BlockingCounter finished(2);
  const auto succeed = [&](const absl::StatusOr<BatchedAnswer>& answer) {
    EXPECT_TRUE(answer.ok());
    finished.DecrementCount();
  };
  batcher.Submit(Request(0, 4), succeed);
  batcher.Submit(Request(4, 4), succeed);
  EXPECT_EQ(batcher.queued_images(), 8);
  const auto refused = batcher.Predict(Request(0, 1));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("8 images are waiting already"));
  Release();
  finished.Wait();
  EXPECT_TRUE(batcher.Predict(Request(0, 8)).ok());
}

TEST_F(DynamicBatcherTest, ACallerComputesWhatNobodyElseDoes) {
  DynamicBatcher batcher({.threads = 1});
  std::thread::id computed_by;
  batcher.Submit(Request(0, 2), [&](const absl::StatusOr<BatchedAnswer>& answer) {
    EXPECT_EQ(answer.value().probabilities, Expected(0, 2));
    computed_by = std::this_thread::get_id();
  });
  EXPECT_EQ(computed_by, std::this_thread::get_id());
  BatchedRequest late = Request(0, 1);
  late.deadline = Moment::SteadyNow() - absl::Seconds(1);
  EXPECT_EQ(batcher.Predict(std::move(late)).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(DynamicBatcherTest, CallersAndThreadsShareTheWork) {
  DynamicBatcher batcher({.threads = 2});
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 50; ++i) {
        const int count = i % 10 == 0 ? 40 : 1;
        const int first = (caller + i) % (kImages - count);
        const auto answer = batcher.Predict(Request(first, count));
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->probabilities, Expected(first, count));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(batcher.queued_images(), 0);
}

TEST_F(DynamicBatcherTest, DropsWhatNobodyWaitsForAnyLonger) {
  std::atomic<int> seconds{0};
  DynamicBatcher batcher({.threads = 1, .callers_compute = false, .now = [&] {
                            return absl::Seconds(seconds.load());
                          }});
  const auto counters = std::make_shared<ModelCounters>();
  Block(batcher);
  absl::BlockingCounter finished(3);
  std::vector<absl::Status> statuses(3);
  const auto submit = [&](size_t i, BatchedRequest request) {
    request.counters = counters;
    batcher.Submit(std::move(request), [&, i](const absl::StatusOr<BatchedAnswer>& answer) {
      statuses[i] = answer.status();
      finished.DecrementCount();
    });
  };
  submit(0, Request(0, 1));
  BatchedRequest late = Request(0, 2);
  late.deadline = absl::Seconds(1);
  submit(1, std::move(late));
  BatchedRequest abandoned = Request(0, 2);
  abandoned.cancelled = [] { return true; };
  submit(2, std::move(abandoned));
  seconds = 1;
  Release();
  finished.Wait();
  EXPECT_TRUE(statuses[0].ok());
  EXPECT_EQ(statuses[1].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(statuses[2].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(counters->values().images, 1);
}

TEST_F(DynamicBatcherTest, StoppingAnswersThoseWhoWait) {
  DynamicBatcher batcher({.threads = 1, .callers_compute = false});
  Block(batcher);
  absl::Notification answered;
  absl::Status waiting;
  batcher.Submit(Request(0, 3), [&](const absl::StatusOr<BatchedAnswer>& answer) {
    waiting = answer.status();
    answered.Notify();
  });
  batcher.Stop();
  Release();
  answered.WaitForNotification();
  EXPECT_EQ(waiting.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(batcher.Predict(Request(0, 1)).status().code(), absl::StatusCode::kUnavailable);
}

TEST_F(DynamicBatcherTest, ACallerThatMayNotComputeDoesNot) {
  DynamicBatcher batcher({.threads = 1});
  BatchedRequest request = Request(0, 2);
  request.caller_may_compute = false;
  absl::Notification answered;
  batcher.Submit(std::move(request), [&, caller = std::this_thread::get_id()](
                                         const absl::StatusOr<BatchedAnswer>& answer) {
    EXPECT_TRUE(answer.ok());
    EXPECT_NE(std::this_thread::get_id(), caller);
    answered.Notify();
  });
  answered.WaitForNotification();
}

}  // namespace
}  // namespace convoy::coordinator
