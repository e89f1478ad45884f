#include "coordinator/evaluation/evaluation_cache.h"

#include <gtest/gtest.h>

namespace convoy::coordinator {
namespace {

EvaluationCache::Pointer OfImages(size_t images) {
  evaluate::DetailedEvaluation evaluation;
  evaluation.predicted.resize(images);
  return std::make_shared<const evaluate::DetailedEvaluation>(std::move(evaluation));
}

TEST(EvaluationCacheTest, KeysDifferByEachPart) {
  EvaluationCache cache(1 << 20);
  const EvaluationKey key{"model", "", "data", 1, 0.25, 42};
  const auto evaluation = OfImages(10);
  cache.Put(key, evaluation);
  EXPECT_EQ(cache.Find(key), evaluation);
  for (const auto& change : {+[](EvaluationKey& other) { other.model_sha256 = "other"; },
                             +[](EvaluationKey& other) { other.data_set = "generated"; },
                             +[](EvaluationKey& other) { other.data_sha256 = "other"; },
                             +[](EvaluationKey& other) { other.split = 2; },
                             +[](EvaluationKey& other) { other.noise_level = 0.5; },
                             +[](EvaluationKey& other) { other.noise_seed = 43; }}) {
    EvaluationKey other = key;
    change(other);
    EXPECT_EQ(cache.Find(other), nullptr);
  }
}

TEST(EvaluationCacheTest, DropsTheOneNotAskedForTheLongest) {
  EvaluationCache cache(100'000);
  for (const char* model : {"a", "b"}) cache.Put({.model_sha256 = model}, OfImages(20'000));
  EXPECT_NE(cache.Find({.model_sha256 = "a"}), nullptr);
  cache.Put({.model_sha256 = "c"}, OfImages(20'000));
  EXPECT_NE(cache.Find({.model_sha256 = "a"}), nullptr);
  EXPECT_EQ(cache.Find({.model_sha256 = "b"}), nullptr);
  EXPECT_NE(cache.Find({.model_sha256 = "c"}), nullptr);
}

TEST(EvaluationCacheTest, OneThatIsTooLargePushesNothingOut) {
  EvaluationCache cache(100'000);
  cache.Put({.model_sha256 = "a"}, OfImages(1000));
  cache.Put({.model_sha256 = "b"}, OfImages(100'000));
  EXPECT_NE(cache.Find({.model_sha256 = "a"}), nullptr);
  EXPECT_EQ(cache.Find({.model_sha256 = "b"}), nullptr);
}

TEST(EvaluationCacheTest, WhatWasDroppedIsStillThereForWhoHasIt) {
  EvaluationCache cache(10'000);
  cache.Put({.model_sha256 = "a"}, OfImages(4000));
  const auto held = cache.Find({.model_sha256 = "a"});
  cache.Put({.model_sha256 = "b"}, OfImages(4000));
  EXPECT_EQ(cache.Find({.model_sha256 = "a"}), nullptr);
  EXPECT_EQ(held->predicted.size(), 4000U);
}

}  // namespace
}  // namespace convoy::coordinator
