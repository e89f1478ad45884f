// Where a training step's time goes: one rank, one thread, batches of 128 images in micro-batches,
// stage by stage, forward and backward, against the machine's measured peak.
//
//   step_stages [MODEL [STEPS [MICRO_BATCH [DATA]]]]
//
// MODEL is as of trainer --model (notebook), DATA as of trainer --data (drawn digits); 100 steps,
// micro-batches of 16. Trains; the first half of the steps warms up and moves the weights away from
// their first values, since what is skipped depends on them. Prints a Markdown table: of each stage
// the median over the micro-batches (which other work on the machine interrupts less often than
// whole steps), of what follows the passes the median over the steps, per image. FLOPs are those of
// the plain algorithm (a multiply-add is two, all outputs computed), so a kernel that needs fewer,
// as Winograd's, may show more than the peak. Bytes are what has to be read and written once:
// activations, and a micro-batch's share of weights.
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
#include "common/data/load_data.h"
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

// The images to train on: kBatches batches of DATA's, or of drawn digits.
absl::StatusOr<data::Dataset> Images(const char* flag, const nn::Network& network) {
  constexpr int64_t kImages = int64_t{kBatches} * kBatch;
  data::Dataset images;
  if (flag == nullptr) {
    images = {.count = kImages, .height = 28, .width = 28, .num_classes = 10};
    images.pixels.resize(size_t{kImages} * 28 * 28);
    images.labels.resize(size_t{kImages});
    data::GenerateDigits(kSeed, data::kGeneratedTrainSplit, kImages, 1, images.pixels.data(),
                         images.labels.data());
  } else {
    absl::StatusOr<data::DataSource> source = data::LoadData(flag);
    if (!source.ok()) return source.status();
    images = std::move(source->train);
  }
  const nn::ModelSpec& spec = network.spec();
  if (spec.height != images.height || spec.width != images.width ||
      spec.channels != images.channels || network.num_classes() < images.num_classes) {
    return absl::InvalidArgumentError(
        absl::StrCat(spec.name, ": takes no images of ", images.height, " x ", images.width, " x ",
                     images.channels, " of ", images.num_classes, " classes; name DATA that fit"));
  }
  return images;
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
class Step : nn::PassListener {
 public:
  // `plan` and `images` must outlive it.
  Step(const nn::Plan& plan, int micro_batch, const data::Dataset& images)
      : plan_(plan),
        micro_batch_(micro_batch),
        images_(images.View()),
        world_(1),
        comm_(world_.MakeCommunicator(0)),
        batches_(1, step::BatchPartition(kBatch, micro_batch, {1})),
        sharding_(step::PlanSharding(plan, kBatch, 1)),
        team_(1),
        adam_(optim::Optimizer::Create({}).value()),
        optimizer_(*adam_, {}, sharding_, 0, team_, kBatch),
        sums_(0, 1, sharding_, batches_),
        collectives_(
            step::CreateCollectives(*comm_, sharding_, batches_, sums_.num_arrays()).value()),
        weights_(plan, collectives_->arrays().weights[0], collectives_->arrays().weights[1]),
        executor_(plan, micro_batch),
        factors_(plan.stages().size()),
        pixels_(static_cast<size_t>(micro_batch)),
        labels_(static_cast<size_t>(micro_batch)),
        index_(static_cast<size_t>(micro_batch)) {
    sums_.SetMemory(collectives_->arrays().gradients);
    nn::InitializeWeights(plan.network(), kSeed, weights_.next());
    weights_.Advance();
    NameRows();
  }

  // Trains a step; `rows` gets its times if it is to be `measured`.
  void Run(bool measured) {
    std::fill(seconds_.begin(), seconds_.end(), 0.0);
    sums_.Start(0);
    for (int leaf = 0; leaf < kBatch / micro_batch_; ++leaf) {
      RunMicroBatch(leaf);
      if (measured) Keep(0, add_row_, micro_batch_);
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
        const double weights = size.parameters * kFloat / micro_batch_;
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

  // The next micro-batch: images of all classes, wherever the data have them.
  void TakeImages() {
    constexpr int64_t kStride = 7919;  // a prime, so that all images have their turn
    for (size_t i = 0; i < pixels_.size(); ++i) {
      const int64_t image = next_image_++ * kStride % images_.count;
      pixels_[i] = images_.image(image);
      labels_[i] = images_.labels[image];
      index_[i] = static_cast<uint32_t>(image);
    }
  }

  void PointFactorsAt(int leaf) {
    for (size_t stage = 0; stage < factors_.size(); ++stage) {
      const int kernel = sharding_.kernel_of_stage(stage);
      if (kernel < 0) continue;
      const nn::OuterProductGradient& shape = sharding_.kernels()[static_cast<size_t>(kernel)];
      const step::FactorArrays arrays = collectives_->arrays().factors[static_cast<size_t>(kernel)];
      factors_[stage] = {.src = arrays.src + int64_t{leaf} * micro_batch_ * shape.inputs,
                         .d_dst = arrays.d_dst + int64_t{leaf} * micro_batch_ * shape.units};
    }
  }

  void RunMicroBatch(int leaf) {
    TakeImages();
    PointFactorsAt(leaf);
    watch_.Lap();
    const kernels::LossSums sums = executor_.Train(
        weights_.prepared(),
        {.num_images = micro_batch_, .image_index = index_.data(), .seed = kSeed},
        {.num_images = micro_batch_, .pixels = pixels_.data(), .labels = labels_.data()},
        {.gradient = sums_.Top(0), .factors = factors_.data(), .listener = this});
    watch_.Lap();
    sums_.Push(0, 0, leaf, sums.loss, sums.correct);
    seconds_[add_row_] += watch_.Lap();
  }

  void OnDone(Part part, size_t stage) override { seconds_[RowOf(part, stage)] = watch_.Lap(); }

  // NameRows has them in this order.
  size_t RowOf(Part part, size_t stage) const {
    const size_t stages = plan_.stages().size();
    switch (part) {
      case Part::kPixels:
        return 0;
      case Part::kForward:
        return 1 + stage;
      case Part::kLoss:
        return 1 + stages;
      case Part::kBackward:
        return 2 + stages + stage;
    }
    return 0;
  }

  void Reduce() {
    watch_.Lap();
    sums_.AddUp(0, team_, &contribution_);
    seconds_[add_row_] += watch_.Lap();
    metrics::PhaseSeconds phases;
    const step::ScatteredSums* sums = collectives_->ReduceScatter(0, contribution_).value();
    optimizer_.Step(*sums, {.step = ++step_, .learning_rate = 0.001, .grad_scale = 1.0f / kBatch},
                    collectives_->arrays(), weights_.current_set(), &phases);
    CONVOY_CHECK(optimizer_.CheckAllRanks(weights_.next()).ok());
    seconds_[add_row_ + 1] = phases.reduce;
    seconds_[add_row_ + 2] = phases.update;
    watch_.Lap();
    weights_.Advance();
    seconds_[add_row_ + 3] = watch_.Lap();
  }

  const nn::Plan& plan_;
  const int micro_batch_;
  const data::DatasetView images_;
  Stopwatch watch_;
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
  nn::Executor executor_;
  std::vector<nn::SufficientFactors> factors_;
  std::vector<const uint8_t*> pixels_;
  std::vector<Label> labels_;
  std::vector<uint32_t> index_;
  int64_t next_image_ = 0;
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
  int micro_batch = 16;
  if (argc > 5 || (argc > 2 && (!absl::SimpleAtoi(argv[2], &steps) || steps < 2)) ||
      (argc > 3 && (!absl::SimpleAtoi(argv[3], &micro_batch) || micro_batch < 1 ||
                    kBatch % micro_batch != 0))) {
    std::fprintf(stderr,
                 "usage: step_stages [MODEL [STEPS [MICRO_BATCH [DATA]]]], STEPS from 2, "
                 "MICRO_BATCH a divisor of %d\n",
                 kBatch);
    return 2;
  }
  const auto spec = nn::LoadModelSpec(argc > 1 ? argv[1] : "notebook");
  const auto network = spec.ok() ? nn::Network::Create(*spec) : spec.status();
  const auto images = network.ok() ? Images(argc > 4 ? argv[4] : nullptr, *network)
                                   : absl::StatusOr<data::Dataset>(network.status());
  if (!images.ok()) {
    std::fprintf(stderr, "step_stages: %s\n", std::string(images.status().message()).c_str());
    return 2;
  }
  const nn::Plan plan(*network);
  Step step(plan, micro_batch, *images);
  const double peak = PeakFlops();
  for (int i = 0; i < steps; ++i) step.Run(/*measured=*/i >= steps / 2);
  Print(plan, step.rows(), peak);
  return 0;
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) { return convoy::Main(argc, argv); }
