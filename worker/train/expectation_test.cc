#include "worker/train/expectation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/nn/builtin_models.h"

namespace convoy::train {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::Not;

constexpr double kGigabit = 125e6 / 1.03;  // bytes of messages

// What is said of the notebook's network on hosts of two cores, 28 us an image; "" if nothing is.
std::string Said(int hosts, int batch, double bytes_per_second, double message_seconds = 60e-6,
                 int64_t images = 48000, step::Exchange exchange = step::Exchange::kFloat32) {
  const nn::Plan plan(nn::Network::Create(nn::LoadModelSpec("notebook").value()).value());
  Recipe recipe;
  recipe.batch_size = batch;
  recipe.micro_batch = 16;
  recipe.options.exchange = exchange;
  std::vector<int> host_of_rank;
  for (int host = 0; host < hosts; ++host) host_of_rank.push_back(host);
  Expectation expectation(
      plan, recipe, images, std::vector<int>(host_of_rank.size(), 2), host_of_rank,
      {.message_seconds = message_seconds, .bytes_per_second = bytes_per_second});
  metrics::PhaseSeconds spent{.forward = 1};  // the first step, which does not count
  const double images_a_thread = batch / hosts / 2.0;
  for (int i = 0; i < 100; ++i) {
    if (const auto line = expectation.AfterStep(spent)) return line->english;
    spent.forward += 14e-6 * images_a_thread;
    spent.backward += 14e-6 * images_a_thread;
    spent.update += 300e-6 / hosts;
  }
  return "";
}

TEST(ExpectationTest, SlowLinkNamesTheBatchAndTheExchangeThatWouldPay) {
  // The numbers of docs/scaling.md: 4 hosts at 1 Gbit/s are a quarter of one, and with 2,048 1.5,
  // or 2.2 in 16 bits.
  EXPECT_THAT(
      Said(4, 128, kGigabit),
      MatchesRegex("note: 4 hosts at 1.0 Gbit/s: exchange [78]\\.[0-9] ms a step beside 0\\.5 "
                   "ms of computing; expect 0\\.2 times one host; batches of 2,048 and exchange "
                   "bfloat16 would give 2\\.[0-4] \\(another training: docs/scaling.md\\)"));
}

TEST(ExpectationTest, WhatTheRecipeHasIsNotNamed) {
  EXPECT_THAT(
      Said(4, 128, kGigabit, 60e-6, 48000, step::Exchange::kBfloat16),
      MatchesRegex(".*; expect 0\\.4 times one host; batches of 2,048 would give 2\\.[0-4] .*"));
  EXPECT_THAT(Said(4, 2048, kGigabit),
              MatchesRegex(".*; expect 1\\.[4-6] times one host; exchange bfloat16 would give "
                           "2\\.[0-4] .*"));
  EXPECT_THAT(Said(4, 2048, kGigabit, 60e-6, 48000, step::Exchange::kBfloat16),
              MatchesRegex(".*; expect 2\\.[0-4] times one host"));
}

TEST(ExpectationTest, FloatsAreKeptWhereTheyAreNearlyAsFast) {
  // What takes time there are the messages, not their bytes.
  EXPECT_THAT(Said(4, 128, 100 * kGigabit),
              MatchesRegex(".*; batches of [0-9,]+ would give [23]\\.[0-9] .*"));
}

TEST(ExpectationTest, FastLinkNeedsNoOtherBatch) {
  const std::string line = Said(2, 4096, 100 * kGigabit, 1e-6);
  EXPECT_THAT(line, HasSubstr("2 hosts at 100.0 Gbit/s"));
  EXPECT_THAT(line, HasSubstr("expect 2.0 times one host"));
  EXPECT_THAT(line, Not(HasSubstr("would give")));
}

TEST(ExpectationTest, WhereNoBatchPaysNoneIsNamed) {
  const std::string line = Said(4, 128, kGigabit / 100);
  EXPECT_THAT(line, HasSubstr("4 hosts at 10 Mbit/s"));
  EXPECT_THAT(line, Not(HasSubstr("would give")));
}

TEST(ExpectationTest, BatchesThatTheImagesAreTooFewForAreNotNamed) {
  EXPECT_THAT(Said(4, 128, kGigabit, 60e-6, /*images=*/2000), Not(HasSubstr("would give")));
}

}  // namespace
}  // namespace convoy::train
