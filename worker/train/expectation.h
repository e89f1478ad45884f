// What a training may expect of its hosts and the network between them, in one line at its start.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/i18n/message.h"
#include "common/metrics/phase_seconds.h"
#include "worker/comm/link.h"
#include "worker/step/sharding_plan.h"
#include "worker/train/recipe.h"

namespace convoy::train {

// Rank 0's. Takes from the first steps how long their computing is and from the cost model
// (worker/step/step_cost.h) what the exchange adds to it, with this batch and with larger ones, in
// floats and in 16 bits.
// Thread-compatible.
class Expectation {
 public:
  // `link` is that between the hosts. Of `train_images` no batch is to be more than a part.
  Expectation(const nn::Plan& plan, const Recipe& recipe, int64_t train_images,
              std::vector<int> threads_of_rank, std::vector<int> host_of_rank, comm::Link link);

  // To be told after each step what this rank has spent so far, in all steps. Returns the line
  // once, when it has seen enough of them; then it wants no more.
  std::optional<i18n::Message> AfterStep(const metrics::PhaseSeconds& phases);

 private:
  // What of a recipe decides about the exchange.
  struct Way {
    int batch_size = 0;
    step::Exchange exchange = step::Exchange::kFloat32;
  };
  struct Speed {
    double step_seconds = 0;
    double compute_seconds = 0;
    double times_one_host = 0;
  };

  Speed SpeedOf(const Way& way) const;
  i18n::Message Line() const;
  std::vector<Way> Ways() const;
  std::optional<Way> WayToTry(double now) const;

  const nn::Plan& plan_;
  const Way way_;  // the recipe's
  const int micro_batch_;
  const int64_t train_images_;
  const std::vector<int> threads_of_rank_;
  const std::vector<int> host_of_rank_;
  const comm::Link link_;
  int steps_ = 0;
  bool told_ = false;
  metrics::PhaseSeconds before_;  // of the first step, which touches memory for the first time
  double image_seconds_ = 0;      // measured, on one thread
  double update_seconds_ = 0;     // measured, of all parameters on one rank
};

}  // namespace convoy::train
