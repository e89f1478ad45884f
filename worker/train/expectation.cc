// The cost model of a step (worker/step/step_cost.h), with what the first steps took: how fast the
// recipe is on these hosts, and whether a larger batch or an exchange in 16 bits would be.
#include "worker/train/expectation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_format.h"
#include "common/base/text.h"
#include "common/recipes/exchange.h"
#include "worker/step/batch_cuts.h"
#include "worker/step/step_cost.h"

namespace convoy::train {
namespace {

// Steps are measured, after the first, until they have computed so long, or are so many.
constexpr double kEnoughSeconds = 0.05;
constexpr int kFewestSteps = 3;
constexpr int kEnoughSteps = 20;
// Nobody is sent to batches that docs/scaling.md does not speak of, nor to epochs of few steps.
constexpr int kLargestBatch = 2048;
constexpr int kFewestBatches = 8;
// A larger batch is named if it is so much faster; of those nearly as fast the smallest.
constexpr double kWorthwhile = 1.2;
constexpr double kNearlyAsFast = 0.9;
// Who has more ranks knows his network; the model would take longer than a step.
constexpr size_t kMostRanks = 512;

std::string SpeedText(double bytes_per_second) {
  const double mbit = bytes_per_second * step::kWireBytes * 8 / 1e6;
  return mbit < 1000 ? absl::StrFormat("%.0f Mbit/s", mbit)
                     : absl::StrFormat("%.1f Gbit/s", mbit / 1000);
}

std::string Milliseconds(double seconds) { return absl::StrFormat("%.1f ms", 1000 * seconds); }

std::string Times(double times) { return absl::StrFormat(times < 0.1 ? "%.2f" : "%.1f", times); }

}  // namespace

Expectation::Expectation(const nn::Plan& plan, const Recipe& recipe, int64_t train_images,
                         std::vector<int> threads_of_rank, std::vector<int> host_of_rank,
                         comm::Link link)
    : plan_(plan),
      way_{recipe.batch_size, recipe.options.exchange},
      micro_batch_(recipe.micro_batch),
      train_images_(train_images),
      threads_of_rank_(std::move(threads_of_rank)),
      host_of_rank_(std::move(host_of_rank)),
      link_(link),
      told_(threads_of_rank_.size() > kMostRanks) {}

std::optional<i18n::Message> Expectation::AfterStep(const metrics::PhaseSeconds& phases) {
  if (told_) return std::nullopt;
  if (steps_++ == 0) {
    before_ = phases;
    return std::nullopt;
  }
  const metrics::PhaseSeconds spent = phases - before_;
  const double passes = spent.data + spent.forward + spent.backward;
  const int measured = steps_ - 1;
  if (measured < kFewestSteps || (passes < kEnoughSeconds && measured < kEnoughSteps)) {
    return std::nullopt;
  }
  told_ = true;
  const step::BatchPartition batch(way_.batch_size, micro_batch_, threads_of_rank_,
                                   step::ImagesPerSum(plan_, way_.batch_size, way_.exchange));
  const double images =
      static_cast<double>(batch.ImagesOfRank(0).size()) / threads_of_rank_.front();
  image_seconds_ = passes / measured / images;
  update_seconds_ =
      (spent.reduce + spent.update) / measured * static_cast<double>(threads_of_rank_.size());
  return Line();
}

i18n::Message Expectation::Line() const {
  const Speed now = SpeedOf(way_);
  const int hosts = 1 + *std::max_element(host_of_rank_.begin(), host_of_rank_.end());
  const i18n::Message line = i18n::MakeMessage(
      "note: $0 hosts at $1: exchange $2 a step beside $3 of computing; expect $4 times one host",
      hosts, SpeedText(link_.bytes_per_second),
      Milliseconds(now.step_seconds - now.compute_seconds), Milliseconds(now.compute_seconds),
      Times(now.times_one_host));
  const std::optional<Way> other = WayToTry(now.times_one_host);
  if (!other) return line;
  const std::string times = Times(SpeedOf(*other).times_one_host);
  const std::string exchange(recipes::ExchangeName(other->exchange));
  if (other->exchange == way_.exchange) {
    return i18n::MakeMessage("$0; batches of $1 would give $2 (another training: docs/scaling.md)",
                             line, Thousands(other->batch_size), times);
  }
  if (other->batch_size == way_.batch_size) {
    return i18n::MakeMessage("$0; exchange $1 would give $2 (another training: docs/scaling.md)",
                             line, exchange, times);
  }
  return i18n::MakeMessage(
      "$0; batches of $1 and exchange $2 would give $3 (another training: docs/scaling.md)", line,
      Thousands(other->batch_size), exchange, times);
}

// Of the last batch of an epoch and of the validation nothing is said.
Expectation::Speed Expectation::SpeedOf(const Way& way) const {
  const auto cost = [&](const std::vector<int>& threads, std::vector<int> hosts,
                        double images_per_sum) {
    const step::ShardingPlan sharding =
        step::PlanSharding(plan_, way.batch_size, static_cast<int>(threads.size()), way.exchange);
    return step::CostOfStep(sharding, {way.batch_size, micro_batch_, threads, images_per_sum},
                            {.threads_of_rank = threads,
                             .host_of_rank = std::move(hosts),
                             .image_seconds = image_seconds_,
                             .update_seconds = update_seconds_,
                             .message_seconds = link_.message_seconds,
                             .bytes_per_second = link_.bytes_per_second});
  };
  std::vector<int> threads_alone;  // of the first host's ranks
  for (size_t rank = 0; rank < host_of_rank_.size(); ++rank) {
    if (host_of_rank_[rank] == 0) threads_alone.push_back(threads_of_rank_[rank]);
  }
  const step::StepCost together = cost(threads_of_rank_, host_of_rank_,
                                       step::ImagesPerSum(plan_, way.batch_size, way.exchange));
  const step::StepCost alone = cost(threads_alone, std::vector<int>(threads_alone.size(), 0), 0);
  return {.step_seconds = together.seconds,
          .compute_seconds = together.compute_seconds,
          .times_one_host = alone.seconds / together.seconds};
}

// The recipe's own and others, those that change less first.
std::vector<Expectation::Way> Expectation::Ways() const {
  std::vector<Way> ways;
  for (int64_t batch = way_.batch_size;
       batch == way_.batch_size ||
       (batch <= kLargestBatch && batch * kFewestBatches <= train_images_);
       batch *= 2) {
    ways.push_back({static_cast<int>(batch), way_.exchange});
    if (step::Rounds(way_.exchange)) continue;
    ways.push_back({static_cast<int>(batch), step::Exchange::kBfloat16});
  }
  return ways;
}

// Of the ways that are nearly as fast as the fastest, the first; none if none is worth it.
std::optional<Expectation::Way> Expectation::WayToTry(double now) const {
  const double least = std::max(1.0, kWorthwhile * now);
  std::vector<std::pair<Way, double>> ways;
  double best = least;
  for (const Way& way : Ways()) {
    ways.emplace_back(way, SpeedOf(way).times_one_host);
    best = std::max(best, ways.back().second);
  }
  for (const auto& [way, times] : ways) {
    if (times > least && times >= kNearlyAsFast * best) return way;
  }
  return std::nullopt;
}

}  // namespace convoy::train
