// Measures prediction, in one thread: images/s (items_per_second) of the built-in networks for
// batches of 1, 8 and 128 on every instruction set of the machine. It first checks each answer
// against the reference in double and refuses to measure if one is wrong.
//
// A benchmark's name is Predict/NETWORK/ISA/batch:N/at_once:M, where M is the largest number of
// images that go through the network together.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/evaluate/evaluation.h"
#include "common/kernels/elementwise/softmax_ref.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/builtin_models.h"
#include "common/nn/plan/executor.h"
#include "common/nn/plan/network_testing.h"
#include "common/nn/plan/reference_network.h"

namespace convoy {
namespace {

constexpr int kBatches[] = {1, 8, 128};
constexpr int kMaxBatch = 128;
// The reference takes its time, so these many images are checked.
constexpr int kChecked = 3;
constexpr double kTolerance = 1e-5;

// A network with weights and images, compiled for one instruction set.
class Subject {
 public:
  Subject(const std::string& name, kernels::Isa isa)
      : isa_(isa),
        label_(absl::StrCat(name, "/", std::string(kernels::IsaName(isa)))),
        plan_(nn::Network::Create(nn::LoadModelSpec(name).value()).value()),
        weights_(nn::NoisyWeights(plan_.network())),
        prepared_(static_cast<size_t>(plan_.prepared_floats())),
        images_(nn::NoiseImages(plan_.network(), kMaxBatch)) {
    plan_.Prepare(weights_.data(), prepared_.data());
  }

  const std::string& label() const { return label_; }

  void Check() {
    const int classes = plan_.network().num_classes();
    nn::TestImages some = images_.Slice(0, kChecked);
    const std::vector<double> exact_weights = nn::ToDouble(weights_);
    nn::ReferenceNetwork<double> reference(plan_.network());
    std::vector<double> expected =
        reference.Infer(kChecked, exact_weights.data(), some.UnitValues().data());
    kernels::SoftmaxRef(kChecked, classes, expected.data(), expected.data());
    nn::Executor executor(plan_, evaluate::kChunkImages);
    std::vector<float> actual(static_cast<size_t>(kMaxBatch * classes));
    executor.Predict(Weights(), images_.Batch(), actual.data());
    for (size_t i = 0; i < expected.size(); ++i) {
      if (std::abs(actual[i] - expected[i]) <= kTolerance) continue;
      std::fprintf(stderr, "%s predicts %g instead of %g: not measured\n", label_.c_str(),
                   actual[i], expected[i]);
      std::exit(1);
    }
  }

  void Measure(benchmark::State& state, int batch, int at_once) {
    CONVOY_CHECK(kernels::SelectIsa(isa_).ok());
    nn::TestImages images = images_.Slice(0, batch);
    nn::Executor executor(plan_, at_once);
    std::vector<float> probabilities(static_cast<size_t>(batch * plan_.network().num_classes()));
    for (auto _ : state) {
      executor.Predict(Weights(), images.Batch(), probabilities.data());
      benchmark::ClobberMemory();
    }
    state.SetItemsProcessed(state.iterations() * batch);
  }

 private:
  nn::PreparedWeights Weights() const {
    return {.weights = weights_.data(), .prepared = prepared_.data()};
  }

  kernels::Isa isa_;
  std::string label_;
  nn::Plan plan_;
  std::vector<float> weights_;
  AlignedBuffer<float> prepared_;
  nn::TestImages images_;
};

void Register(const std::shared_ptr<Subject>& subject, int batch, int at_once) {
  const std::string name =
      absl::StrCat("Predict/", subject->label(), "/batch:", batch, "/at_once:", at_once);
  benchmark::RegisterBenchmark(
      name.c_str(), [=](benchmark::State& state) { subject->Measure(state, batch, at_once); });
}

void CheckAndRegisterAll() {
  for (const std::string& name : nn::BuiltinModelNames()) {
    for (const kernels::Isa isa : kernels::SupportedIsas()) {
      CONVOY_CHECK(kernels::SelectIsa(isa).ok());
      const auto subject = std::make_shared<Subject>(name, isa);
      subject->Check();
      for (const int batch : kBatches) {
        Register(subject, batch, std::min(batch, evaluate::kChunkImages));
      }
      Register(subject, kMaxBatch, kMaxBatch);
    }
  }
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  convoy::CheckAndRegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
