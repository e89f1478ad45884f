#include "coordinator/batching/model_cache.h"

#include <gtest/gtest.h>

#include <thread>

#include "common/evaluate/evaluate_testing.h"
#include "coordinator/batching/model_source_testing.h"

namespace convoy::coordinator {
namespace {

std::string ModelBytes(uint64_t seed = 3) {
  return formats::EncodeModel(evaluate::UntrainedModelFile("lenet5", seed)).value();
}

class ModelCacheTest : public ::testing::Test {
 protected:
  FakeModelSource source_;
};

TEST_F(ModelCacheTest, LoadsAModelOnce) {
  source_.Put("a", "1", ModelBytes());
  ModelCache cache(source_, {});
  std::vector<std::thread> callers;
  for (int i = 0; i < 6; ++i) {
    callers.emplace_back([&] { EXPECT_EQ(cache.Get("a").value()->facts.version(), "1"); });
  }
  for (std::thread& caller : callers) caller.join();
  EXPECT_EQ(source_.reads(), 1);
}

TEST_F(ModelCacheTest, ServesTheNewVersionOnceTheOldIsTooOld) {
  source_.Put("a", "1", ModelBytes(1));
  ModelCache cache(source_, {.max_age = absl::ZeroDuration()});
  const auto old = cache.Get("a").value();
  source_.Put("a", "2", ModelBytes(2));
  const auto current = cache.Get("a").value();
  EXPECT_EQ(current->facts.version(), "2");
  EXPECT_NE(current->model, old->model);
  EXPECT_EQ(cache.Get("a").value(), current);
  EXPECT_EQ(source_.reads(), 2);
}

TEST_F(ModelCacheTest, TheSameBytesUnderANewVersionAreNotLoadedAgain) {
  source_.Put("a", "1", ModelBytes());
  ModelCache cache(source_, {.max_age = absl::ZeroDuration()});
  const auto old = cache.Get("a").value();
  source_.Put("a", "2", ModelBytes());
  EXPECT_EQ(cache.Get("a").value()->facts.version(), "2");
  EXPECT_EQ(cache.Get("a").value()->model, old->model);
  EXPECT_EQ(source_.reads(), 1);
}

TEST_F(ModelCacheTest, DropsTheModelNotAskedForTheLongest) {
  for (const char* id : {"a", "b", "c"}) source_.Put(id, "1", ModelBytes());
  const int64_t bytes = ModelCache(source_, {}).Get("a").value()->bytes();
  ModelCache cache(source_, {.max_bytes = 2 * bytes, .max_age = absl::InfiniteDuration()});
  for (const char* id : {"a", "b", "a", "c"}) ASSERT_TRUE(cache.Get(id).ok());
  ASSERT_EQ(cache.Loaded().size(), 2u);
  EXPECT_EQ(cache.Loaded()[0]->id, "a");
  EXPECT_EQ(cache.Loaded()[1]->id, "c");
}

TEST_F(ModelCacheTest, BytesAreThoseOfTheWeightsAtLeast) {
  source_.Put("a", "1", ModelBytes());
  const auto served = ModelCache(source_, {}).Get("a").value();
  EXPECT_GE(served->bytes(), 4 * served->model->network().num_parameters());
  EXPECT_GE(served->bytes(), static_cast<int64_t>(ModelBytes().size()));
}

TEST_F(ModelCacheTest, AllVersionsOfAJobStay) {
  for (int i = 0; i < 17; ++i) source_.Put(std::to_string(i), "1", ModelBytes());
  ModelCache cache(source_, {.max_age = absl::InfiniteDuration()});
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 17; ++i) ASSERT_TRUE(cache.Get(std::to_string(i)).ok());
  }
  EXPECT_EQ(source_.reads(), 17);
}

TEST_F(ModelCacheTest, AModelThatIsLargerThanAllThatIsKeptIsServed) {
  for (const char* id : {"a", "b"}) source_.Put(id, "1", ModelBytes());
  ModelCache cache(source_, {.max_bytes = 1, .max_age = absl::InfiniteDuration()});
  for (const char* id : {"a", "b", "b"}) ASSERT_TRUE(cache.Get(id).ok());
  ASSERT_EQ(cache.Loaded().size(), 1u);
  EXPECT_EQ(cache.Loaded()[0]->id, "b");
  EXPECT_EQ(source_.reads(), 2);
}

TEST_F(ModelCacheTest, FreshModelsAreFoundWithoutTheSource) {
  source_.Put("a", "1", ModelBytes());
  ModelCache cache(source_, {.max_age = absl::InfiniteDuration()});
  EXPECT_EQ(cache.GetFresh("a"), nullptr);
  EXPECT_EQ(source_.reads(), 0);
  const auto loaded = cache.Get("a").value();
  EXPECT_EQ(cache.GetFresh("a"), loaded);
  ModelCache strict(source_, {.max_age = absl::ZeroDuration()});
  ASSERT_TRUE(strict.Get("a").ok());
  EXPECT_EQ(strict.GetFresh("a"), nullptr);
}

TEST_F(ModelCacheTest, ErrorsAreNotKept) {
  ModelCache cache(source_, {});
  EXPECT_EQ(cache.Get("a").status().code(), absl::StatusCode::kNotFound);
  source_.Put("a", "1", ModelBytes().substr(0, 1000));
  EXPECT_EQ(cache.Get("a").status().code(), absl::StatusCode::kDataLoss);
  source_.Put("a", "1", ModelBytes());
  EXPECT_TRUE(cache.Get("a").ok());
}

TEST_F(ModelCacheTest, UnknownModelsPushNothingOut) {
  source_.Put("a", "1", ModelBytes());
  ModelCache cache(source_, {.max_bytes = 1, .max_age = absl::InfiniteDuration()});
  ASSERT_TRUE(cache.Get("a").ok());
  EXPECT_FALSE(cache.Get("b").ok());
  EXPECT_EQ(cache.Loaded().size(), 1u);
}

TEST_F(ModelCacheTest, RemovedModelsAreGone) {
  source_.Put("a", "1", ModelBytes());
  ModelCache cache(source_, {.max_age = absl::ZeroDuration()});
  ASSERT_TRUE(cache.Get("a").ok());
  source_.Remove("a");
  EXPECT_EQ(cache.Get("a").status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(cache.Loaded().empty());
}

}  // namespace
}  // namespace convoy::coordinator
