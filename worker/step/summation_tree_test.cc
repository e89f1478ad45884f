#include "worker/step/summation_tree.h"

#include <gtest/gtest.h>

#include <string>

#include "common/base/random.h"

namespace convoy::step {
namespace {

// The sum as the definition says, recursively.
double TreeSum(const std::vector<double>& leaves, Range node) {
  if (node.size() == 1) return leaves[static_cast<size_t>(node.begin)];
  const int64_t middle = node.begin + LeftLeaves(node.size());
  return TreeSum(leaves, {node.begin, middle}) + TreeSum(leaves, {middle, node.end});
}

// Values of very different sizes, so that another order of additions gives other bits.
std::vector<double> RandomLeaves(int64_t n) {
  RandomSequence random(11, RandomStream::kNoise, static_cast<uint32_t>(n));
  std::vector<double> leaves;
  for (int64_t i = 0; i < n; ++i) {
    const double scale = static_cast<double>(uint64_t{1} << random.NextBelow(40));
    leaves.push_back((random.NextFloat() - 0.5) * scale);
  }
  return leaves;
}

TEST(SummationTreeTest, SplitsAtTheLargestPowerOfTwoBelow) {
  EXPECT_EQ(LeftLeaves(2), 1);
  EXPECT_EQ(LeftLeaves(3), 2);
  EXPECT_EQ(LeftLeaves(4), 2);
  EXPECT_EQ(LeftLeaves(7), 4);
  EXPECT_EQ(LeftLeaves(8), 4);
  EXPECT_EQ(LeftLeaves(9), 8);
}

TEST(SummationTreeTest, CoverIsTheFewestNodes) {
  using Nodes = std::vector<Range>;
  EXPECT_EQ(CoverWithNodes(8, {0, 8}), (Nodes{{0, 8}}));
  EXPECT_EQ(CoverWithNodes(8, {0, 3}), (Nodes{{0, 2}, {2, 3}}));
  EXPECT_EQ(CoverWithNodes(8, {3, 6}), (Nodes{{3, 4}, {4, 6}}));
  EXPECT_EQ(CoverWithNodes(7, {3, 7}), (Nodes{{3, 4}, {4, 7}}));
  EXPECT_EQ(CoverWithNodes(7, {2, 2}), (Nodes{}));
  EXPECT_EQ(CoverWithNodes(1, {0, 1}), (Nodes{{0, 1}}));
}

// Adds the leaves of `run` as a rank does: with a LeafSchedule's stack.
std::vector<double> ScheduleSums(const std::vector<double>& leaves, Range run) {
  const auto n = static_cast<int64_t>(leaves.size());
  const LeafSchedule schedule(n, run);
  std::vector<double> stack;
  for (int64_t i = 0; i < run.size(); ++i) {
    stack.push_back(leaves[static_cast<size_t>(run.begin + i)]);
    EXPECT_LE(static_cast<int>(stack.size()), schedule.stack_size());
    for (int k = 0; k < schedule.additions_after(i); ++k) {
      const double top = stack.back();
      stack.pop_back();
      stack.back() += top;
    }
  }
  EXPECT_EQ(schedule.result(), CoverWithNodes(n, run));
  EXPECT_EQ(stack.size(), schedule.result().size());
  return stack;
}

// Every way of cutting the leaves into three runs gives the bits of the definition.
TEST(SummationTreeTest, AnyCutGivesTheSameBits) {
  for (int64_t n = 1; n <= 19; ++n) {
    const std::vector<double> leaves = RandomLeaves(n);
    const double expected = TreeSum(leaves, {0, n});
    for (int64_t first = 0; first <= n; ++first) {
      for (int64_t second = first; second <= n; ++second) {
        std::vector<Range> nodes;
        std::vector<double> sums;
        for (const Range run : {Range{0, first}, Range{first, second}, Range{second, n}}) {
          const std::vector<Range> cover = CoverWithNodes(n, run);
          const std::vector<double> run_sums = ScheduleSums(leaves, run);
          nodes.insert(nodes.end(), cover.begin(), cover.end());
          sums.insert(sums.end(), run_sums.begin(), run_sums.end());
        }
        ASSERT_EQ(
            SumProgram(n, nodes, {0, n}).SumOf([&](int i) { return sums[static_cast<size_t>(i)]; }),
            expected)
            << n << " leaves cut at " << first << " and " << second;
      }
    }
  }
}

TEST(SumProgramTest, FloatsOfAnyLengthFollowTheDefinition) {
  for (const int64_t n : {1, 2, 7, 8, 33, 200}) {
    for (const size_t length : {size_t{0}, size_t{1}, size_t{1024}, size_t{2501}}) {
      RandomSequence random(1, RandomStream::kNoise, static_cast<uint32_t>(n));
      std::vector<std::vector<float>> leaves(static_cast<size_t>(n), std::vector<float>(length));
      std::vector<Range> nodes;
      std::vector<const float*> sources;
      for (int64_t i = 0; i < n; ++i) {
        for (float& value : leaves[static_cast<size_t>(i)]) value = random.NextFloat() - 0.5f;
        nodes.push_back({i, i + 1});
        sources.push_back(leaves[static_cast<size_t>(i)].data());
      }
      const std::vector<std::vector<float>> untouched = leaves;
      std::vector<float> sum(length);
      SumProgram(n, nodes, {0, n})
          .Sum(sources.data(), {0, static_cast<int64_t>(length)}, sum.data());
      EXPECT_EQ(leaves, untouched);
      for (size_t e = 0; e < length; ++e) {
        struct Adder {
          const std::vector<std::vector<float>>& leaves;
          size_t element;
          float operator()(Range node) const {
            if (node.size() == 1) return leaves[static_cast<size_t>(node.begin)][element];
            const int64_t middle = node.begin + LeftLeaves(node.size());
            return (*this)({node.begin, middle}) + (*this)({middle, node.end});
          }
        };
        ASSERT_EQ(sum[e], (Adder{leaves, e}(Range{0, n}))) << n << " leaves, element " << e;
      }
    }
  }
}

// 1 + 1/256 is a tie and becomes 1, to which 1/128 is added; one rounding at the end would make
// 1 + 1/64 of the sum.
TEST(SumProgramTest, EveryAdditionIsRounded) {
  const std::vector<float> one = {1, 1};
  const std::vector<float> little = {0x1p-8f, 0x1p-8f};
  const std::vector<const float*> sources = {one.data(), little.data(), little.data(),
                                             little.data()};
  const SumProgram program(4, {{0, 1}, {1, 2}, {2, 3}, {3, 4}}, {0, 4});
  std::vector<float> sum(2);
  program.Sum(sources.data(), {0, 2}, sum.data());
  EXPECT_EQ(sum[0], 1 + 3 * 0x1p-8f);
  program.Sum(sources.data(), {0, 2}, sum.data(), Exchange::kBfloat16);
  EXPECT_EQ(sum, (std::vector<float>{1 + 0x1p-7f, 1 + 0x1p-7f}));
}

TEST(SumProgramTest, ResultMayReplaceTheFirstSource) {
  std::vector<float> a = {1, 2, 3};
  const std::vector<float> b = {10, 20, 30};
  const std::vector<float> c = {100, 200, 300};
  const std::vector<const float*> sources = {a.data(), b.data(), c.data()};
  SumProgram(3, {{0, 1}, {1, 2}, {2, 3}}, {0, 3}).Sum(sources.data(), {0, 3}, a.data());
  EXPECT_EQ(a, (std::vector<float>{111, 222, 333}));
}

}  // namespace
}  // namespace convoy::step
