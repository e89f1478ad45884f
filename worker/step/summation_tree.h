// The canonical binary tree along which the micro-batches of a batch are added up. It is a function
// of their number alone: whoever adds whatever part of it, the sum has the same bits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "absl/functional/function_ref.h"
#include "common/data/range.h"
#include "worker/step/exchange.h"

namespace convoy::step {

using data::Range;

// A node of the tree over n leaves is the run of leaves below it. The root is [0, n); a node with
// several leaves splits after the largest power of two below their number, so [0, 7) into [0, 4)
// and [4, 7), that into [4, 6) and [6, 7).

// Returns how many of the `leaves` (> 1) of a node are in its left child.
int64_t LeftLeaves(int64_t leaves);

// Returns the fewest nodes of the tree over `num_leaves` leaves that together are `run`, in order.
// An empty run has none.
std::vector<Range> CoverWithNodes(int64_t num_leaves, Range run);

// How to add up the nodes below `target` from given ones: a list of additions, made once, run for
// every step. Immutable, so thread-safe.
class SumProgram {
 public:
  // `sources` are nodes, in order, that together are `target`, a node of the tree.
  SumProgram(int64_t num_leaves, std::vector<Range> sources, Range target);

  int num_sources() const { return num_sources_; }

  // Writes the sums of the sources' elements `part` into dst [part.size()]; dst may be the first
  // source's part itself. Each addition is rounded for `exchange`, as the sources are.
  void Sum(const float* const* sources, Range part, float* dst,
           Exchange exchange = Exchange::kFloat32) const;

  // The same for one double a source: value(i) is the i-th source's. REQUIRES: at least one source.
  double SumOf(absl::FunctionRef<double(int source)> value) const;

 private:
  // results[place] = left + right. An operand is a source, or the result in place ~operand: results
  // lie on a stack, as each is used once.
  struct Addition {
    int left;
    int right;
    int place;
  };

  int Plan(int64_t num_leaves, const std::vector<Range>& sources, Range node, int place);
  void SumBlock(const float* const* sources, int64_t offset, int64_t n, float* dst,
                Exchange exchange) const;

  int num_sources_;
  std::vector<Addition> additions_;
};

// The order of work of somebody who computes the leaves of `run` one after another and keeps as few
// arrays as possible: a stack, on which two neighbours are added as soon as they make up a node.
class LeafSchedule {
 public:
  LeafSchedule(int64_t num_leaves, Range run);

  // Returns how many additions (top of the stack onto the one below) follow the run's leaf `i`.
  int additions_after(int64_t i) const { return additions_after_[static_cast<size_t>(i)]; }

  // Returns the largest number of arrays on the stack at any time.
  int stack_size() const { return stack_size_; }

  // Returns the nodes that are on the stack at the end: CoverWithNodes of the run.
  const std::vector<Range>& result() const { return result_; }

 private:
  std::vector<int> additions_after_;
  int stack_size_ = 0;
  std::vector<Range> result_;
};

}  // namespace convoy::step
