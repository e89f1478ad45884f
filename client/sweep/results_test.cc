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
  EXPECT_THAT(ResultsText(results), HasSubstr("Best by val_accuracy: sweeps/0.2-1"));
}

TEST(ResultsTest, GroupsAreMeansOverSeeds) {
  const std::vector<TrialResult> results = {
      Result("0.1", 1, 0.90, 0.8), Result("0.1", 2, 0.92, 0.8), Result("0.2", 1, 0.5, 0.4)};
  const auto json = ResultsJson(results);
  ASSERT_EQ(json["groups"].size(), 2u);
  EXPECT_NEAR(json["groups"][0]["val_accuracy"]["mean"].get<double>(), 0.91, 1e-12);
  EXPECT_EQ(json["groups"][0]["runs"], 2);
  EXPECT_TRUE(json["groups"][1]["val_accuracy"]["deviation"].is_null());
  EXPECT_THAT(ResultsText(results), HasSubstr("91.00% +- 1.41 (90.00 to 92.00)"));
}

TEST(ResultsTest, FailedRunsAreCountedAndNotAveraged) {
  std::vector<TrialResult> results = {Result("0.1", 1, 0.90, 0.8), Result("0.1", 2, 0.2, 0.1)};
  results[1].job.set_state(v1::Job::FAILED);
  EXPECT_THAT(ResultsText(results), HasSubstr("1 of 2"));
  EXPECT_NEAR(ResultsJson(results)["groups"][0]["val_accuracy"]["mean"].get<double>(), 0.9, 1e-12);
  results[0].job.set_state(v1::Job::FAILED);
  EXPECT_EQ(Best(results), nullptr);
  EXPECT_THAT(ResultsText(results), Not(HasSubstr("Best")));
  EXPECT_TRUE(ResultsJson(results)["best"].is_null());
}

}  // namespace
}  // namespace convoy::client
