#include "common/optim/optimizer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <vector>

#include "common/base/random.h"
#include "common/kernels/simd/isa.h"
#include "common/optim/optimizer_ref.h"

namespace convoy::optim {
namespace {

using Kind = OptimizerConfig::Kind;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr OptimizerConfig kAdam{.kind = Kind::kAdam, .learning_rate = 0.1};
constexpr OptimizerConfig kSgd{.kind = Kind::kSgd, .learning_rate = 0.1};
constexpr OptimizerConfig kMomentum{.kind = Kind::kSgd, .learning_rate = 0.1, .momentum = 0.9};
constexpr OptimizerConfig kNesterov{
    .kind = Kind::kSgd, .learning_rate = 0.1, .momentum = 0.9, .nesterov = true};

constexpr OptimizerConfig kAdamW{.kind = Kind::kAdamW, .learning_rate = 0.1};
constexpr OptimizerConfig kRmsprop{.kind = Kind::kRmsprop, .learning_rate = 0.1};
constexpr OptimizerConfig kRmspropMomentum{
    .kind = Kind::kRmsprop, .learning_rate = 0.1, .momentum = 0.9};

std::unique_ptr<Optimizer> MustCreate(const OptimizerConfig& config) {
  auto optimizer = Optimizer::Create(config);
  EXPECT_TRUE(optimizer.ok()) << optimizer.status();
  return *std::move(optimizer);
}

template <typename T>
std::vector<T> UniformValues(int64_t size, uint32_t stream) {
  RandomSequence random(21, RandomStream::kNoise, stream);
  std::vector<T> values(size);
  for (T& value : values) value = static_cast<T>(2 * random.NextFloat() - 1);
  return values;
}

// Weights and up to two slots, in T.
template <typename T>
struct State {
  explicit State(std::vector<T> initial)
      : weights(std::move(initial)), slots{std::vector<T>(weights.size()), weights} {
    slots[1].assign(weights.size(), 0);
  }
  std::array<T*, 2> Slots(int64_t begin = 0) {
    return {slots[0].data() + begin, slots[1].data() + begin};
  }

  std::vector<T> weights;
  std::array<std::vector<T>, 2> slots;
};

bool operator==(const State<float>& a, const State<float>& b) {
  return a.weights == b.weights && a.slots == b.slots;
}

void Update(const OptimizerConfig& config, int64_t step, const std::vector<float>& gradient,
            State<float>& state, float grad_scale = 1) {
  MustCreate(config)->Update(step, config.learning_rate, grad_scale, std::ssize(gradient),
                             state.weights.data(), gradient.data(), state.Slots().data(),
                             state.weights.data());
}

struct Recorded {
  OptimizerConfig config;
  std::array<std::vector<double>, 3> weights;
};

// Three steps from kInitial with kGradients by Keras's formulas, computed with numpy in double; the
// results of SGD are also PyTorch's.
const std::vector<float> kInitial = {1, -2, 0.5, 0, 3};
const std::vector<float> kGradients[] = {
    {0.5, -1, 0, 2, 1e-3f}, {0.25, 1, 0, -3, 1e-3f}, {-0.125, 0.5, 1, 0, -2e-3f}};
const Recorded kRecorded[] = {
    {kAdam,
     {{{0.9000006324515321, -1.900000316226766, 0.5, -0.09999984188636699, 2.900315230918326},
       {0.8067831960988964, -1.905263462349807, 0.5, -0.07522968200116134, 2.8005383945049993},
       {0.7504173698804483, -1.9304068398375798, 0.4361188420701071, -0.05608227662665521,
        2.808093571450648}}}},
    {kSgd,
     {{{0.95, -1.9, 0.5, -0.2, 2.9999},
       {0.925, -2, 0.5, 0.1, 2.9998},
       {0.9375, -2.05, 0.4, 0.1, 3}}}},
    {kMomentum,
     {{{0.95, -1.9, 0.5, -0.2, 2.9999},
       {0.88, -1.91, 0.5, -0.08, 2.99971},
       {0.8295, -1.969, 0.4, 0.028, 2.999739}}}},
    {kNesterov,
     {{{0.905, -1.81, 0.5, -0.38, 2.99981},
       {0.817, -1.919, 0.5, 0.028, 2.999539},
       {0.78405, -2.0221, 0.31, 0.1252, 2.9997651}}}},
    {kAdamW,
     {{{0.899600632451532, -1.899200316226766, 0.4998, -0.09999984188636707, 2.899115230918326},
       {0.8060233558459157, -1.9037037822233165, 0.49960008, -0.07518968206440686,
        2.7981787484126315},
       {0.7493351202851292, -1.9280856781982, 0.435519082038107, -0.056012200817074954,
        2.8046146538589154}}}},
    {kRmsprop,
     {{{0.6837728664367967, -1.6837723920969265, 0.5, -0.3162277264883746, 2.776393202250021},
       {0.536331166702024, -1.9131880655949507, 0.5, -0.04896649518155444, 2.590697864072969},
       {0.6117946682423626, -2.0261265246472795, 0.18377239209692647, -0.04896649518155444,
        2.8348546141924613}}}},
    {kRmspropMomentum,
     {{{0.6837728664367967, -1.6837723920969265, 0.5, -0.3162277264883746, 2.776393202250021},
       {0.251726746495141, -1.6285832184821845, 0.5, -0.3335714490210916, 2.389451746097988},
       {-0.06165125991201048, -1.6918514212812452, 0.18377239209692647, -0.34918079930053686,
        2.2853611856806504}}}}};

TEST(OptimizerTest, ThreeStepsMatchRecordedOnes) {
  for (const Recorded& recorded : kRecorded) {
    State<float> state(kInitial);
    for (int step = 1; step <= 3; ++step) {
      Update(recorded.config, step, kGradients[step - 1], state);
      for (size_t i = 0; i < kInitial.size(); ++i) {
        EXPECT_NEAR(state.weights[i], recorded.weights[step - 1][i], 1e-6)
            << "step " << step << ", element " << i;
      }
    }
  }
}

TEST(OptimizerTest, AdamKeepsItsMoments) {
  State<float> state(kInitial);
  for (int step = 1; step <= 3; ++step) Update(kAdam, step, kGradients[step - 1], state);
  EXPECT_NEAR(state.slots[0][0], 0.0505, 1e-8);
  EXPECT_NEAR(state.slots[0][3], -0.108, 3e-8);
  EXPECT_NEAR(state.slots[1][1], 0.002247001, 1e-9);
  EXPECT_NEAR(state.slots[1][4], 5.997001e-9, 3e-15);
}

using kernels::Isa;
using kernels::SelectIsa;
using kernels::SupportedIsas;

// Every kind on every instruction set of the machine.
class OptimizerKindTest : public ::testing::TestWithParam<std::tuple<Isa, OptimizerConfig>> {
 protected:
  void SetUp() override { ASSERT_TRUE(SelectIsa(std::get<0>(GetParam())).ok()); }
  void TearDown() override { ASSERT_TRUE(SelectIsa(SupportedIsas().front()).ok()); }
  const OptimizerConfig& config() const { return std::get<1>(GetParam()); }
};

TEST_P(OptimizerKindTest, MatchesReferenceInSingleAndDouble) {
  for (int64_t n : {0, 1, 3, 16, 17, 63, 257}) {
    State<float> fast(UniformValues<float>(n, 1));
    State<float> plain = fast;
    State<double> exact(std::vector<double>(fast.weights.begin(), fast.weights.end()));
    for (int step = 1; step <= 30; ++step) {
      const std::vector<float> gradient = UniformValues<float>(n, 100 + step);
      const std::vector<double> exact_gradient(gradient.begin(), gradient.end());
      Update(config(), step, gradient, fast, 0.25f);
      UpdateRef(config(), step, config().learning_rate, 0.25f, n, gradient.data(),
                plain.Slots().data(), plain.weights.data());
      UpdateRef(config(), step, config().learning_rate, 0.25, n, exact_gradient.data(),
                exact.Slots().data(), exact.weights.data());
    }
    EXPECT_TRUE(fast == plain) << n << " elements";
    for (int64_t i = 0; i < n; ++i) ASSERT_NEAR(fast.weights[i], exact.weights[i], 1e-5);
  }
}

TEST_P(OptimizerKindTest, SlicesAndAnotherOutputGiveTheSameBits) {
  constexpr int64_t kElems = 101;
  const std::unique_ptr<Optimizer> optimizer = MustCreate(config());
  const std::vector<float> gradient = UniformValues<float>(kElems, 2);
  State<float> whole(UniformValues<float>(kElems, 1));
  for (int step = 1; step <= 3; ++step) Update(config(), step, gradient, whole);
  for (int64_t split = 0; split <= kElems; ++split) {
    State<float> sliced(UniformValues<float>(kElems, 1));
    std::vector<float> new_weights(kElems);
    for (int step = 1; step <= 3; ++step) {
      for (auto [begin, n] : {std::pair{int64_t{0}, split}, {split, kElems - split}}) {
        if (n == 0) continue;
        optimizer->Update(step, config().learning_rate, 1.0f, n, &sliced.weights[begin],
                          &gradient[begin], sliced.Slots(begin).data(), &new_weights[begin]);
      }
      sliced.weights = new_weights;
    }
    ASSERT_TRUE(sliced == whole) << "split at " << split;
  }
}

TEST_P(OptimizerKindTest, FindsTheMinimumOfAParabola) {
  OptimizerConfig gentle = config();
  gentle.learning_rate = 0.01;
  gentle.weight_decay = 1e-6;
  State<float> state(UniformValues<float>(20, 1));
  for (int step = 1; step <= 2000; ++step) {
    std::vector<float> gradient = state.weights;
    for (float& g : gradient) g -= 0.5f;
    Update(gentle, step, gradient, state);
  }
  // RMSprop keeps stepping about as far as its learning rate.
  const double tolerance = config().kind == Kind::kRmsprop ? 0.02 : 1e-3;
  for (float weight : state.weights) EXPECT_NEAR(weight, 0.5f, tolerance);
}

TEST_P(OptimizerKindTest, SubnormalNumbersCountAsZero) {
  constexpr float kSubnormal = 1e-40f;
  State<float> state(std::vector<float>(20, 1.0f));
  for (std::vector<float>& slot : state.slots) slot.assign(20, kSubnormal);
  Update(config(), 1, std::vector<float>(20, kSubnormal), state);
  const float decayed = config().kind == Kind::kAdamW ? 1 - static_cast<float>(0.1 * 0.004) : 1;
  EXPECT_EQ(state.weights, std::vector<float>(20, decayed));
  for (int slot = 0; slot < std::ssize(MustCreate(config())->SlotNames()); ++slot) {
    EXPECT_EQ(state.slots[slot], std::vector<float>(20, 0.0f));
  }
  volatile float subnormal = kSubnormal;
  EXPECT_GT(subnormal * 0.5f, 0.0f) << "only while updating";
}

INSTANTIATE_TEST_SUITE_P(All, OptimizerKindTest,
                         ::testing::Combine(::testing::ValuesIn(SupportedIsas()),
                                            ::testing::Values(kAdam, kSgd, kMomentum, kNesterov,
                                                              kAdamW, kRmsprop, kRmspropMomentum)));

TEST(OptimizerTest, NamesItsSlots) {
  EXPECT_THAT(MustCreate(kAdam)->SlotNames(), ElementsAre("m", "v"));
  EXPECT_THAT(MustCreate(kSgd)->SlotNames(), IsEmpty());
  EXPECT_THAT(MustCreate(kMomentum)->SlotNames(), ElementsAre("momentum"));
  EXPECT_THAT(MustCreate(kAdamW)->SlotNames(), ElementsAre("m", "v"));
  EXPECT_THAT(MustCreate(kRmsprop)->SlotNames(), ElementsAre("v"));
  EXPECT_THAT(MustCreate(kRmspropMomentum)->SlotNames(), ElementsAre("v", "momentum"));
}

struct Refused {
  OptimizerConfig config;
  std::string field;
};

TEST(OptimizerTest, RefusesWhatCannotBeTrainedWithByName) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const double infinity = std::numeric_limits<double>::infinity();
  const Refused refused[] = {
      {{.learning_rate = nan}, "optimizer.learning_rate"},
      {{.learning_rate = 0}, "optimizer.learning_rate"},
      {{.learning_rate = -0.1}, "optimizer.learning_rate"},
      {{.learning_rate = infinity}, "optimizer.learning_rate"},
      {{.learning_rate = 1e-60}, "optimizer.learning_rate"},
      {{.learning_rate = 1e60}, "optimizer.learning_rate"},
      {{.kind = Kind::kSgd, .momentum = 1}, "optimizer.momentum"},
      {{.kind = Kind::kSgd, .momentum = -0.5}, "optimizer.momentum"},
      {{.kind = Kind::kSgd, .momentum = nan}, "optimizer.momentum"},
      {{.beta_1 = 1}, "beta_1"},
      {{.beta_2 = nan}, "beta_2"},
      {{.epsilon = 0}, "epsilon"},
      {{.kind = Kind::kAdamW, .weight_decay = -1}, "weight_decay"},
      {{.kind = Kind::kAdamW, .weight_decay = nan}, "weight_decay"},
      {{.kind = Kind::kRmsprop, .rho = 1}, "rho"},
      {{.kind = Kind::kRmsprop, .momentum = 1}, "optimizer.momentum"},
  };
  for (const auto& [config, field] : refused) {
    const absl::Status status = ValidateOptimizer(config);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr(field));
    EXPECT_EQ(Optimizer::Create(config).status(), status);
  }
}

TEST(OptimizerTest, IgnoresTheOtherKindsFields) {
  EXPECT_TRUE(ValidateOptimizer({.kind = Kind::kSgd, .beta_1 = 7, .epsilon = 0}).ok());
  EXPECT_TRUE(ValidateOptimizer({.kind = Kind::kAdam, .momentum = 7}).ok());
}

TEST(OptimizerTest, KindsAreParsedByName) {
  for (const std::string& name : OptimizerNames()) EXPECT_TRUE(ParseOptimizerKind(name).ok());
  EXPECT_EQ(ParseOptimizerKind("adamw").value(), Kind::kAdamW);
  EXPECT_THAT(std::string(ParseOptimizerKind("rmsprob").status().message()),
              HasSubstr("unknown optimizer 'rmsprob'; did you mean 'rmsprop'?"));
}

}  // namespace
}  // namespace convoy::optim
