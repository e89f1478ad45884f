// What the network says of an image does not depend on the batch that the image is in.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/kernels/simd/kernel_testing.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/network_testing.h"

namespace convoy::nn {
namespace {

constexpr int kImages = 33;

// Returns the probabilities of all images, predicted `at_once` at a time.
std::vector<float> PredictInBatches(const Plan& plan, const PreparedWeights& weights,
                                    const TestImages& images, int at_once) {
  const int classes = plan.network().num_classes();
  std::vector<float> probabilities(static_cast<size_t>(images.count() * classes), NAN);
  Executor executor(plan, at_once);
  for (int first = 0; first < images.count(); first += at_once) {
    TestImages batch = images.Slice(first, std::min(at_once, images.count() - first));
    executor.Predict(weights, batch.Batch(), probabilities.data() + first * classes);
  }
  return probabilities;
}

void ExpectSameBitsInAnyBatch(const Network& network) {
  const Plan plan(network);
  const std::vector<float> weights = NoisyWeights(network);
  AlignedBuffer<float> prepared(static_cast<size_t>(plan.prepared_floats()));
  plan.Prepare(weights.data(), prepared.data());
  const PreparedWeights both{.weights = weights.data(), .prepared = prepared.data()};
  const TestImages images = NoiseImages(network, kImages);
  const std::vector<float> alone = PredictInBatches(plan, both, images, 1);
  // An executor for fewer images than it is given cuts them itself.
  TestImages all = images;
  std::vector<float> cut(alone.size(), NAN);
  Executor(plan, 5).Predict(both, all.Batch(), cut.data());
  kernels::ExpectSameBits(cut, alone);
  for (const int at_once : {2, 7, 16, kImages}) {
    SCOPED_TRACE(::testing::Message() << at_once << " images at a time");
    kernels::ExpectSameBits(PredictInBatches(plan, both, images, at_once), alone);
  }
}

using kernels::IsaTestName;
using kernels::SupportedIsas;

class InferenceBatchTest : public kernels::EveryIsaTest {};
CONVOY_INSTANTIATE_FOR_EVERY_ISA(InferenceBatchTest);

TEST_P(InferenceBatchTest, BuiltinNetworksGiveAnImageTheSameBitsInAnyBatch) {
  for (const std::string& name : BuiltinModelNames()) {
    SCOPED_TRACE(name);
    ExpectSameBitsInAnyBatch(Network::Create(LoadModelSpec(name).value()).value());
  }
}

TEST_P(InferenceBatchTest, OddNetworksGiveAnImageTheSameBitsInAnyBatch) {
  for (const Network& network : OddNetworks()) {
    SCOPED_TRACE(network.spec().name);
    ExpectSameBitsInAnyBatch(network);
  }
}

}  // namespace
}  // namespace convoy::nn
