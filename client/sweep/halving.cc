#include "client/sweep/halving.h"

#include <algorithm>
#include <numeric>

namespace convoy::client {

std::vector<int> HalvingEpochs(int combinations, int epochs) {
  std::vector<int> ends;
  int next = epochs;
  for (int left = combinations; left > 1 && next > 1; left = (left + 1) / 2) {
    next = std::min((next + 1) / 2, next - 1);
    ends.push_back(next);
  }
  std::reverse(ends.begin(), ends.end());
  return ends;
}

std::vector<std::optional<Ending>> Halve(const std::vector<double>& values, int epoch) {
  std::vector<size_t> order(values.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&values](size_t a, size_t b) { return values[a] > values[b]; });
  const size_t kept = (values.size() + 1) / 2;
  std::vector<std::optional<Ending>> endings(values.size());
  for (size_t place = kept; place < order.size(); ++place) {
    endings[order[place]] = Ending{.epoch = epoch,
                                   .value = values[order[place]],
                                   .least_kept = values[order[kept - 1]],
                                   .place = static_cast<int>(place) + 1,
                                   .of = static_cast<int>(order.size())};
  }
  return endings;
}

}  // namespace convoy::client
