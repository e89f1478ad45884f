#include "worker/step/summation_tree.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>

#include "common/base/check.h"

namespace convoy::step {
namespace {

// Elements that are added up at a time, so that intermediate sums stay in the L1 cache.
constexpr int64_t kSumBlock = 1024;

// Results that wait for their right neighbour: at most one a level of a tree with 2^31 leaves.
constexpr size_t kMaxDepth = 33;

void Cover(Range node, Range run, std::vector<Range>* nodes) {
  if (run.end <= node.begin || node.end <= run.begin) return;
  if (run.begin <= node.begin && node.end <= run.end) {
    nodes->push_back(node);
    return;
  }
  const int64_t middle = node.begin + LeftLeaves(node.size());
  Cover({node.begin, middle}, run, nodes);
  Cover({middle, node.end}, run, nodes);
}

bool IsNode(int64_t num_leaves, Range run) {
  const std::vector<Range> cover = CoverWithNodes(num_leaves, run);
  return cover.size() == 1;
}

}  // namespace

int64_t LeftLeaves(int64_t leaves) {
  CONVOY_CHECK_GT(leaves, 1);
  return static_cast<int64_t>(std::bit_floor(static_cast<uint64_t>(leaves - 1)));
}

std::vector<Range> CoverWithNodes(int64_t num_leaves, Range run) {
  std::vector<Range> nodes;
  if (!run.empty()) Cover({0, num_leaves}, run, &nodes);
  return nodes;
}

SumProgram::SumProgram(int64_t num_leaves, std::vector<Range> sources, Range target)
    : num_sources_(static_cast<int>(sources.size())) {
  Plan(num_leaves, sources, target, 0);
}

int SumProgram::Plan(int64_t num_leaves, const std::vector<Range>& sources, Range node, int place) {
  const auto source = std::find(sources.begin(), sources.end(), node);
  if (source != sources.end()) return static_cast<int>(source - sources.begin());
  CONVOY_CHECK_LT(place, static_cast<int>(kMaxDepth));
  const int64_t middle = node.begin + LeftLeaves(node.size());
  const int left = Plan(num_leaves, sources, {node.begin, middle}, place);
  // The right child must not overwrite the left one's result while that waits.
  const int right = Plan(num_leaves, sources, {middle, node.end}, left < 0 ? place + 1 : place);
  additions_.push_back({left, right, place});
  return ~place;
}

void SumProgram::Sum(const float* const* sources, Range part, float* dst, Exchange exchange) const {
  if (additions_.empty()) {
    const float* source = sources[0] + part.begin;
    if (dst != source && !part.empty()) {
      std::memcpy(dst, source, static_cast<size_t>(part.size()) * sizeof(float));
    }
    return;
  }
  for (int64_t begin = part.begin; begin < part.end; begin += kSumBlock) {
    SumBlock(sources, begin, std::min(kSumBlock, part.end - begin), dst + (begin - part.begin),
             exchange);
  }
}

void SumProgram::SumBlock(const float* const* sources, int64_t offset, int64_t n, float* dst,
                          Exchange exchange) const {
  alignas(64) std::array<std::array<float, kSumBlock>, kMaxDepth> results;
  const auto operand = [&](int index) -> const float* {
    return index < 0 ? results[static_cast<size_t>(~index)].data() : sources[index] + offset;
  };
  for (const Addition& addition : additions_) {
    const bool last = &addition == &additions_.back();
    float* result = last ? dst : results[static_cast<size_t>(addition.place)].data();
    AddFor(exchange, operand(addition.left), operand(addition.right), result, n);
  }
}

double SumProgram::SumOf(absl::FunctionRef<double(int source)> value) const {
  CONVOY_CHECK_GE(num_sources_, 1);
  std::array<double, kMaxDepth> results{value(0)};
  const auto operand = [&](int index) {
    return index < 0 ? results[static_cast<size_t>(~index)] : value(index);
  };
  for (const Addition& addition : additions_) {
    results[static_cast<size_t>(addition.place)] = operand(addition.left) + operand(addition.right);
  }
  return results[0];
}

LeafSchedule::LeafSchedule(int64_t num_leaves, Range run) {
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    result_.push_back({leaf, leaf + 1});
    stack_size_ = std::max(stack_size_, static_cast<int>(result_.size()));
    int additions = 0;
    while (result_.size() > 1 &&
           IsNode(num_leaves, {result_[result_.size() - 2].begin, result_.back().end})) {
      result_[result_.size() - 2].end = result_.back().end;
      result_.pop_back();
      ++additions;
    }
    additions_after_.push_back(additions);
  }
}

}  // namespace convoy::step
