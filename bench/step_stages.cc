// Where a training step's time goes: one rank, one thread, batches of 128 drawn digits in
// micro-batches of 16, stage by stage, forward and backward, against the machine's measured peak.
//
//   step_stages [MODEL [STEPS]]        MODEL as of trainer --model; notebook, 100 steps
//
// First checks the gradient of its loop against the trainer's, to the bit. Then trains; the first
// half of the steps warms up and moves the weights away from their first values, since what is
// skipped depends on them. Prints a Markdown table: of each stage the median over the micro-batches
// (which other work on the machine interrupts less often than whole steps), of what follows the
// passes the median over the steps, per image. FLOPs are those of the plain algorithm (a
// multiply-add is two, all outputs computed), so a kernel that needs fewer, as Winograd's, may show
// more than the peak. Bytes are what has to be read and written once: activations, and a
// micro-batch's share of weights.
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/stopwatch.h"
#include "common/data/digits/generated_digits.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/builtin_models.h"
#include "common/nn/geometry.h"
#include "common/nn/plan/executor.h"
#include "worker/comm/thread_communicator.h"
#include "worker/step/sharded_optimizer.h"
#include "worker/step/thread_sums.h"
#include "worker/step/weights.h"

namespace convoy {
namespace {

constexpr int kBatch = 128;
constexpr int kMicroBatch = 16;
constexpr int kBatches = 40;  // of different images
constexpr uint64_t kSeed = 42;

// What a row of the table says, of one image.
struct Row {
  std::string name;
  double flops = 0;
  double bytes = 0;
  std::vector<double> micros;  // of each micro-batch or step
};

double LayerFlops(const nn::Layer& layer) {
  if (std::holds_alternative<nn::Conv2dSpec>(layer.kind)) {
    const kernels::Conv2dGeometry g = nn::Conv2dGeometryOf(layer);
    return 2.0 * g.out_height * g.out_width * g.out_channels * g.kernel_height * g.kernel_width *
           g.in_channels;
  }
  if (std::holds_alternative<nn::DenseSpec>(layer.kind)) {
    return 2.0 * static_cast<double>(nn::ElemsOf(layer.input) * nn::ElemsOf(layer.output));
  }
  return 0;
}

// The FLOPs of a stage's forward pass, and its weights.
struct StageSize {
  double flops = 0;
  double parameters = 0;
};

StageSize SizeOf(const nn::Plan& plan, const nn::Plan::Stage& stage) {
  StageSize size;
  const std::vector<std::string> names = absl::StrSplit(stage.layers, " + ");
  for (const nn::Layer& layer : plan.network().layers()) {
    if (std::find(names.begin(), names.end(), layer.name) == names.end()) continue;
    size.flops += LayerFlops(layer);
    for (const nn::Parameter& parameter : layer.parameters) {
      size.parameters += static_cast<double>(parameter.size);
    }
  }
  return size;
}

std::vector<uint8_t> Digits(std::vector<Label>* labels) {
  std::vector<uint8_t> pixels(size_t{kBatches} * kBatch * 28 * 28);
  labels->resize(size_t{kBatches} * kBatch);
  data::GenerateDigits(kSeed, data::kGeneratedTrainSplit, kBatches * kBatch, 1, pixels.data(),
                       labels->data());
  return pixels;
}

// Best of several products of 512 x 512 matrices, in FLOP/s.
double PeakFlops() {
  constexpr int kSize = 512;
  const std::vector<float> a(size_t{kSize} * kSize, 1.0f);
  std::vector<float> c(a.size());
  double best = 1e9;
  for (int i = 0; i < 50; ++i) {
    Stopwatch watch;
    kernels::Gemm(kernels::Transpose::kNo, kernels::Transpose::kNo, kSize, kSize, kSize, a.data(),
                  kSize, a.data(), kSize, 0.0f, c.data(), kSize);
    best = std::min(best, watch.Lap());
  }
  return 2.0 * kSize * kSize * kSize / best;
}

// The trainer's step on one thread, with a stopwatch between all its parts.
class Step {
 public:
  explicit Step(const nn::Plan& plan)
      : plan_(plan),
        world_(1),
        comm_(world_.MakeCommunicator(0)),
        batches_(1, step::BatchPartition(kBatch, kMicroBatch, {1})),
        sharding_(step::PlanSharding(plan, kBatch, 1)),
        team_(1),
        adam_(optim::Optimizer::Create({}).value()),
        optimizer_(*adam_, {}, sharding_, 0, team_, kBatch),
        sums_(0, 1, sharding_, batches_),
        collectives_(
            step::CreateCollectives(*comm_, sharding_, batches_, sums_.num_arrays()).value()),
        weights_(plan, collectives_->arrays().weights[0], collectives_->arrays().weights[1]),
        pixels_(Digits(&labels_)) {
    sums_.SetMemory(collectives_->arrays().gradients);
    nn::InitializeWeights(plan.network(), kSeed, weights_.next());
    weights_.Advance();
    TakeMemory();
    NameRows();
  }

  // Requires the gradient of a micro-batch to be the executor's.
  void Check() {
    PointAt(0, 0);
    const auto n = static_cast<size_t>(sharding_.num_parameters());
    std::vector<float> expected(n);
    std::vector<float> actual(n);
    nn::Executor executor(plan_, kMicroBatch);
    executor.Train(weights_.prepared(), pass_,
                   {.num_images = kMicroBatch, .pixels = image_, .labels = labels_.data()},
                   {.gradient = expected.data()});
    RunMicroBatch(actual.data(), nullptr);
    if (std::memcmp(actual.data(), expected.data(), n * sizeof(float)) == 0) return;
    std::fprintf(stderr, "step_stages: the gradient is not the trainer's: not measured\n");
    std::exit(1);
  }

  // Trains a step; `rows` gets its times if it is to be `measured`.
  void Run(bool measured) {
    std::fill(seconds_.begin(), seconds_.end(), 0.0);
    sums_.Start(0);
    for (int leaf = 0; leaf < kBatch / kMicroBatch; ++leaf) {
      PointAt(static_cast<int>(step_ % kBatches), leaf);
      const kernels::LossSums sums = RunMicroBatch(sums_.Top(0), factors_.data());
      Stopwatch watch;
      sums_.Push(0, 0, leaf, sums.loss, sums.correct);
      seconds_[add_row_] += watch.Lap();
      if (measured) Keep(0, add_row_, kMicroBatch);
    }
    Reduce();
    if (measured) Keep(add_row_, rows_.size(), kBatch);
  }

  const std::vector<Row>& rows() const { return rows_; }

 private:
  // Adds the times of rows first to end, which were of `images`.
  void Keep(size_t first, size_t end, int images) {
    for (size_t i = first; i < end; ++i) rows_[i].micros.push_back(seconds_[i] * 1e6 / images);
  }

  void TakeMemory() {
    size_t largest = 0;
    int64_t scratch = 0;
    activations_.emplace_back(size_t{kMicroBatch} *
                              static_cast<size_t>(plan_.network().input_elems()));
    for (const nn::Plan::Stage& stage : plan_.stages()) {
      activations_.emplace_back(size_t{kMicroBatch} * static_cast<size_t>(stage.dst_elems));
      saved_.emplace_back(static_cast<size_t>(stage.operation->SavedBytes(kMicroBatch)));
      scratch = std::max(scratch, stage.operation->ScratchBytes(kMicroBatch));
      largest = std::max(
          {largest, static_cast<size_t>(stage.src_elems), static_cast<size_t>(stage.dst_elems)});
    }
    scratch_ = AlignedBuffer<std::byte>(static_cast<size_t>(scratch));
    d_dst_ = AlignedBuffer<float>(kMicroBatch * largest);
    d_src_ = AlignedBuffer<float>(kMicroBatch * largest);
    factors_.resize(plan_.stages().size());
  }

  // The rows: pixels to floats, each stage forward, the loss, each stage backward in the order of
  // the network, then what follows the passes.
  void NameRows() {
    constexpr double kFloat = sizeof(float);
    rows_.push_back({.name = "pixels to floats"});
    for (const bool forward : {true, false}) {
      for (size_t i = 0; i < plan_.stages().size(); ++i) {
        const nn::Plan::Stage& stage = plan_.stages()[i];
        const StageSize size = SizeOf(plan_, stage);
        const bool pixels = stage.operation->takes_pixels();
        const double src = static_cast<double>(stage.src_elems) * (pixels ? 1 : kFloat);
        const double dst = static_cast<double>(stage.dst_elems) * kFloat;
        const double weights = size.parameters * kFloat / kMicroBatch;
        // Backward: the gradient of the weights, unless it is left as factors, and that of the
        // source, unless it is the image.
        const int products = (sharding_.kernel_of_stage(i) >= 0 ? 0 : 1) + (i == 0 ? 0 : 1);
        rows_.push_back({.name = absl::StrCat(stage.layers, forward ? " forward" : " backward"),
                         .flops = forward ? size.flops : products * size.flops,
                         .bytes = forward ? src + dst + weights
                                          : src + dst + (i == 0 ? 0 : src) + 2 * weights});
      }
      if (forward) rows_.push_back({.name = "loss"});
    }
    const auto parameters = static_cast<double>(sharding_.num_parameters());
    add_row_ = rows_.size();
    rows_.push_back({.name = "add micro-batches"});
    Row reduce{.name = "reduce"};
    for (const nn::OuterProductGradient& kernel : sharding_.kernels()) {
      reduce.flops += 2.0 * kernel.inputs * kernel.units;
      reduce.bytes += kFloat * (kernel.inputs + kernel.units);
    }
    rows_.push_back(reduce);
    // Adam reads weights, two moments and the gradient, and writes all but the last.
    rows_.push_back({.name = "update", .bytes = 7 * kFloat * parameters / kBatch});
    rows_.push_back(
        {.name = "prepare weights",
         .bytes = kFloat * (parameters + static_cast<double>(plan_.prepared_floats())) / kBatch});
    seconds_.resize(rows_.size());
  }

  // Makes `pass_` and the factors those of a micro-batch.
  void PointAt(int batch, int leaf) {
    first_ = (batch * kBatch) + (leaf * kMicroBatch);
    for (int i = 0; i < kMicroBatch; ++i) {
      image_[i] = pixels_.data() + (size_t{28} * 28 * static_cast<size_t>(first_ + i));
      index_[i] = static_cast<uint32_t>(first_ + i);
    }
    pass_ = {.num_images = kMicroBatch, .pixels = image_, .image_index = index_, .seed = kSeed};
    for (size_t stage = 0; stage < factors_.size(); ++stage) {
      const int kernel = sharding_.kernel_of_stage(stage);
      if (kernel < 0) continue;
      const nn::OuterProductGradient& shape = sharding_.kernels()[static_cast<size_t>(kernel)];
      const step::FactorArrays arrays = collectives_->arrays().factors[static_cast<size_t>(kernel)];
      factors_[stage] = {.src = arrays.src + int64_t{leaf} * kMicroBatch * shape.inputs,
                         .d_dst = arrays.d_dst + int64_t{leaf} * kMicroBatch * shape.units};
    }
  }

  nn::OperationMemory MemoryOf(size_t stage) {
    return {.weights = weights_.current(),
            .prepared = weights_.prepared().prepared + plan_.stages()[stage].prepared_offset,
            .saved = saved_[stage].data(),
            .scratch = scratch_.data()};
  }

  // Executor::Train with a stopwatch.
  kernels::LossSums RunMicroBatch(float* gradient, const nn::SufficientFactors* factors) {
    const auto& stages = plan_.stages();
    Stopwatch watch;
    if (!stages.front().operation->takes_pixels()) {
      const int64_t elems = plan_.network().input_elems();
      for (int i = 0; i < kMicroBatch; ++i) {
        kernels::Uint8ToUnitFloat(image_[i], activations_[0].data() + i * elems, elems);
      }
    }
    size_t row = 0;
    seconds_[row++] = watch.Lap();
    for (size_t i = 0; i < stages.size(); ++i) {
      stages[i].operation->Forward(pass_, MemoryOf(i), activations_[i].data(),
                                   activations_[i + 1].data());
      seconds_[row++] = watch.Lap();
    }
    const kernels::LossSums sums = kernels::SoftmaxCrossEntropy(
        kMicroBatch, plan_.network().num_classes(), activations_.back().data(),
        labels_.data() + first_, d_dst_.data(), /*loss_per_image=*/nullptr);
    seconds_[row++] = watch.Lap();
    for (size_t i = stages.size(); i-- > 0;) {
      float* d_src = i == 0 ? nullptr : d_src_.data();
      const float* src = activations_[i].data();
      const float* dst = activations_[i + 1].data();
      if (factors != nullptr && factors[i].src != nullptr) {
        stages[i].operation->BackwardToFactors(pass_, MemoryOf(i), src, dst, d_dst_.data(), d_src,
                                               gradient, factors[i]);
      } else {
        stages[i].operation->Backward(pass_, MemoryOf(i), src, dst, d_dst_.data(), d_src, gradient);
      }
      std::swap(d_dst_, d_src_);
      seconds_[row + i] = watch.Lap();
    }
    return sums;
  }

  void Reduce() {
    Stopwatch watch;
    sums_.AddUp(0, team_, &contribution_);
    seconds_[add_row_] += watch.Lap();
    metrics::PhaseSeconds phases;
    const step::ScatteredSums* sums = collectives_->ReduceScatter(0, contribution_).value();
    optimizer_.Step(*sums, {.step = ++step_, .learning_rate = 0.001, .grad_scale = 1.0f / kBatch},
                    collectives_->arrays(), weights_.current_set(), &phases);
    CONVOY_CHECK(optimizer_.CheckAllRanks(weights_.next()).ok());
    seconds_[add_row_ + 1] = phases.reduce;
    seconds_[add_row_ + 2] = phases.update;
    watch.Lap();
    weights_.Advance();
    seconds_[add_row_ + 3] = watch.Lap();
  }

  const nn::Plan& plan_;
  comm::ThreadWorld world_;
  std::unique_ptr<comm::Communicator> comm_;
  const std::vector<step::BatchPartition> batches_;
  const step::ShardingPlan sharding_;
  ThreadTeam team_;
  std::unique_ptr<optim::Optimizer> adam_;
  step::ShardedOptimizer optimizer_;
  step::ThreadSums sums_;
  std::unique_ptr<step::Collectives> collectives_;
  step::Weights weights_;
  std::vector<Label> labels_;
  std::vector<uint8_t> pixels_;
  std::vector<AlignedBuffer<float>> activations_;
  std::vector<AlignedBuffer<std::byte>> saved_;
  AlignedBuffer<std::byte> scratch_;
  AlignedBuffer<float> d_dst_;
  AlignedBuffer<float> d_src_;
  std::vector<nn::SufficientFactors> factors_;
  nn::Pass pass_;
  const uint8_t* image_[kMicroBatch] = {};
  uint32_t index_[kMicroBatch] = {};
  int first_ = 0;  // image of the micro-batch
  step::Contribution contribution_;
  int64_t step_ = 0;
  std::vector<Row> rows_;
  std::vector<double> seconds_;  // of the micro-batch or step, for each row
  size_t add_row_ = 0;
};

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

void Print(const nn::Plan& plan, const std::vector<Row>& rows, double peak) {
  double total = 0;
  double flops = 0;
  for (const Row& row : rows) total += Median(row.micros);
  for (const Row& row : rows) flops += row.flops;
  std::printf("%s, %s, OpenBLAS %s, peak %.0f GFLOP/s (sgemm 512 x 512 x 512)\n\n%s\n",
              plan.network().spec().name.c_str(),
              std::string(kernels::IsaName(kernels::CurrentIsa())).c_str(),
              kernels::BlasCore().c_str(), peak / 1e9, plan.Explain().c_str());
  std::printf("| stage | us/image | %% | MFLOP | GFLOP/s | %% of peak | KB | GB/s |\n");
  std::printf("|---|---:|---:|---:|---:|---:|---:|---:|\n");
  for (const Row& row : rows) {
    const double micros = std::max(Median(row.micros), 1e-6);
    std::printf("| %s | %.2f | %.1f | %.3f | %.1f | %.0f | %.1f | %.1f |\n", row.name.c_str(),
                micros, 100 * micros / total, row.flops / 1e6, row.flops / micros / 1e3,
                100 * row.flops / micros * 1e6 / peak, row.bytes / 1e3, row.bytes / micros / 1e3);
  }
  std::printf("| all | %.2f | 100.0 | %.3f | %.1f | %.0f | | |\n", total, flops / 1e6,
              flops / total / 1e3, 100 * flops / total * 1e6 / peak);
  std::printf("\n%.0f images/s\n", 1e6 / total);
}

int Main(int argc, char** argv) {
  int steps = 100;
  if (argc > 3 || (argc > 2 && (!absl::SimpleAtoi(argv[2], &steps) || steps < 2))) {
    std::fprintf(stderr, "usage: step_stages [MODEL [STEPS]], STEPS from 2\n");
    return 2;
  }
  const auto spec = nn::LoadModelSpec(argc > 1 ? argv[1] : "notebook");
  const auto network = spec.ok() ? nn::Network::Create(*spec) : spec.status();
  if (!network.ok()) {
    std::fprintf(stderr, "step_stages: %s\n", std::string(network.status().message()).c_str());
    return 2;
  }
  if (spec->height != 28 || spec->width != 28 || spec->channels != 1 ||
      network->num_classes() < 10) {
    std::fprintf(stderr, "step_stages: %s: takes networks for 28 x 28 x 1 images of ten digits\n",
                 spec->name.c_str());
    return 2;
  }
  const nn::Plan plan(*network);
  Step step(plan);
  step.Check();
  const double peak = PeakFlops();
  for (int i = 0; i < steps; ++i) step.Run(/*measured=*/i >= steps / 2);
  Print(plan, step.rows(), peak);
  return 0;
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) { return convoy::Main(argc, argv); }
