#include "common/base/random.h"

#include <gtest/gtest.h>

#include <set>

namespace convoy {
namespace {

// The known answers that the authors of Philox publish with their Random123 library.
TEST(PhiloxTest, MatchesPublishedAnswers) {
  EXPECT_EQ(Philox({0, 0, 0, 0}, {0, 0}),
            (std::array<uint32_t, 4>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(Philox({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (std::array<uint32_t, 4>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(Philox({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (std::array<uint32_t, 4>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(PhiloxTest, KeysDifferBySeedAndStream) {
  std::set<std::array<uint32_t, 2>> keys;
  for (uint64_t seed : {0ull, 1ull, 1ull << 32, ~0ull}) {
    keys.insert(PhiloxKey(seed, RandomStream::kShuffle));
    keys.insert(PhiloxKey(seed, RandomStream::kDropout));
  }
  EXPECT_EQ(keys.size(), 8u);
}

TEST(RandomSequenceTest, SameArgumentsGiveTheSameNumbers) {
  RandomSequence first(7, RandomStream::kNoise, 1, 2);
  RandomSequence again(7, RandomStream::kNoise, 1, 2);
  RandomSequence other(7, RandomStream::kNoise, 1, 3);
  int differing = 0;
  for (int i = 0; i < 100; ++i) {
    const uint32_t word = first.NextUint32();
    EXPECT_EQ(word, again.NextUint32());
    differing += word != other.NextUint32();
  }
  EXPECT_GT(differing, 95);
}

TEST(RandomSequenceTest, NextBelowIsUniform) {
  RandomSequence random(1, RandomStream::kShuffle);
  std::array<int, 7> counts{};
  for (int i = 0; i < 70000; ++i) ++counts[random.NextBelow(7)];
  for (int count : counts) EXPECT_NEAR(count, 10000, 500);
}

TEST(RandomSequenceTest, FloatsAreInTheHalfOpenInterval) {
  RandomSequence random(3, RandomStream::kNoise);
  double sum = 0;
  for (int i = 0; i < 10000; ++i) {
    const float value = random.NextFloat();
    ASSERT_GE(value, 0.0f);
    ASSERT_LT(value, 1.0f);
    sum += value;
  }
  EXPECT_NEAR(sum / 10000, 0.5, 0.02);
}

}  // namespace
}  // namespace convoy
