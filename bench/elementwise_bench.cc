// Measures the elementwise kernels and the optimizers on every instruction set of the machine, with
// the sizes of the notebook's network. It first checks each against its plain reference and refuses
// to measure if one is wrong.
//
// items_per_second counts elements, or images where the name says so; bytes_per_second counts what
// is read and written once.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <numeric>
#include <string>
#include <vector>

#include "common/base/check.h"
#include "common/base/random.h"
#include "common/kernels/elementwise/activation.h"
#include "common/kernels/elementwise/activation_ref.h"
#include "common/kernels/elementwise/dropout.h"
#include "common/kernels/elementwise/dropout_ref.h"
#include "common/kernels/elementwise/softmax.h"
#include "common/kernels/elementwise/softmax_ref.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "common/kernels/elementwise/vector_ops_ref.h"
#include "common/kernels/simd/isa.h"
#include "common/optim/optimizer.h"
#include "common/optim/optimizer_ref.h"

namespace convoy {
namespace {

using kernels::Activation;
using Values = std::vector<float>;

constexpr int kImages = 128;
constexpr int kClasses = 10;
constexpr int kDense = 128;              // outputs of the notebook's hidden dense layer
constexpr int64_t kParameters = 225034;  // of the notebook's network
constexpr int kPixels = 28 * 28;
constexpr int64_t kConvRows = 16 * 26 * 26;  // pixels of a micro-batch after the first convolution
constexpr int64_t kConvChannels = 32;

Values Random(int64_t size, uint32_t stream, float range = 1) {
  RandomSequence random(1, RandomStream::kNoise, stream);
  Values values(size);
  for (float& value : values) value = (2 * random.NextFloat() - 1) * range;
  return values;
}

template <typename T>
std::vector<T> RandomBelow(int64_t size, int bound) {
  RandomSequence random(1, RandomStream::kNoise, 99);
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(random.NextBelow(bound));
  return values;
}

// Exits unless the arrays agree within a relative `tolerance`.
void CheckNear(const std::string& what, const Values& actual, const Values& expected,
               float tolerance) {
  for (size_t i = 0; i < expected.size(); ++i) {
    if (std::abs(actual[i] - expected[i]) <= tolerance * (1 + std::abs(expected[i]))) continue;
    std::fprintf(stderr, "%s on %s gives %g instead of %g: not measured\n", what.c_str(),
                 std::string(kernels::IsaName(kernels::CurrentIsa())).c_str(), actual[i],
                 expected[i]);
    std::exit(1);
  }
}

// Something to measure: run() does `items` items and moves `bytes` bytes; check() exits if the
// result of run() is wrong.
struct Case {
  std::string name;
  int64_t items = 0;
  int64_t bytes = 0;
  std::function<void()> run;
  std::function<void()> check;
};

Case ForwardCase(const std::string& name, Activation activation) {
  auto src = std::make_shared<Values>(Random(kImages * kDense, 1, 5));
  auto dst = std::make_shared<Values>(src->size());
  const int64_t n = std::ssize(*src);
  return {name + "Forward", n, 8 * n,
          [=] { kernels::ActivationForward(activation, src->data(), dst->data(), n); },
          [=] {
            Values expected(n);
            kernels::ActivationForwardRef(activation, src->data(), expected.data(), n);
            CheckNear(name, *dst, expected, 1e-6f);
          }};
}

Case BackwardCase(const std::string& name, Activation activation) {
  auto dst = std::make_shared<Values>(Random(kImages * kDense, 1));
  auto d_dst = std::make_shared<Values>(Random(kImages * kDense, 2));
  auto d_src = std::make_shared<Values>(dst->size());
  const int64_t n = std::ssize(*dst);
  return {name + "Backward", n, 12 * n,
          [=] {
            kernels::ActivationBackward(activation, dst->data(), d_dst->data(), d_src->data(), n);
          },
          [=] {
            Values expected(n);
            kernels::ActivationBackwardRef(activation, dst->data(), d_dst->data(), expected.data(),
                                           n);
            CheckNear(name, *d_src, expected, 1e-6f);
          }};
}

Case SoftmaxCase() {
  auto logits = std::make_shared<Values>(Random(kImages * kClasses, 1, 5));
  auto labels = std::make_shared<std::vector<Label>>(RandomBelow<Label>(kImages, kClasses));
  auto d_logits = std::make_shared<Values>(logits->size());
  const int64_t n = std::ssize(*logits);
  return {"SoftmaxCrossEntropyImages", kImages, 8 * n,
          [=] {
            benchmark::DoNotOptimize(kernels::SoftmaxCrossEntropy(
                kImages, kClasses, logits->data(), labels->data(), d_logits->data(), nullptr));
          },
          [=] {
            Values expected(n);
            Values losses(kImages);
            kernels::SoftmaxCrossEntropyRef(kImages, kClasses, logits->data(), labels->data(),
                                            expected.data(), losses.data());
            CheckNear("SoftmaxCrossEntropy", *d_logits, expected, 1e-6f);
          }};
}

struct DropoutArrays {
  Values src = Random(kImages * kDense, 1);
  Values dst = Values(src.size());
  std::vector<uint8_t> keep = std::vector<uint8_t>(src.size(), 1);
  std::vector<uint32_t> index = std::vector<uint32_t>(kImages, 7);
};

Case DropoutForwardCase() {
  auto a = std::make_shared<DropoutArrays>();
  const kernels::DropoutKey key{1, 2, 3};
  return {"DropoutForwardImages", kImages, 9 * std::ssize(a->src),
          [=] {
            kernels::DropoutForward(key, 0.5f, kImages, kDense, a->index.data(), a->src.data(),
                                    a->dst.data(), a->keep.data());
          },
          [=] {
            Values expected(a->src.size());
            std::vector<uint8_t> keep(a->src.size());
            kernels::DropoutForwardRef(key, 0.5f, kImages, kDense, a->index.data(), a->src.data(),
                                       expected.data(), keep.data());
            CheckNear("DropoutForward", a->dst, expected, 0);
          }};
}

Case DropoutBackwardCase() {
  auto a = std::make_shared<DropoutArrays>();
  const int64_t n = std::ssize(a->src);
  for (int64_t i = 0; i < n; i += 3) a->keep[i] = 0;
  return {"DropoutBackwardImages", kImages, 9 * n,
          [=] { kernels::DropoutBackward(0.5f, n, a->keep.data(), a->src.data(), a->dst.data()); },
          [=] {
            Values expected(n);
            kernels::DropoutBackwardRef(0.5f, n, a->keep.data(), a->src.data(), expected.data());
            CheckNear("DropoutBackward", a->dst, expected, 0);
          }};
}

Case AddCase() {
  auto a = std::make_shared<Values>(Random(kParameters, 1));
  auto b = std::make_shared<Values>(Random(kParameters, 2));
  auto sum = std::make_shared<Values>(kParameters);
  return {"AddTo", kParameters, 12 * kParameters,
          [=] { kernels::AddTo(a->data(), b->data(), sum->data(), kParameters); },
          [=] {
            Values expected(kParameters);
            kernels::AddToRef(a->data(), b->data(), expected.data(), kParameters);
            CheckNear("AddTo", *sum, expected, 0);
          }};
}

Case AllFiniteCase() {
  auto values = std::make_shared<Values>(Random(kParameters, 1));
  return {"AllFinite", kParameters, 4 * kParameters,
          [=] { benchmark::DoNotOptimize(kernels::AllFinite(values->data(), kParameters)); },
          [=] {
            Values broken = *values;
            broken[kParameters / 2] = INFINITY;
            CONVOY_CHECK(kernels::AllFinite(values->data(), kParameters));
            CONVOY_CHECK(!kernels::AllFinite(broken.data(), kParameters));
          }};
}

Case BytesCase() {
  constexpr int64_t kBytes = kImages * kPixels;
  auto src = std::make_shared<std::vector<uint8_t>>(RandomBelow<uint8_t>(kBytes, 256));
  auto dst = std::make_shared<Values>(kBytes);
  return {"Uint8ToUnitFloatImages", kImages, 5 * kBytes,
          [=] { kernels::Uint8ToUnitFloat(src->data(), dst->data(), kBytes); },
          [=] {
            Values expected(kBytes);
            kernels::Uint8ToUnitFloatRef(src->data(), expected.data(), kBytes);
            CheckNear("Uint8ToUnitFloat", *dst, expected, 0);
          }};
}

Case ColumnSumsCase() {
  auto src = std::make_shared<Values>(Random(kConvRows * kConvChannels, 1));
  auto sums = std::make_shared<Values>(kConvChannels);
  const int64_t n = std::ssize(*src);
  return {"ColumnSums", n, 4 * n,
          [=] { kernels::ColumnSums(kConvRows, kConvChannels, src->data(), sums->data()); },
          [=] {
            Values expected(kConvChannels);
            kernels::ColumnSumsRef(kConvRows, kConvChannels, src->data(), expected.data());
            CheckNear("ColumnSums", *sums, expected, 0);
          }};
}

struct OptimizerArrays {
  Values weights = Random(kParameters, 1);
  Values gradient = Random(kParameters, 2);
  Values slots[2] = {Values(kParameters), Values(kParameters)};
  std::vector<float*> pointers = {slots[0].data(), slots[1].data()};
};

// `moment` is what the slots start with; a subnormal one shows whether those slow the update down.
Case OptimizerCase(const std::string& name, const optim::OptimizerConfig& config, int64_t floats,
                   float moment = 0) {
  auto a = std::make_shared<OptimizerArrays>();
  std::shared_ptr<optim::Optimizer> optimizer = *optim::Optimizer::Create(config);
  if (moment != 0) {
    a->gradient.assign(kParameters, 0.0f);
    for (Values& slot : a->slots) slot.assign(kParameters, moment);
  }
  const auto run = [=] {
    optimizer->Update(7, config.learning_rate, 1.0f / kImages, kParameters, a->weights.data(),
                      a->gradient.data(), a->pointers.data(), a->weights.data());
  };
  return {name, kParameters, 4 * floats * kParameters, run, [=] {
            Values expected = a->weights;
            Values slots[2] = {a->slots[0], a->slots[1]};
            float* pointers[2] = {slots[0].data(), slots[1].data()};
            optim::UpdateRef(config, 7, config.learning_rate, 1.0f / kImages, kParameters,
                             a->gradient.data(), pointers, expected.data());
            run();
            CheckNear(name, a->weights, expected, 1e-6f);
          }};
}

std::vector<Case> AllCases() {
  using Kind = optim::OptimizerConfig::Kind;
  return {
      ForwardCase("Relu", Activation::kRelu),
      BackwardCase("Relu", Activation::kRelu),
      ForwardCase("Sigmoid", Activation::kSigmoid),
      ForwardCase("Tanh", Activation::kTanh),
      SoftmaxCase(),
      DropoutForwardCase(),
      DropoutBackwardCase(),
      AddCase(),
      AllFiniteCase(),
      BytesCase(),
      ColumnSumsCase(),
      OptimizerCase("Adam", {.kind = Kind::kAdam}, 7),
      OptimizerCase("AdamSubnormalMoments", {.kind = Kind::kAdam}, 7, 1e-40f),
      OptimizerCase("Sgd", {.kind = Kind::kSgd}, 3),
      OptimizerCase("SgdMomentum", {.kind = Kind::kSgd, .momentum = 0.9}, 5),
  };
}

void Measure(benchmark::State& state, kernels::Isa isa, const Case& measured) {
  CONVOY_CHECK(kernels::SelectIsa(isa).ok());
  for (auto _ : state) {
    measured.run();
    benchmark::ClobberMemory();
  }
  state.SetItemsProcessed(state.iterations() * measured.items);
  state.SetBytesProcessed(state.iterations() * measured.bytes);
}

void CheckAndRegister(const std::vector<Case>& cases) {
  for (kernels::Isa isa : kernels::SupportedIsas()) {
    CONVOY_CHECK(kernels::SelectIsa(isa).ok());
    for (const Case& measured : cases) {
      measured.run();
      measured.check();
      const std::string name = measured.name + "/" + std::string(kernels::IsaName(isa));
      benchmark::RegisterBenchmark(name.c_str(),
                                   [=](benchmark::State& state) { Measure(state, isa, measured); });
    }
  }
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  convoy::CheckAndRegister(convoy::AllCases());
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
