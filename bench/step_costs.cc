// What the trainer's cost model (worker/step/step_cost.h) says of steps of some networks on some
// machines, a line of JSON each: for bench/scaling_model.py --check.
#include <cstdio>
#include <numeric>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "common/base/check.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/plan.h"
#include "common/recipes/exchange.h"
#include "worker/step/batch_cuts.h"
#include "worker/step/step_cost.h"

namespace convoy {
namespace {

constexpr int kMicroBatch = 16;
constexpr double kImageMicros = 28;
constexpr double kUpdateMicros = 300;
constexpr double kMessageMicros = 60;

void Print(const std::string& name, const nn::Plan& plan, int ranks, int cores, int batch,
           double link_mbit, step::Exchange exchange) {
  step::Machines machines{.threads_of_rank = std::vector<int>(static_cast<size_t>(ranks), cores),
                          .host_of_rank = std::vector<int>(static_cast<size_t>(ranks)),
                          .image_seconds = kImageMicros * 1e-6,
                          .update_seconds = kUpdateMicros * 1e-6,
                          .message_seconds = kMessageMicros * 1e-6,
                          .bytes_per_second = link_mbit * 1e6 / 8 / step::kWireBytes};
  std::iota(machines.host_of_rank.begin(), machines.host_of_rank.end(), 0);
  const double images_per_sum = ranks == 1 ? 0 : step::ImagesPerSum(plan, batch, exchange);
  const step::StepCost cost =
      step::CostOfStep(step::PlanSharding(plan, batch, ranks, exchange),
                       {batch, kMicroBatch, machines.threads_of_rank, images_per_sum}, machines);
  std::printf(
      "{\"network\": \"%s\", \"exchange\": \"%s\", \"ranks\": %d, \"cores\": %d, "
      "\"batch\": %d, \"micro_batch\": %d, "
      "\"link_mbit\": %g, \"image_us\": %g, \"update_us\": %g, \"message_us\": %g, "
      "\"seconds\": %.9g, \"sent\": [%s]}\n",
      name.c_str(), std::string(recipes::ExchangeName(exchange)).c_str(), ranks, cores, batch,
      kMicroBatch, link_mbit, kImageMicros, kUpdateMicros, kMessageMicros, cost.seconds,
      absl::StrJoin(cost.sent, ", ").c_str());
}

void PrintAll(const std::string& name) {
  const auto spec = nn::LoadModelSpec(name);
  CONVOY_CHECK(spec.ok());
  auto network = nn::Network::Create(*spec);
  CONVOY_CHECK(network.ok());
  const nn::Plan plan(*std::move(network));
  for (const double link : {100., 1000., 10000.}) {
    for (const int batch : {128, 512, 2048}) {
      for (const int ranks : {1, 2, 3, 4, 5, 6, 7, 8}) {
        for (const int cores : {1, 2, 4}) {
          Print(name, plan, ranks, cores, batch, link, step::Exchange::kFloat32);
          Print(name, plan, ranks, cores, batch, link, step::Exchange::kBfloat16);
        }
      }
    }
  }
}

}  // namespace
}  // namespace convoy

int main() {
  for (const char* name : {"notebook", "cifar10_fast", "cifar10_good"}) convoy::PrintAll(name);
}
