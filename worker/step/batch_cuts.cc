// The cuts are found by dynamic programming over the ranks. Few places come into question for a
// cut: for each power of two the multiples of it on both sides of the even cut, as the number of
// a run's subtrees depends on the powers of two that its ends are multiples of. For each bound on
// the sums of a rank the program finds the cuts that leave the busiest thread the least; of these
// the cheapest is taken.
#include "worker/step/batch_cuts.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "absl/functional/function_ref.h"
#include "common/nn/cost.h"
#include "worker/step/sharding_plan.h"
#include "worker/step/summation_tree.h"

namespace convoy::step {
namespace {

// A core's multiplications in training, three times those of a forward pass, and a link's bytes, a
// second.
constexpr double kMultiplicationsPerSecond = 100e9;
constexpr double kBytesPerSecond = 125e6;

int64_t RoundedUp(int64_t number, int64_t divisor) { return (number + divisor - 1) / divisor; }

std::vector<int64_t> EvenCuts(int64_t num_micro_batches, const std::vector<int>& threads_of_rank) {
  const int64_t slots = std::accumulate(threads_of_rank.begin(), threads_of_rank.end(), int64_t{0});
  std::vector<int64_t> bounds = {0};
  int64_t slot = 0;
  for (const int threads : threads_of_rank) {
    slot += threads;
    bounds.push_back(data::EqualPart(num_micro_batches, slot - 1, slots).end);
  }
  return bounds;
}

// A run between two places: what its rank's busiest thread computes, in micro-batches, and sends.
struct Run {
  size_t from;  // indices of the places
  size_t to;
  int64_t load;
  int64_t sums;
};

// Ways to deal a batch to ranks.
class Dealer {
 public:
  Dealer(int64_t num_micro_batches, const std::vector<int>& threads_of_rank)
      : num_micro_batches_(num_micro_batches),
        even_(EvenCuts(num_micro_batches, threads_of_rank)),
        even_load_(RoundedUp(
            num_micro_batches,
            std::accumulate(threads_of_rank.begin(), threads_of_rank.end(), int64_t{0}))) {
    for (size_t cut = 0; cut < even_.size(); ++cut) places_.push_back(PlacesOf(cut));
    for (size_t rank = 0; rank < threads_of_rank.size(); ++rank) {
      runs_.push_back(RunsOf(rank, threads_of_rank[rank]));
    }
  }

  const std::vector<int64_t>& even() const { return even_; }
  int64_t even_load() const { return even_load_; }

  // Returns how many sums a rank has that has most of them, where cuts are even.
  int64_t SumsOfEvenCuts() const {
    size_t most = 0;
    for (size_t rank = 0; rank + 1 < even_.size(); ++rank) {
      most =
          std::max(most, CoverWithNodes(num_micro_batches_, {even_[rank], even_[rank + 1]}).size());
    }
    return static_cast<int64_t>(most);
  }

  struct Deal {
    int64_t load;
    std::vector<int64_t> bounds;
  };

  // Returns the deal with the least load of the busiest thread, and of these one with the fewest
  // sums of all ranks, in which no rank has more than `most_sums`; none if there is none.
  std::optional<Deal> Best(int64_t most_sums) const {
    const auto few = [&](const Run& run) { return run.sums <= most_sums; };
    const std::optional<Chain> light =
        Least(few, [](int64_t load, const Run& run) { return std::max(load, run.load); });
    if (!light) return std::nullopt;
    const auto few_and_light = [&](const Run& run) { return few(run) && run.load <= light->value; };
    const auto add = [](int64_t sums, const Run& run) { return sums + run.sums; };
    return Deal{.load = light->value, .bounds = Least(few_and_light, add)->bounds};
  }

 private:
  // A run for each rank, and what their values come to.
  struct Chain {
    int64_t value;
    std::vector<int64_t> bounds;
  };

  // Returns the chain of runs that `fit` whose value, `add`ed up from 0, is the least; of several
  // the one that gives the later ranks less. None if there is none.
  std::optional<Chain> Least(absl::FunctionRef<bool(const Run&)> fit,
                             absl::FunctionRef<int64_t(int64_t, const Run&)> add) const {
    constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
    struct Best {
      int64_t value = kNone;
      size_t from = 0;  // the place before
    };
    std::vector<std::vector<Best>> best(places_.size());
    for (size_t cut = 0; cut < places_.size(); ++cut) best[cut].resize(places_[cut].size());
    best[0][0].value = 0;
    for (size_t rank = 0; rank < runs_.size(); ++rank) {
      for (const Run& run : runs_[rank]) {
        const int64_t before = best[rank][run.from].value;
        if (before == kNone || !fit(run)) continue;
        Best& here = best[rank + 1][run.to];
        const int64_t value = add(before, run);
        if (value <= here.value) here = {value, run.from};
      }
    }
    if (best.back()[0].value == kNone) return std::nullopt;
    Chain chain = {.value = best.back()[0].value, .bounds = even_};
    size_t place = 0;
    for (size_t cut = runs_.size(); cut > 0; --cut) {
      chain.bounds[cut] = places_[cut][place];
      place = best[cut][place].from;
    }
    return chain;
  }

  // Where a cut may be, in order; the first and the last stay.
  std::vector<int64_t> PlacesOf(size_t cut) const {
    if (cut == 0 || cut + 1 == even_.size()) return {even_[cut]};
    std::vector<int64_t> places;
    for (int64_t unit = 1; unit <= num_micro_batches_; unit *= 2) {
      const int64_t below = even_[cut] / unit * unit;
      places.push_back(below);
      if (below + unit <= num_micro_batches_) places.push_back(below + unit);
    }
    std::sort(places.begin(), places.end());
    places.erase(std::unique(places.begin(), places.end()), places.end());
    return places;
  }

  std::vector<Run> RunsOf(size_t rank, int threads) const {
    const int64_t most = even_load_ + even_load_ / 8;
    std::vector<Run> runs;
    for (size_t from = 0; from < places_[rank].size(); ++from) {
      for (size_t to = 0; to < places_[rank + 1].size(); ++to) {
        const Range range = {places_[rank][from], places_[rank + 1][to]};
        // The first rank always has work: its steps are what the trainer times.
        if (range.size() < 0 || (rank == 0 && range.empty())) continue;
        if (RoundedUp(range.size(), threads) > most) continue;
        const auto sums = static_cast<int64_t>(CoverWithNodes(num_micro_batches_, range).size());
        runs.push_back({from, to, RoundedUp(range.size(), threads), sums});
      }
    }
    return runs;
  }

  const int64_t num_micro_batches_;
  const std::vector<int64_t> even_;           // bounds
  const int64_t even_load_;                   // of the busiest thread
  std::vector<std::vector<int64_t>> places_;  // of each bound
  std::vector<std::vector<Run>> runs_;        // that each rank may have
};

}  // namespace

std::vector<int64_t> CutBetweenRanks(int64_t num_micro_batches, int micro_batch,
                                     const std::vector<int>& threads_of_rank,
                                     double images_per_sum) {
  if (images_per_sum == 0) return EvenCuts(num_micro_batches, threads_of_rank);
  const Dealer dealer(num_micro_batches, threads_of_rank);
  const auto cost = [&](int64_t load, int64_t sums) {
    return static_cast<double>(load * micro_batch) + images_per_sum * static_cast<double>(sums);
  };
  std::vector<int64_t> bounds = dealer.even();
  const int64_t even_sums = dealer.SumsOfEvenCuts();
  double least = cost(dealer.even_load(), even_sums);
  for (int64_t sums = 1; sums < even_sums; ++sums) {
    const std::optional<Dealer::Deal> deal = dealer.Best(sums);
    if (!deal || cost(deal->load, sums) >= least) continue;
    least = cost(deal->load, sums);
    bounds = deal->bounds;
  }
  return bounds;
}

double ImagesPerSum(const nn::Plan& plan, int64_t batch_size, Exchange exchange) {
  const auto summed = static_cast<double>(TotalSize(PlanSharding(plan, batch_size, 1).summed()));
  const double sum_seconds =
      summed * static_cast<double>(BytesOfNumber(exchange)) / kBytesPerSecond;
  const int64_t multiplications = std::max<int64_t>(nn::Multiplications(plan.network()), 1);
  const double image_seconds = 3 * static_cast<double>(multiplications) / kMultiplicationsPerSecond;
  return sum_seconds / image_seconds;
}

}  // namespace convoy::step
