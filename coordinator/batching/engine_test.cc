#include "coordinator/batching/engine.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "common/evaluate/evaluate_testing.h"

namespace convoy::coordinator {
namespace {

using ::testing::HasSubstr;

constexpr int kImages = 70;
constexpr int kImageBytes = 784;
constexpr int kClasses = 10;

class EngineTest : public ::testing::Test {
 protected:
  EngineTest() {
    std::vector<const uint8_t*> pixels;
    for (int i = 0; i < kImages; ++i) pixels.push_back(data_.View().image(i));
    expected_.resize(kImages * kClasses);
    evaluate::Predictor predictor(model_);
    // One by one: what each image gets alone.
    for (int i = 0; i < kImages; ++i) {
      predictor.Predict(&pixels[static_cast<size_t>(i)], 1, expected_.data() + i * kClasses);
    }
  }

  EngineRequest Request(int first, int count) const {
    const auto begin = data_.pixels.begin() + first * kImageBytes;
    return {.model = model_, .pixels = {begin, begin + count * kImageBytes}};
  }

  std::vector<float> Expected(int first, int count) const {
    const auto begin = expected_.begin() + first * kClasses;
    return {begin, begin + count * kClasses};
  }

  // Keeps the engine's only thread busy until Release.
  void Block(Engine& engine) {
    engine.Submit(Request(0, 1), [this](const absl::StatusOr<EngineAnswer>&) {
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

TEST_F(EngineTest, AnImageGetsTheSameBitsInAnyBatch) {
  for (const auto& [threads, callers_compute] : {std::pair{1, false}, {3, false}, {3, true}}) {
    for (const int max_batch : {1, 2, 7, 16, 64}) {
      Engine engine(
          {.threads = threads, .callers_compute = callers_compute, .max_batch_images = max_batch});
      for (const int count : {1, 2, 15, 16, 17, kImages}) {
        const auto answer = engine.Predict(Request(kImages - count, count));
        ASSERT_TRUE(answer.ok());
        EXPECT_EQ(answer->probabilities, Expected(kImages - count, count))
            << threads << " threads, batches of " << max_batch << ", " << count << " images";
      }
    }
  }
}

TEST_F(EngineTest, ManyCallersShareBatchesAndEachGetsItsOwn) {
  Engine engine({.threads = 2, .max_batch_images = 16, .max_delay = absl::Milliseconds(2)});
  const auto counters = std::make_shared<ModelCounters>();
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 40; ++i) {
        const int count = 1 + (caller + i) % 5;
        const int first = (17 * caller + 3 * i) % (kImages - count);
        EngineRequest request = Request(first, count);
        request.counters = counters;
        const auto answer = engine.Predict(std::move(request));
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->probabilities, Expected(first, count));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(engine.queued_images(), 0);
  const ModelCounters::Values values = counters->values();
  EXPECT_EQ(values.images, 8 * 40 * 3);
  EXPECT_LT(values.batches, 8 * 40);
}

TEST_F(EngineTest, RequestsForSeveralModelsDoNotMix) {
  const auto other = evaluate::UntrainedModel("lenet5");
  std::vector<float> expected(kClasses);
  const uint8_t* pixels = data_.pixels.data();
  evaluate::Predictor(other).Predict(&pixels, 1, expected.data());
  Engine engine({.threads = 1, .callers_compute = false});
  Block(engine);
  absl::BlockingCounter finished(20);
  for (int i = 0; i < 20; ++i) {
    EngineRequest request = Request(0, 1);
    if (i % 2 == 1) request.model = other;
    engine.Submit(std::move(request), [&, i](const absl::StatusOr<EngineAnswer>& answer) {
      EXPECT_EQ(answer.value().probabilities, i % 2 == 1 ? expected : Expected(0, 1));
      finished.DecrementCount();
    });
  }
  Release();
  finished.Wait();
}

TEST_F(EngineTest, WaitsForMoreImagesButNotLongerThanAllowed) {
  Engine engine({.threads = 1, .max_batch_images = 4, .max_delay = absl::Milliseconds(100)});
  const absl::Time begun = absl::Now();
  ASSERT_TRUE(engine.Predict(Request(0, 1)).ok());
  EXPECT_GE(absl::Now() - begun, absl::Milliseconds(99));
  const absl::Time full = absl::Now();
  ASSERT_TRUE(engine.Predict(Request(0, 4)).ok());
  EXPECT_LT(absl::Now() - full, absl::Milliseconds(99));
}

TEST_F(EngineTest, RefusesWhatIsTooMuch) {
  Engine engine({.threads = 1, .callers_compute = false, .max_queued_images = 8});
  EXPECT_EQ(engine.Predict(Request(0, 9)).status().code(), absl::StatusCode::kInvalidArgument);
  Block(engine);
  absl::BlockingCounter finished(2);
  const auto succeed = [&](const absl::StatusOr<EngineAnswer>& answer) {
    EXPECT_TRUE(answer.ok());
    finished.DecrementCount();
  };
  engine.Submit(Request(0, 4), succeed);
  engine.Submit(Request(4, 4), succeed);
  EXPECT_EQ(engine.queued_images(), 8);
  const auto refused = engine.Predict(Request(0, 1));
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(refused.status().message()), HasSubstr("8 images are waiting already"));
  Release();
  finished.Wait();
  EXPECT_TRUE(engine.Predict(Request(0, 8)).ok());
}

TEST_F(EngineTest, ACallerComputesWhatNobodyElseDoes) {
  Engine engine({.threads = 1});
  std::thread::id computed_by;
  engine.Submit(Request(0, 2), [&](const absl::StatusOr<EngineAnswer>& answer) {
    EXPECT_EQ(answer.value().probabilities, Expected(0, 2));
    computed_by = std::this_thread::get_id();
  });
  EXPECT_EQ(computed_by, std::this_thread::get_id());
  EngineRequest late = Request(0, 1);
  late.deadline = absl::Now() - absl::Seconds(1);
  EXPECT_EQ(engine.Predict(std::move(late)).status().code(), absl::StatusCode::kDeadlineExceeded);
}

TEST_F(EngineTest, CallersAndThreadsShareTheWork) {
  Engine engine({.threads = 2});
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller) {
    callers.emplace_back([&, caller] {
      for (int i = 0; i < 50; ++i) {
        const int count = i % 10 == 0 ? 40 : 1;
        const int first = (caller + i) % (kImages - count);
        const auto answer = engine.Predict(Request(first, count));
        ASSERT_TRUE(answer.ok());
        ASSERT_EQ(answer->probabilities, Expected(first, count));
      }
    });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(engine.queued_images(), 0);
}

TEST_F(EngineTest, DropsWhatNobodyWaitsForAnyLonger) {
  Engine engine({.threads = 1, .callers_compute = false});
  const auto counters = std::make_shared<ModelCounters>();
  Block(engine);
  absl::BlockingCounter finished(3);
  std::vector<absl::Status> statuses(3);
  const auto submit = [&](size_t i, EngineRequest request) {
    request.counters = counters;
    engine.Submit(std::move(request), [&, i](const absl::StatusOr<EngineAnswer>& answer) {
      statuses[i] = answer.status();
      finished.DecrementCount();
    });
  };
  submit(0, Request(0, 1));
  EngineRequest late = Request(0, 2);
  late.deadline = absl::Now() + absl::Milliseconds(1);
  submit(1, std::move(late));
  EngineRequest abandoned = Request(0, 2);
  abandoned.cancelled = [] { return true; };
  submit(2, std::move(abandoned));
  absl::SleepFor(absl::Milliseconds(5));
  Release();
  finished.Wait();
  EXPECT_TRUE(statuses[0].ok());
  EXPECT_EQ(statuses[1].code(), absl::StatusCode::kDeadlineExceeded);
  EXPECT_EQ(statuses[2].code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(counters->values().images, 1);
}

TEST_F(EngineTest, StoppingAnswersThoseWhoWait) {
  auto engine = std::make_unique<Engine>(EngineOptions{.threads = 1, .callers_compute = false});
  Block(*engine);
  absl::Status waiting;
  engine->Submit(Request(0, 3),
                 [&](const absl::StatusOr<EngineAnswer>& answer) { waiting = answer.status(); });
  std::thread release([this] {
    absl::SleepFor(absl::Milliseconds(20));
    Release();
  });
  engine.reset();
  release.join();
  EXPECT_EQ(waiting.code(), absl::StatusCode::kUnavailable);
}

}  // namespace
}  // namespace convoy::coordinator
