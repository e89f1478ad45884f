#include "client/sweep/results.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TrialResult Result(const std::string& rate, uint64_t seed, double validation, double test) {
  TrialResult result;
  result.trial.settings = {{"learning_rate", rate}};
  result.trial.seed = seed;
  result.trial.name = rate + "-" + std::to_string(seed);
  result.directory = "sweeps/" + result.trial.name;
  result.job.set_name("jobs/" + result.trial.name);
  result.job.set_state(v1::Job::SUCCEEDED);
  for (const auto& [name, value] :
       {std::pair("val_accuracy", validation), {"test_accuracy", test}}) {
    v1::Metric* metric = result.job.add_metrics();
    metric->set_name(name);
    metric->set_value(value);
  }
  return result;
}

TEST(ResultsTest, SpreadIsThatOfASample) {
  const Spread spread = SpreadOf(std::vector<double>{1, 2, 3, 6});
  EXPECT_DOUBLE_EQ(spread.mean, 3);
  EXPECT_DOUBLE_EQ(*spread.deviation, std::sqrt((4.0 + 1 + 0 + 9) / 3));
  EXPECT_EQ(spread.least, 1);
  EXPECT_EQ(spread.greatest, 6);
  EXPECT_FALSE(SpreadOf(std::vector<double>{1}).deviation);
}

TEST(ResultsTest, BestIsJudgedByValidationNotByTheTest) {
  const std::vector<TrialResult> results = {Result("0.1", 1, 0.91, 0.99),
                                            Result("0.2", 1, 0.95, 0.90)};
  EXPECT_EQ(JudgedBy(results), "val_accuracy");
  EXPECT_EQ(Best(results)->trial.name, "0.2-1");
  EXPECT_THAT(ResultsText(results, 0), HasSubstr("Best by val_accuracy: sweeps/0.2-1"));
}

TEST(ResultsTest, GroupsAreMeansOverSeeds) {
  const std::vector<TrialResult> results = {
      Result("0.1", 1, 0.90, 0.8), Result("0.1", 2, 0.92, 0.8), Result("0.2", 1, 0.5, 0.4)};
  const auto json = ResultsJson(results, {});
  ASSERT_EQ(json["groups"].size(), 2u);
  EXPECT_NEAR(json["groups"][0]["val_accuracy"]["mean"].get<double>(), 0.91, 1e-12);
  EXPECT_EQ(json["groups"][0]["runs"], 2);
  EXPECT_TRUE(json["groups"][1]["val_accuracy"]["deviation"].is_null());
  EXPECT_THAT(ResultsText(results, 0), HasSubstr("91.00% +- 1.41 (90.00 to 92.00)"));
}

TEST(ResultsTest, FailedRunsAreCountedAndNotAveraged) {
  std::vector<TrialResult> results = {Result("0.1", 1, 0.90, 0.8), Result("0.1", 2, 0.2, 0.1)};
  results[1].job.set_state(v1::Job::FAILED);
  EXPECT_THAT(ResultsText(results, 0), HasSubstr("1 of 2"));
  EXPECT_NEAR(ResultsJson(results, {})["groups"][0]["val_accuracy"]["mean"].get<double>(), 0.9,
              1e-12);
  results[0].job.set_state(v1::Job::FAILED);
  EXPECT_EQ(Best(results), nullptr);
  EXPECT_THAT(ResultsText(results, 0), Not(HasSubstr("Best")));
  EXPECT_TRUE(ResultsJson(results, {})["best"].is_null());
}

void AddEpoch(double validation, TrialResult* result) {
  v1::Metric* metric = result->epochs.emplace_back().add_metrics();
  metric->set_name("val_accuracy");
  metric->set_value(validation);
}

// Combinations of two seeds each, whose first epoch's mean is `means`.
std::vector<TrialResult> AfterOneEpoch(const std::vector<double>& means) {
  std::vector<TrialResult> results;
  for (const double mean : means) {
    for (const int seed : {1, 2}) {
      results.push_back(Result(std::to_string(mean), static_cast<uint64_t>(seed), mean, mean));
      AddEpoch(mean + (seed == 1 ? 0.05 : -0.05), &results.back());
    }
  }
  return results;
}

TEST(HalveCombinationsTest, AllSeedsOfACombinationAreJudgedTogether) {
  std::vector<TrialResult> results = AfterOneEpoch({0.6, 0.9, 0.8});
  const Round round = HalveCombinations(1, &results);
  EXPECT_EQ(round.metric, "val_accuracy");
  EXPECT_EQ(round.combinations, 3);
  EXPECT_EQ(round.kept, 2);
  EXPECT_NEAR(round.least_kept, 0.8, 1e-12);
  for (size_t i = 0; i < results.size(); ++i) EXPECT_EQ(results[i].ending.has_value(), i < 2) << i;
  EXPECT_EQ(results[0].ending->place, 3);
  EXPECT_THAT(ResultsText(results, 0), HasSubstr("after epoch 1: 60.00%, place 3 of 3"));
  const auto json = ResultsJson(results, {round});
  EXPECT_EQ(json["runs"][0]["ended"]["epoch"], 1);
  EXPECT_TRUE(json["groups"][1]["ended"].is_null());
  EXPECT_EQ(json["halving"][0]["kept"], 2);
  // The next round is among those that went on; a training that stopped early counts as it ended.
  for (size_t i = 2; i < 4; ++i) AddEpoch(0.1, &results[i]);
  const Round next = HalveCombinations(2, &results);
  EXPECT_EQ(next.combinations, 2);
  EXPECT_TRUE(results[2].ending && !results[4].ending);
  EXPECT_EQ(Best(results), &results[4]);
}

TEST(HalveCombinationsTest, FailedOnesTakeNoPart) {
  std::vector<TrialResult> results = AfterOneEpoch({0.6, 0.9, 0.8});
  results[2].error = "out of memory";
  EXPECT_EQ(HalveCombinations(1, &results).combinations, 2);
  EXPECT_TRUE(results[0].ending && !results[2].ending && !results[4].ending);
}

TEST(HalveCombinationsTest, JudgesByTrainingWhereNobodyValidates) {
  std::vector<TrialResult> results = AfterOneEpoch({0.6, 0.9});
  for (TrialResult& result : results) result.epochs[0].mutable_metrics(0)->set_name("accuracy");
  EXPECT_EQ(HalveCombinations(1, &results).metric, "accuracy");
  EXPECT_TRUE(results[0].ending && !results[2].ending);
}

}  // namespace
}  // namespace convoy::client
