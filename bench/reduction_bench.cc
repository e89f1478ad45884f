// Measures what a training step spends after the gradients are there, on made-up gradients: the
// exact reduction by either transport, --reduce mpi, and as a yardstick a bare all-reduce of the
// same bytes without an optimizer. All take turns in one run. First checks each answer: the numbers
// are such that sums are exact in any order, so all must have the same bits.
//
// Where a kernel is factored, the exact reduction also makes its gradient, which the backward pass
// does otherwise; so --reduce mpi is timed with that product here. The bare all-reduce has neither
// that nor the optimizer.
//
//   mpirun -np N reduction_bench [--turns=N] [--steps=N]      ranks are processes
//   reduction_bench --local-ranks=N                           ranks are threads
//
// Prints the best and the median time of a step in microseconds over all turns, where a turn's time
// is its steps' mean, and their ratios to the bare all-reduce.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/check.h"
#include "common/base/random.h"
#include "common/base/stopwatch.h"
#include "common/base/thread_team.h"
#include "common/kernels/dense/dense.h"
#include "common/kernels/elementwise/vector_ops.h"
#include "worker/comm/mpi_communicator.h"
#include "worker/comm/thread_communicator.h"
#include "worker/step/mpi_all_reduce.h"
#include "worker/step/sharded_optimizer.h"

namespace convoy {
namespace {

using step::Range;

constexpr int kBatchImages = 128;
constexpr int kMicroBatch = 16;
constexpr double kLearningRate = 0.01;

struct Options {
  int turns = 11;
  int steps = 50;  // a turn
  int local_ranks = 0;
};

// What the gradients are of.
struct Problem {
  std::string name;
  int64_t num_parameters = 0;
  std::vector<std::optional<nn::OuterProductGradient>> kernels = {std::nullopt};
};

std::vector<Problem> Problems() {
  // The notebook's network: the kernel of its first dense layer stands between the others.
  constexpr int64_t kNotebook = 225034;
  const nn::OuterProductGradient dense1{.weight_offset = 18816, .inputs = 1600, .units = 128};
  return {{.name = "notebook, factored", .num_parameters = kNotebook, .kernels = {dense1}},
          {.name = "notebook, summed", .num_parameters = kNotebook},
          {.name = "0.1 MB", .num_parameters = 25'000},
          {.name = "0.9 MB", .num_parameters = 225'000},
          {.name = "8 MB", .num_parameters = 2'000'000}};
}

// The element p of the gradient of micro-batch `leaf`, and of an image's factors: of both signs,
// and so few bits that sums and products are exact.
float Value(int64_t leaf, int64_t p) {
  return static_cast<float>((leaf * 37 + p * 11) % 101 - 50) / 64.0f;
}
float SrcValue(int64_t image, int64_t p) { return Value(image + 1000, p); }
// One in five is not 0, as behind dropout and ReLU.
float DstGradient(int64_t image, int64_t p) {
  return (image * 7 + p * 3) % 5 == 0 ? Value(image + 2000, p) : 0.0f;
}

// Writes an image's rows of the kernel's factors src [images, inputs] and d_dst [images, units].
void WriteImage(const nn::OuterProductGradient& kernel, int64_t image, float* src, float* d_dst) {
  for (int i = 0; i < kernel.inputs; ++i) src[image * kernel.inputs + i] = SrcValue(image, i);
  for (int u = 0; u < kernel.units; ++u) {
    d_dst[image * kernel.units + u] = DstGradient(image, u);
  }
}

// One way to turn the ranks' gradients into new weights.
class Contestant {
 public:
  virtual ~Contestant() = default;
  virtual std::string Name() const = 0;
  // COLLECTIVE. One step.
  virtual void Step() = 0;
  // Returns the weights in force; null if it updates none.
  virtual const float* weights() const = 0;
};

step::StepHyperparameters HyperparametersOf(int64_t step) {
  return {.step = step, .learning_rate = kLearningRate, .grad_scale = 1.0f / kBatchImages};
}

// A rank's sum of its micro-batches' gradients: one array a node.
std::vector<float> NodeSum(Range node, int64_t num_parameters) {
  std::vector<float> sum(static_cast<size_t>(num_parameters));
  for (int64_t leaf = node.begin; leaf < node.end; ++leaf) {
    for (int64_t p = 0; p < num_parameters; ++p) sum[static_cast<size_t>(p)] += Value(leaf, p);
  }
  return sum;
}

// What all contestants share on a rank.
struct World {
  World(comm::Communicator& communicator, const Problem& of)
      : comm(communicator),
        problem(of),
        batches(1, step::BatchPartition(
                       kBatchImages, kMicroBatch,
                       std::vector<int>(static_cast<size_t>(communicator.world_size()), 1))),
        optimizer(optim::Optimizer::Create({}).value()),
        team(1) {}

  comm::Communicator& comm;
  const Problem& problem;
  const std::vector<step::BatchPartition> batches;
  std::unique_ptr<optim::Optimizer> optimizer;
  ThreadTeam team;
};

class Exact : public Contestant {
 public:
  Exact(World& world, bool shared)
      : world_(world),
        shared_(shared),
        sharding_(world.problem.num_parameters, world.problem.kernels, kBatchImages,
                  world.comm.world_size()),
        optimizer_(*world.optimizer, {}, sharding_, world.comm.rank(), world.team, kBatchImages) {
    const auto& nodes = world.batches[0].NodesOfRank(world.comm.rank());
    const auto num_gradients = static_cast<int>(nodes.size());
    collectives_ =
        shared
            ? step::CreateSharedCollectives(world.comm, sharding_, world.batches, num_gradients)
                  .value()
            : step::CreateMessageCollectives(world.comm, sharding_, world.batches, num_gradients);
    Contribute(nodes);
    CONVOY_CHECK(world.comm.Barrier().ok());
  }

  std::string Name() const override { return shared_ ? "exact, shared memory" : "exact, messages"; }
  void Step() override {
    const step::ScatteredSums* sums = collectives_->ReduceScatter(0, contribution_).value();
    optimizer_.Step(*sums, HyperparametersOf(++step_), collectives_->arrays(), current_, &phases_);
    current_ = 1 - current_;
    CONVOY_CHECK(collectives_->AllGather(current_).ok());
    CONVOY_CHECK(optimizer_.CheckAllRanks(weights()).ok());
  }
  const float* weights() const override {
    return collectives_->arrays().weights[static_cast<size_t>(current_)];
  }

 private:
  void Contribute(const std::vector<Range>& nodes) {
    for (size_t i = 0; i < nodes.size(); ++i) {
      const std::vector<float> sum = NodeSum(nodes[i], world_.problem.num_parameters);
      float* gradient = collectives_->arrays().gradients[i];
      std::copy(sum.begin(), sum.end(), gradient);
      contribution_.gradients.push_back(gradient);
      contribution_.losses.push_back(1);
      for (int64_t leaf = nodes[i].begin; leaf < nodes[i].end; ++leaf) {
        WriteFactors(world_.batches[0].ImagesOf(leaf));
      }
    }
  }

  void WriteFactors(Range images) {
    for (size_t k = 0; k < sharding_.kernels().size(); ++k) {
      const nn::OuterProductGradient& kernel = sharding_.kernels()[k];
      const step::FactorArrays factors = collectives_->arrays().factors[k];
      for (int64_t image = images.begin; image < images.end; ++image) {
        WriteImage(kernel, image, factors.src, factors.d_dst);
      }
    }
  }

  World& world_;
  bool shared_;
  const step::ShardingPlan sharding_;
  step::ShardedOptimizer optimizer_;
  std::unique_ptr<step::Collectives> collectives_;
  step::Contribution contribution_;
  metrics::PhaseSeconds phases_;
  int64_t step_ = 0;
  int current_ = 0;
};

// A rank's gradient for those that sum in place: each step starts from a fresh copy, whose time is
// in theirs, as a training step's adding up of micro-batches is not in the exact reduction's.
class RankSum {
 public:
  explicit RankSum(const World& world)
      : original_(
            NodeSum(world.batches[0].RunOfRank(world.comm.rank()), world.problem.num_parameters)),
        sum_(original_.size()) {}
  float* Fresh() {
    std::copy(original_.begin(), original_.end(), sum_.begin());
    return sum_.data();
  }

 private:
  std::vector<float> original_;
  AlignedBuffer<float> sum_;
};

// The gradient of a factored kernel from a rank's images, a micro-batch at a time: what the
// backward pass does where no factors are exchanged.
class KernelProducts {
 public:
  explicit KernelProducts(const World& world)
      : world_(world), kernel_(world.problem.kernels.front()) {
    if (!kernel_) return;
    const auto images = static_cast<size_t>(kBatchImages);
    src_ = AlignedBuffer<float>(images * static_cast<size_t>(kernel_->inputs));
    d_dst_ = AlignedBuffer<float>(images * static_cast<size_t>(kernel_->units));
    one_ = AlignedBuffer<float>(static_cast<size_t>(int64_t{kernel_->inputs} * kernel_->units));
    for (int64_t image = 0; image < kBatchImages; ++image) {
      WriteImage(*kernel_, image, src_.data(), d_dst_.data());
    }
    kernels::WorkspaceCarver measure(nullptr);
    kernels::CarveDenseGradients(kMicroBatch, kernel_->units, measure);
    scratch_ = AlignedBuffer<std::byte>(static_cast<size_t>(measure.bytes()));
  }

  // Overwrites the kernel's part of `gradient`.
  void Write(float* gradient) {
    if (!kernel_) return;
    kernels::WorkspaceCarver carver(scratch_.data());
    const auto buffers = kernels::CarveDenseGradients(kMicroBatch, kernel_->units, carver);
    float* sum = gradient + kernel_->weight_offset;
    const Range run = world_.batches[0].RunOfRank(world_.comm.rank());
    if (run.empty()) std::fill(sum, sum + one_.size(), 0.0f);
    for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
      float* dst = leaf == run.begin ? sum : one_.data();
      const int64_t image = leaf * kMicroBatch;
      const auto lists = kernels::ListDenseGradients(
          kMicroBatch, kernel_->units, d_dst_.data() + image * kernel_->units, buffers);
      kernels::DenseWeightGradient(lists, kernel_->inputs, src_.data() + image * kernel_->inputs,
                                   kernel_->inputs, dst);
      if (dst != sum) kernels::Add(dst, sum, static_cast<int64_t>(one_.size()));
    }
  }

 private:
  const World& world_;
  std::optional<nn::OuterProductGradient> kernel_;
  AlignedBuffer<float> src_;
  AlignedBuffer<float> d_dst_;
  AlignedBuffer<float> one_;
  AlignedBuffer<std::byte> scratch_;
};

class Mpi : public Contestant {
 public:
  explicit Mpi(World& world)
      : world_(world),
        sum_(world),
        products_(world),
        optimizer_(*world.optimizer, world.problem.num_parameters),
        all_reduce_(world.comm, world.problem.num_parameters),
        weights_(static_cast<size_t>(world.problem.num_parameters)),
        new_weights_(weights_.size()) {}

  std::string Name() const override { return "--reduce mpi"; }
  void Step() override {
    float* sum = sum_.Fresh();
    products_.Write(sum);
    all_reduce_.Start(sum);
    // As the backward pass of the notebook's network: its last layers are most of it.
    const int64_t n = world_.problem.num_parameters;
    for (const int64_t begin : {n * 9 / 10, n / 10}) {
      CONVOY_CHECK(all_reduce_.AddReady(begin).ok());
    }
    CONVOY_CHECK(all_reduce_.Finish({}).ok());
    const bool gradient_finite = kernels::AllFinite(sum, n);
    optimizer_.Update(HyperparametersOf(++step_), {0, n}, weights_.data(), sum,
                      new_weights_.data());
    CONVOY_CHECK(step::CheckFinite(gradient_finite, new_weights_.data(), n) ==
                 step::Finiteness::kFinite);
    std::swap(weights_, new_weights_);
  }
  const float* weights() const override { return weights_.data(); }

 private:
  World& world_;
  RankSum sum_;
  KernelProducts products_;
  step::RangeOptimizer optimizer_;
  step::MpiAllReduce all_reduce_;
  AlignedBuffer<float> weights_;
  AlignedBuffer<float> new_weights_;
  int64_t step_ = 0;
};

class Bare : public Contestant {
 public:
  explicit Bare(World& world) : world_(world), sum_(world) {}
  std::string Name() const override { return "bare all-reduce"; }
  void Step() override {
    auto pending =
        world_.comm.StartAllReduceSum(last_ = sum_.Fresh(), world_.problem.num_parameters);
    CONVOY_CHECK(pending.ok());
    CONVOY_CHECK((*pending)->Wait().ok());
  }
  const float* weights() const override { return nullptr; }
  const float* sum() const { return last_; }

 private:
  World& world_;
  RankSum sum_;
  float* last_ = nullptr;
};

// Replaces a factored kernel's part of `sum` by the outer products of its factors.
void AddFactors(const Problem& problem, std::vector<float>* sum) {
  for (const auto& kernel : problem.kernels) {
    if (!kernel) continue;
    for (int i = 0; i < kernel->inputs; ++i) {
      for (int u = 0; u < kernel->units; ++u) {
        float product = 0;
        for (int64_t image = 0; image < kBatchImages; ++image) {
          product += SrcValue(image, i) * DstGradient(image, u);
        }
        (*sum)[static_cast<size_t>(kernel->weight_offset + int64_t{i} * kernel->units + u)] =
            product;
      }
    }
  }
}

void RequireEqual(const std::string& name, const float* actual,
                  const std::vector<float>& expected) {
  for (size_t p = 0; p < expected.size(); ++p) {
    if (actual[p] == expected[p]) continue;
    std::fprintf(stderr, "%s: element %zu is %g instead of %g: not measured\n", name.c_str(), p,
                 actual[p], expected[p]);
    std::exit(1);
  }
}

// Requires the weights of a first step with `gradient` from weights of 0.
void CheckFirstStep(const World& world, const Contestant& contestant, std::vector<float> gradient) {
  step::RangeOptimizer state(*world.optimizer, world.problem.num_parameters);
  std::vector<float> weights(gradient.size());
  state.Update(HyperparametersOf(1), {0, world.problem.num_parameters}, weights.data(),
               gradient.data(), weights.data());
  RequireEqual(contestant.Name(), contestant.weights(), weights);
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

struct Times {
  double best = 0;
  double median = 0;
};

// Lets the contestants take turns; returns microseconds a step of each.
std::vector<Times> TakeTurns(World& world, const Options& options,
                             const std::vector<std::unique_ptr<Contestant>>& contestants) {
  std::vector<std::vector<double>> micros(contestants.size());
  for (int turn = 0; turn < options.turns; ++turn) {
    for (size_t i = 0; i < contestants.size(); ++i) {
      contestants[i]->Step();
      CONVOY_CHECK(world.comm.Barrier().ok());
      Stopwatch watch;
      for (int step = 0; step < options.steps; ++step) contestants[i]->Step();
      micros[i].push_back(watch.Lap() * 1e6 / options.steps);
    }
  }
  std::vector<Times> times;
  for (const std::vector<double>& all : micros) {
    times.push_back({.best = *std::min_element(all.begin(), all.end()), .median = Median(all)});
  }
  return times;
}

void Measure(comm::Communicator& comm, const Options& options, const Problem& problem) {
  World world(comm, problem);
  std::vector<std::unique_ptr<Contestant>> contestants;
  contestants.push_back(std::make_unique<Exact>(world, /*shared=*/true));
  contestants.push_back(std::make_unique<Exact>(world, /*shared=*/false));
  contestants.push_back(std::make_unique<Mpi>(world));
  contestants.push_back(std::make_unique<Bare>(world));
  for (auto& contestant : contestants) contestant->Step();
  std::vector<float> gradient =
      NodeSum({0, world.batches[0].num_micro_batches()}, problem.num_parameters);
  RequireEqual(contestants[3]->Name(), static_cast<const Bare&>(*contestants[3]).sum(), gradient);
  AddFactors(problem, &gradient);
  CheckFirstStep(world, *contestants[0], gradient);
  CheckFirstStep(world, *contestants[1], gradient);
  CheckFirstStep(world, *contestants[2], gradient);
  const std::vector<Times> times = TakeTurns(world, options, contestants);
  if (comm.rank() != 0) return;
  const Times bare = times.back();
  for (size_t i = 0; i < contestants.size(); ++i) {
    std::printf("%-20s %-22s %9.1f %9.1f %8.2f %8.2f\n", problem.name.c_str(),
                contestants[i]->Name().c_str(), times[i].best, times[i].median,
                times[i].best / bare.best, times[i].median / bare.median);
  }
}

void MeasureAll(comm::Communicator& comm, const Options& options) {
  if (comm.rank() == 0) {
    std::printf("%d ranks, %d turns of %d steps, microseconds a step\n", comm.world_size(),
                options.turns, options.steps);
    std::printf("%-20s %-22s %9s %9s %8s %8s\n", "gradient", "reduction", "best", "median",
                "/ bare", "/ bare");
  }
  for (const Problem& problem : Problems()) Measure(comm, options, problem);
}

void RunAsThreads(const Options& options) {
  comm::ThreadWorld world(options.local_ranks);
  std::vector<std::thread> ranks;
  for (int rank = 0; rank < options.local_ranks; ++rank) {
    ranks.emplace_back([&world, &options, rank] {
      const auto communicator = world.MakeCommunicator(rank);
      MeasureAll(*communicator, options);
    });
  }
  for (std::thread& rank : ranks) rank.join();
}

bool ParseOption(absl::string_view argument, Options* options) {
  if (absl::ConsumePrefix(&argument, "--turns=")) {
    return absl::SimpleAtoi(argument, &options->turns) && options->turns > 0;
  }
  if (absl::ConsumePrefix(&argument, "--steps=")) {
    return absl::SimpleAtoi(argument, &options->steps) && options->steps > 0;
  }
  if (absl::ConsumePrefix(&argument, "--local-ranks=")) {
    return absl::SimpleAtoi(argument, &options->local_ranks) && options->local_ranks > 0;
  }
  return false;
}

int Main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    if (ParseOption(argv[i], &options)) continue;
    std::fprintf(stderr, "reduction_bench: %s: use --turns=N, --steps=N or --local-ranks=N\n",
                 argv[i]);
    return 2;
  }
  if (options.local_ranks > 0) {
    RunAsThreads(options);
    return 0;
  }
  auto runtime = comm::MpiRuntime::Initialize();
  CONVOY_CHECK(runtime.ok());
  auto communicator = (*runtime)->MakeCommunicator();
  CONVOY_CHECK(communicator.ok());
  MeasureAll(**communicator, options);
  communicator->reset();
  return 0;
}

}  // namespace
}  // namespace convoy

int main(int argc, char** argv) { return convoy::Main(argc, argv); }
