#include "common/optim/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>

namespace convoy::optim {
namespace {

using ::testing::HasSubstr;
using Kind = ScheduleConfig::Kind;

constexpr int64_t kStepsPerEpoch = 100;

double FactorAt(const ScheduleConfig& config, int64_t step) {
  return ScheduleFactor(config, step, kStepsPerEpoch);
}

TEST(ScheduleTest, ConstantIsOne) {
  for (const int64_t step : {0, 1, 99, 100, 1000000}) EXPECT_EQ(FactorAt({}, step), 1);
}

TEST(ScheduleTest, WarmUpRisesStepByStepToOne) {
  const ScheduleConfig config{.warmup_epochs = 0.5};
  EXPECT_EQ(FactorAt(config, 0), 1 / 50.0);
  EXPECT_EQ(FactorAt(config, 24), 0.5);
  EXPECT_EQ(FactorAt(config, 49), 1);
  EXPECT_EQ(FactorAt(config, 50), 1);
}

TEST(ScheduleTest, StepsDropAfterWholeEpochs) {
  const ScheduleConfig config{
      .kind = Kind::kStep, .warmup_epochs = 1, .step_epochs = 2, .step_factor = 0.5};
  EXPECT_EQ(FactorAt(config, 100), 1);
  EXPECT_EQ(FactorAt(config, 299), 1);
  EXPECT_EQ(FactorAt(config, 300), 0.5);
  EXPECT_EQ(FactorAt(config, 699), 0.25);
  EXPECT_GT(FactorAt(config, 100000000), 0);
}

TEST(ScheduleTest, CosineIsKerasCosineDecay) {
  const ScheduleConfig config{
      .kind = Kind::kCosine, .warmup_epochs = 1, .decay_epochs = 5, .final_factor = 0.1};
  for (int64_t step = 100; step < 500; ++step) {
    const double part = static_cast<double>(step - 100) / 400;
    const double expected = 0.1 + 0.9 * 0.5 * (1 + std::cos(std::acos(-1.0) * part));
    ASSERT_NEAR(FactorAt(config, step), expected, 1e-15) << step;
  }
}

// A run that is given more epochs than its decay goes on with the last factor, never with zero.
TEST(ScheduleTest, CosineStaysAtItsLastFactorAfterItsEnd) {
  const ScheduleConfig config{.kind = Kind::kCosine, .decay_epochs = 2};
  EXPECT_EQ(FactorAt(config, 200), FactorAt(config, 199));
  EXPECT_EQ(FactorAt(config, 12345), FactorAt(config, 199));
  EXPECT_GT(FactorAt(config, 199), 0);
}

TEST(ScheduleTest, AllOfACosineMayBeItsWarmUp) {
  const ScheduleConfig config{.kind = Kind::kCosine, .warmup_epochs = 1, .decay_epochs = 1};
  EXPECT_TRUE(ValidateSchedule(config).ok());
  EXPECT_EQ(FactorAt(config, 99), 1);
  EXPECT_EQ(FactorAt(config, 100), 1);
}

std::string ErrorOf(const ScheduleConfig& config) {
  const absl::Status status = ValidateSchedule(config);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  return std::string(status.message());
}

TEST(ScheduleTest, SenselessValuesNameTheirField) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(ErrorOf({.warmup_epochs = -1}), HasSubstr("schedule.warmup_epochs: is -1"));
  EXPECT_THAT(ErrorOf({.warmup_epochs = nan}), HasSubstr("schedule.warmup_epochs: is nan"));
  EXPECT_THAT(ErrorOf({.kind = Kind::kStep}), HasSubstr("schedule.step_epochs: is 0"));
  EXPECT_THAT(ErrorOf({.kind = Kind::kStep, .step_epochs = 1, .step_factor = 1.5}),
              HasSubstr("schedule.step_factor: is 1.5"));
  EXPECT_THAT(ErrorOf({.kind = Kind::kCosine, .warmup_epochs = 4, .decay_epochs = 3}),
              HasSubstr("schedule.warmup_epochs: is 4, but the decay ends after epoch 3"));
  EXPECT_THAT(ErrorOf({.kind = Kind::kCosine, .decay_epochs = 3, .final_factor = 2}),
              HasSubstr("schedule.final_factor: is 2"));
  EXPECT_TRUE(ValidateSchedule({}).ok());
}

}  // namespace
}  // namespace convoy::optim
