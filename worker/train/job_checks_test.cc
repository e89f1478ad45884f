#include "worker/train/job_checks.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/network.h"
#include "common/recipes/default_recipe.h"

namespace convoy::train {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

constexpr int64_t kTrainImages = 1000;

Recipe NotebookRecipe() {
  v1::Recipe recipe = recipes::DefaultRecipe();
  EXPECT_TRUE(ResolveModel(&recipe).ok());
  return CheckRecipe(recipe).value();
}

// A checkpoint that fits the notebook's recipe.
formats::Checkpoint NotebookCheckpoint() {
  formats::Checkpoint checkpoint;
  checkpoint.model.kernel_family = {.isa = std::string(IsaName(kernels::CurrentIsa())),
                                    .blas_core = kernels::BlasCore()};
  checkpoint.model.data_sha256 = "abc";
  for (const nn::Parameter& parameter :
       nn::Network::Create(NotebookRecipe().model).value().Parameters()) {
    checkpoint.model.tensors.push_back({.name = parameter.name, .shape = parameter.shape});
  }
  checkpoint.optimizer.slots = {{"m", {}}, {"v", {}}};
  return checkpoint;
}

std::string ArraysError(const formats::Checkpoint& checkpoint) {
  const absl::Status status = CheckArraysFit(checkpoint, NotebookRecipe(), kTrainImages);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  return std::string(status.message());
}

TEST(CheckArraysFitTest, TakesWhatTrainingWrites) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  checkpoint.position.step_in_epoch = 8;  // 1000 = 7 * 128 + 104
  checkpoint.position.global_step = 8;
  EXPECT_TRUE(CheckArraysFit(checkpoint, NotebookRecipe(), kTrainImages).ok());
}

TEST(CheckArraysFitTest, ArraysOfAnotherNetworkAreRefused) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  checkpoint.model.tensors.pop_back();
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("the weights have"));
  checkpoint = NotebookCheckpoint();
  checkpoint.model.tensors[2].shape.back() += 1;
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("the weights have"));
}

TEST(CheckArraysFitTest, StateOfAnotherOptimizerIsRefused) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  checkpoint.optimizer.slots.pop_back();
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("optimizer"));
}

TEST(CheckArraysFitTest, StepsBeyondTheEpochAreRefused) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  checkpoint.position.step_in_epoch = 9;
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("step"));
}

// Counts with the right checksums that would index an array or overflow an optimizer's power.
TEST(CheckArraysFitTest, CountsThatContradictOneAnotherAreRefused) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  checkpoint.position.global_step = INT64_MAX;
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("its steps are not those of its epochs"));
  checkpoint = NotebookCheckpoint();
  checkpoint.optimizer.step_count = INT64_MAX;
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("steps"));
  checkpoint = NotebookCheckpoint();
  checkpoint.best = formats::BestWeights{"val_loss", 0.1, int64_t{1} << 40, {}};
  EXPECT_THAT(ArraysError(checkpoint), HasSubstr("best epoch"));
}

TEST(CheckPassesFitMemoryTest, ThreadsAndImagesAreCountedBeforeMemoryIsTaken) {
  Recipe recipe = NotebookRecipe();
  EXPECT_TRUE(CheckPassesFitMemory(recipe, 2, 2).ok());
  recipe.micro_batch = 1 << 20;
  const absl::Status status = CheckPassesFitMemory(recipe, 1024, 1);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("`micro_batch` and `threads`: 1024"));
}

TEST(CheckCheckpointFitsTest, OtherDataAndKernelsNameTheirFlags) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  EXPECT_TRUE(CheckCheckpointFits(checkpoint, "abc", "here").ok());
  EXPECT_THAT(std::string(CheckCheckpointFits(checkpoint, "abd", "here").message()),
              HasSubstr("data: "));
  const kernels::Isa other = kernels::CurrentIsa() == kernels::Isa::kBaseline
                                 ? kernels::Isa::kAvx2
                                 : kernels::Isa::kBaseline;
  checkpoint.model.kernel_family = {.isa = std::string(IsaName(other)),
                                    .blas_core = std::string(kernels::BlasCoreFor(other))};
  EXPECT_THAT(std::string(CheckCheckpointFits(checkpoint, "abc", "here").message()),
              HasSubstr("`isa` to " + std::string(IsaName(other))));
  checkpoint.model.kernel_family = {.isa = "avx2", .blas_core = "Zen"};  // of an older build
  EXPECT_THAT(std::string(CheckCheckpointFits(checkpoint, "abc", "here").message()),
              HasSubstr("another build of Convoy"));
}

TEST(CheckCheckpointsCanBeReadTest, CountsTheOptimizersArrays) {
  Recipe recipe = NotebookRecipe();
  EXPECT_TRUE(CheckCheckpointsCanBeRead(recipe).ok());
  const auto parsed = nn::ParseModelSpec(
      "name: 'wide' input { height: 28 width: 28 channels: 1 } layers { name: 'a' flatten {} }"
      "layers { name: 'b' dense { units: 500000 } }"
      "layers { name: 'c' dense { units: 10 activation: SOFTMAX } }",
      "wide");
  ASSERT_TRUE(parsed.ok()) << parsed.status();
  recipe.model = *parsed;  // 397 million parameters: 4.8 GB with Adam's two arrays
  const absl::Status refused = CheckCheckpointsCanBeRead(recipe);
  EXPECT_EQ(refused.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(refused.message()), AllOf(HasSubstr("'wide'"), HasSubstr("4096")));
  recipe.optimizer = {.kind = optim::OptimizerConfig::Kind::kSgd};
  EXPECT_TRUE(CheckCheckpointsCanBeRead(recipe).ok());
}

TEST(NoteOnBlasTest, NamesAnotherBuildAndNoOther) {
  formats::Checkpoint checkpoint = NotebookCheckpoint();
  EXPECT_EQ(NoteOnBlas(checkpoint).english, "") << "an older file does not say";
  checkpoint.run.blas_config = kernels::BlasConfig();
  EXPECT_EQ(NoteOnBlas(checkpoint).english, "");
  checkpoint.run.blas_config = "OpenBLAS 0.1";
  EXPECT_THAT(NoteOnBlas(checkpoint).english,
              AllOf(HasSubstr("'OpenBLAS 0.1'"), HasSubstr(kernels::BlasConfig())));
}

}  // namespace
}  // namespace convoy::train
