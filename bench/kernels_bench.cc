// Measures the convolution blocks and the dense kernels on every instruction set of the machine,
// with the layers of the notebook's network, a LeNet-5 and a deeper network, in micro-batches
// of 16. It first checks each against its plain reference in double and refuses to measure if one
// is wrong.
//
// items_per_second counts images. FLOP/s counts the products that the operation needs by its
// definition, dense and without tricks, so that methods can be compared; it may exceed the
// machine's peak. "sgemm" is OpenBLAS at 512 x 512 x 512: other programs on the machine slow it
// down alike, so compare ratios to it. Use --benchmark_repetitions and the minimum: means measure
// the neighbours.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/conv/block.h"
#include "common/kernels/conv/conv2d_ref.h"
#include "common/kernels/conv/conv_testing.h"
#include "common/kernels/conv/fused_block.h"
#include "common/kernels/dense/dense.h"
#include "common/kernels/dense/dense_ref.h"
#include "common/kernels/pooling/max_pool_ref.h"
#include "common/kernels/simd/isa.h"

namespace convoy::kernels {
namespace {

constexpr int kImages = 16;  // a micro-batch
// Of the gradients behind dropout and ReLU, about this part is not 0.
constexpr double kDenseGradients = 0.19;

// Exits unless `actual` is near `expected`.
template <typename Actual>
void CheckNear(const std::string& what, const Actual& actual, const std::vector<double>& expected) {
  const double error = RelativeL2(actual, expected);
  if (error < 5e-5) return;
  std::fprintf(stderr, "%s on %s is off by %g: not measured\n", what.c_str(),
               std::string(IsaName(CurrentIsa())).c_str(), error);
  std::exit(1);
}

AlignedBuffer<float> Aligned(const std::vector<float>& values) {
  AlignedBuffer<float> buffer(values.size());
  std::copy(values.begin(), values.end(), buffer.begin());
  return buffer;
}

void Measure(benchmark::State& state, int images, double flops_per_image,
             const std::function<void()>& run) {
  for (auto _ : state) {
    run();
    benchmark::ClobberMemory();
  }
  const double done = static_cast<double>(state.iterations()) * images;
  state.SetItemsProcessed(static_cast<int64_t>(done));
  state.counters["FLOP/s"] =
      benchmark::Counter(done * flops_per_image, benchmark::Counter::kIsRate);
  state.counters["us/image"] =
      benchmark::Counter(done * 1e-6, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// A bias with which about half of the pooled outputs are alive: the maximum of four neighbours has
// about this many standard deviations as its median.
float HalfAliveBias(const ConvBlockGeometry& g) {
  constexpr double kVariance = 1.0 / 24 * 1.0 / 12;  // of a product, see BlockBench
  const double products = static_cast<double>(g.weight_floats()) / g.conv.out_channels;
  return g.pooled ? static_cast<float>(-0.6 * std::sqrt(products * kVariance)) : 0.0f;
}

std::unique_ptr<ConvBlock> FastestBlock(const ConvBlockGeometry& g) {
  absl::StatusOr<std::unique_ptr<ConvBlock>> winograd = CreateWinogradBlock(g);
  return winograd.ok() ? *std::move(winograd) : CreateDirectBlock(g).value();
}

// A block with its memory: weights uniform in [-0.5, 0.5), inputs the positive part of such.
class BlockBench {
 public:
  BlockBench(std::string name, const ConvBlockGeometry& g)
      : name_(std::move(name)),
        g_(g),
        block_(FastestBlock(g)),
        weight_(RandomVector<float>(g.weight_floats(), 1)),
        bias_(g.conv.out_channels, HalfAliveBias(g)),
        src_(Aligned(RandomVector<float>(kImages * g.in_floats(), 2))),
        d_dst_(Aligned(RandomVector<float>(kImages * g.out_floats(), 3))),
        dst_(d_dst_.size()),
        d_src_(src_.size()),
        d_weight_(weight_.size()),
        d_bias_(bias_.size()),
        prepared_(block_->prepared_floats()),
        codes_(kImages * block_->code_bytes()),
        workspace_(block_->workspace_bytes()) {
    for (float& x : src_) x = std::max(x, 0.0f);
    Prepare();
  }

  void Prepare() { block_->Prepare(weight_.data(), bias_.data(), prepared_.data()); }
  void Forward(bool training) {
    block_->Forward(kImages, Activations(training), prepared_.data(), workspace_.data());
  }
  void Backward() {
    block_->Backward(
        kImages, Activations(true), prepared_.data(),
        {d_dst_.data(), g_.needs_d_src ? d_src_.data() : nullptr, d_weight_.data(), d_bias_.data()},
        workspace_.data());
  }

  // Exits if the block's results are wrong.
  void Check() {
    const std::vector<double> weight = Cast<double>(weight_), bias = Cast<double>(bias_),
                              src(src_.begin(), src_.end());
    std::vector<double> conv(kImages * DstFloats(g_.conv)), d_conv(conv.size(), 0.0),
        dst = conv, d_src(src.size()), d_weight(weight.size()), d_bias(bias.size());
    Conv2dForwardRef<double>(g_.conv, kImages, src.data(), weight.data(), bias.data(), conv.data());
    std::vector<double> d_dst(d_dst_.begin(), d_dst_.end());
    if (g_.pooled) {
      std::vector<int32_t> argmax(d_dst.size());
      dst.resize(d_dst.size());
      MaxPoolForwardRef<double>(g_.pool, kImages, conv.data(), dst.data(), argmax.data());
      MaxPoolBackwardRef<double>(g_.pool, kImages, d_dst.data(), argmax.data(), d_conv.data());
    } else {
      dst = conv;
      d_conv = d_dst;
    }
    for (double& x : dst) x = std::max(x, 0.0);
    for (size_t i = 0; i < conv.size(); ++i) d_conv[i] = conv[i] > 0 ? d_conv[i] : 0;
    Conv2dBackwardRef<double>(g_.conv, kImages, src.data(), weight.data(), d_conv.data(),
                              d_src.data(), d_weight.data(), d_bias.data());
    Prepare();
    Forward(true);
    Backward();
    CheckNear(name_ + " forward", dst_, dst);
    CheckNear(name_ + " d_weight", d_weight_, d_weight);
    CheckNear(name_ + " d_bias", d_bias_, d_bias);
    if (g_.needs_d_src) CheckNear(name_ + " d_src", d_src_, d_src);
  }

  double alive() const {
    double count = 0;
    for (float x : dst_) count += x > 0 ? 1 : 0;
    return count / static_cast<double>(dst_.size());
  }
  double flops() const {
    const double outputs =
        g_.pooled ? 4.0 * g_.out_height() * g_.out_width() : 1.0 * g_.out_height() * g_.out_width();
    return 2 * outputs * static_cast<double>(g_.weight_floats());
  }
  const ConvBlockGeometry& geometry() const { return g_; }
  const std::string& name() const { return name_; }

 private:
  ConvBlockActivations Activations(bool training) {
    return {{src_.data()}, dst_.data(), training ? codes_.data() : nullptr};
  }

  std::string name_;
  ConvBlockGeometry g_;
  std::unique_ptr<ConvBlock> block_;
  std::vector<float> weight_, bias_;
  AlignedBuffer<float> src_, d_dst_, dst_, d_src_, d_weight_, d_bias_, prepared_;
  AlignedBuffer<uint8_t> codes_;
  AlignedBuffer<std::byte> workspace_;
};

// A convolution of size x size images and, if `pooled`, a 2x2 pool.
ConvBlockGeometry Square(int size, int in_channels, int out_channels, int kernel, bool same,
                         bool pooled, bool first = false) {
  const int pad = same ? kernel / 2 : 0;
  const int out = size + 2 * pad - kernel + 1;
  ConvBlockGeometry g;
  g.conv = {size, size, in_channels, out, out, out_channels, kernel, kernel, 1, 1, pad, pad};
  g.pooled = pooled;
  if (pooled) g.pool = {out, out, out_channels, out / 2, out / 2, 2, 2, 2, 2, 0, 0};
  g.needs_d_src = !first;
  return g;
}

struct NamedGeometry {
  const char* name;
  ConvBlockGeometry geometry;
};

std::vector<NamedGeometry> Blocks() {
  // What the notebook's second block reads of the first: 12 x 12.
  ConvBlockGeometry conv1 = Square(28, 1, 32, 3, false, true, true);
  conv1.pool.out_height = conv1.pool.out_width = 12;
  return {{"notebook/conv1", conv1},
          {"notebook/conv2", Square(12, 32, 64, 3, false, true)},
          {"lenet/conv1", Square(28, 1, 6, 5, true, true, true)},
          {"lenet/conv2", Square(14, 6, 16, 5, false, true)},
          {"deeper/conv1", Square(28, 1, 32, 3, true, true, true)},
          {"deeper/conv2", Square(14, 32, 64, 3, true, true)},
          {"deeper/conv3", Square(7, 64, 128, 3, true, false)}};
}

// Runs `function` on `isa`, which the benchmark's name says.
void Register(const std::string& name, Isa isa, std::function<void(benchmark::State&)> function) {
  benchmark::RegisterBenchmark((name + "/" + std::string(IsaName(isa))).c_str(),
                               [isa, function](benchmark::State& state) {
                                 CONVOY_CHECK(SelectIsa(isa).ok());
                                 function(state);
                               });
}

void RegisterBlock(const NamedGeometry& named, Isa isa) {
  const auto bench = std::make_shared<BlockBench>(named.name, named.geometry);
  bench->Check();
  const std::string name = named.name;
  Register(name + "/prepare", isa,
           [bench](benchmark::State& state) { Measure(state, 1, 0, [&] { bench->Prepare(); }); });
  Register(name + "/forward", isa, [bench](benchmark::State& state) {
    Measure(state, kImages, bench->flops(), [&] { bench->Forward(true); });
  });
  Register(name + "/infer", isa, [bench](benchmark::State& state) {
    Measure(state, kImages, bench->flops(), [&] { bench->Forward(false); });
  });
  Register(name + "/backward", isa, [bench](benchmark::State& state) {
    bench->Forward(true);
    const double passes = bench->geometry().needs_d_src ? 2 : 1;
    Measure(state, kImages, passes * bench->flops(), [&] { bench->Backward(); });
    state.counters["alive"] = bench->alive();
  });
}

// The notebook's first dense layer.
class DenseBench {
 public:
  static constexpr int kIn = 1600;
  static constexpr int kOut = 128;
  static constexpr double kFlops = 2.0 * kIn * kOut;

  explicit DenseBench(int n)
      : n_(n),
        src_(Aligned(RandomVector<float>(n * kIn, 1))),
        weight_(Aligned(RandomVector<float>(kIn * kOut, 2))),
        bias_(Aligned(RandomVector<float>(kOut, 3))),
        d_dst_(Aligned(RandomVector<float>(n * kOut, 4))),
        transposed_(DenseTransposedFloats(kIn, kOut)),
        dst_(n * kOut),
        d_src_(n * kIn),
        d_weight_(kIn * kOut) {
    for (float& x : src_) x = std::max(x, 0.0f);
    for (float& x : d_dst_) x = x + 0.5f < kDenseGradients ? x : 0.0f;
    WorkspaceCarver measure(nullptr);
    CarveDenseGradients(n, kOut, measure);
    memory_ = AlignedBuffer<std::byte>(measure.bytes());
    WorkspaceCarver carver(memory_.data());
    buffers_ = CarveDenseGradients(n, kOut, carver);
    Transpose();
  }

  void Transpose() { DenseTransposed(kIn, kOut, weight_.data(), transposed_.data()); }
  void Forward() {
    DenseForwardInCache(n_, kIn, kOut, src_.data(), weight_.data(), bias_.data(), dst_.data());
  }
  void SrcGradient() {
    DenseSrcGradient(n_, kIn, kOut, d_dst_.data(), transposed_.data(), d_src_.data(), buffers_);
  }
  void WeightGradient() {
    DenseWeightGradient(ListDenseGradients(n_, kOut, d_dst_.data(), buffers_), kIn, src_.data(),
                        kIn, d_weight_.data());
  }

  void Check() {
    const std::vector<double> src(src_.begin(), src_.end()), weight(weight_.begin(), weight_.end()),
        bias(bias_.begin(), bias_.end()), d_dst(d_dst_.begin(), d_dst_.end());
    std::vector<double> dst(d_dst.size()), d_src(src.size()), d_weight(weight.size()), d_bias(kOut);
    DenseForwardRef(n_, kIn, kOut, src.data(), weight.data(), bias.data(), dst.data());
    DenseBackwardRef(n_, kIn, kOut, src.data(), weight.data(), d_dst.data(), d_src.data(),
                     d_weight.data(), d_bias.data());
    Transpose();
    Forward();
    SrcGradient();
    WeightGradient();
    CheckNear("dense forward", dst_, dst);
    CheckNear("dense d_src", d_src_, d_src);
    CheckNear("dense d_weight", d_weight_, d_weight);
  }

 private:
  int n_;
  AlignedBuffer<float> src_, weight_, bias_, d_dst_, transposed_, dst_, d_src_, d_weight_;
  AlignedBuffer<std::byte> memory_;
  DenseGradientBuffers buffers_;
};

void RegisterDense(int n, Isa isa) {
  const auto bench = std::make_shared<DenseBench>(n);
  bench->Check();
  const std::string name = "notebook/dense1/n=" + std::to_string(n);
  const auto add = [&](const char* what, void (DenseBench::*run)()) {
    Register(name + what, isa, [bench, run, n](benchmark::State& state) {
      Measure(state, n, DenseBench::kFlops, [&] { (*bench.*run)(); });
    });
  };
  add("/forward", &DenseBench::Forward);
  add("/d_src", &DenseBench::SrcGradient);
  add("/d_weight", &DenseBench::WeightGradient);
  if (n == kImages) add("/transpose", &DenseBench::Transpose);
}

void BM_Sgemm(benchmark::State& state) {
  constexpr int kSize = 512;
  const AlignedBuffer<float> a = Aligned(RandomVector<float>(kSize * kSize, 1));
  AlignedBuffer<float> c(kSize * kSize);
  Measure(state, 1, 2.0 * kSize * kSize * kSize, [&] {
    Gemm(Transpose::kNo, Transpose::kNo, kSize, kSize, kSize, a.data(), kSize, a.data(), kSize, 0,
         c.data(), kSize);
  });
}
BENCHMARK(BM_Sgemm)->Name("sgemm");

void RegisterAll() {
  for (Isa isa : SupportedIsas()) {
    CONVOY_CHECK(SelectIsa(isa).ok());
    for (const NamedGeometry& named : Blocks()) RegisterBlock(named, isa);
    for (int n : {1, kImages, 128}) RegisterDense(n, isa);
  }
}

}  // namespace
}  // namespace convoy::kernels

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  convoy::kernels::RegisterAll();
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
