#include "worker/train/initial_weights.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "common/nn/builtin_models.h"
#include "common/nn/network.h"
#include "common/textproto/text_proto.h"
#include "worker/train/recipe.h"

namespace convoy::train {
namespace {

using ::testing::HasSubstr;

v1::Recipe Parse(const std::string& text) {
  v1::Recipe recipe;
  EXPECT_TRUE(ParseTextProto(text, "test", &recipe).ok());
  return recipe;
}

// LeNet-5 with weights 0, 1, 2, ...
formats::ModelFile Lenet5() {
  const nn::ModelSpec spec = nn::LoadModelSpec("lenet5").value();
  formats::ModelFile model{.model_textproto = nn::ModelSpecToText(spec)};
  float next = 0;
  for (const nn::Parameter& parameter : nn::Network::Create(spec).value().Parameters()) {
    formats::NamedTensor& tensor = model.tensors.emplace_back();
    tensor.name = parameter.name;
    tensor.shape = parameter.shape;
    for (int64_t i = 0; i < parameter.size; ++i) tensor.data.push_back(next++);
  }
  return model;
}

class InitialWeightsTest : public ::testing::Test {
 protected:
  ~InitialWeightsTest() override { ::unlink(path_.c_str()); }

  absl::Status Read(const formats::ModelFile& model, v1::Recipe* asked) {
    EXPECT_TRUE(formats::WriteModel(path_, model).ok());
    return ReadInitialWeights(path_, asked).status();
  }

  const std::string path_ =
      ::testing::TempDir() + "/initial_weights_test." + std::to_string(::getpid());
};

TEST_F(InitialWeightsTest, NetworkAndOptimizerAreTheFilesUnlessAskedOtherwise) {
  formats::ModelFile model = Lenet5();
  model.recipe_textproto = "batch_size: 7 optimizer { name: 'sgd' momentum: 0.5 nesterov: true }";
  v1::Recipe asked = Parse("seed: 3 optimizer { momentum: 0.25 }");
  ASSERT_TRUE(Read(model, &asked).ok());
  EXPECT_EQ(asked.model().name(), "lenet5");
  EXPECT_EQ(asked.optimizer().name(), "sgd");
  EXPECT_EQ(asked.optimizer().momentum(), 0.25);
  EXPECT_TRUE(asked.optimizer().nesterov());
  EXPECT_EQ(asked.seed(), 3U);
  EXPECT_FALSE(asked.has_batch_size());
  EXPECT_EQ(asked.initial_weights_sha256(), formats::WeightsSha256(model.tensors));

  asked = Parse("optimizer { name: 'adam' } model { name: 'mine' }");
  ASSERT_TRUE(Read(model, &asked).ok());
  EXPECT_EQ(asked.model().name(), "mine");
  EXPECT_EQ(asked.optimizer().name(), "adam");
  EXPECT_FALSE(asked.optimizer().has_momentum());
}

TEST_F(InitialWeightsTest, RecipesDigestMustBeTheFiles) {
  const formats::ModelFile model = Lenet5();
  v1::Recipe asked;
  ASSERT_TRUE(Read(model, &asked).ok());
  EXPECT_TRUE(Read(model, &asked).ok());
  formats::ModelFile other = model;
  other.tensors[0].data[0] = -1;
  const absl::Status status = Read(other, &asked);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("initial_weights: " + path_));
  EXPECT_THAT(std::string(status.message()), HasSubstr(formats::WeightsSha256(model.tensors)));
}

TEST_F(InitialWeightsTest, FileThatIsNotThereIsNamed) {
  v1::Recipe asked;
  const absl::Status status = ReadInitialWeights("/nowhere.convoy", &asked).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(status.message()), HasSubstr("initial_weights: "));
}

TEST_F(InitialWeightsTest, WeightsComeInTheNetworksOrder) {
  const formats::ModelFile model = Lenet5();
  const auto weights = WeightsFor(nn::LoadModelSpec("lenet5").value(), model).value();
  ASSERT_EQ(static_cast<int64_t>(weights.size()), formats::TotalElems(model.tensors, false));
  for (size_t i = 0; i < weights.size(); ++i) ASSERT_EQ(weights[i], static_cast<float>(i));
}

TEST_F(InitialWeightsTest, TensorsOfAnotherNetworkAreNamed) {
  const nn::ModelSpec spec = nn::LoadModelSpec("lenet5").value();
  const auto error = [&spec](const formats::ModelFile& model) {
    const absl::Status status = WeightsFor(spec, model).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return std::string(status.message());
  };
  formats::ModelFile model = Lenet5();
  model.tensors[2].shape.back() += 1;
  EXPECT_THAT(error(model),
              HasSubstr("the weights have '" + model.tensors[2].name + "' (5, 5, 6, 17)"));
  model = Lenet5();
  model.tensors.pop_back();
  EXPECT_THAT(error(model), HasSubstr("the weights have no further tensor"));
  model = Lenet5();
  model.tensors.push_back(model.tensors.back());
  EXPECT_THAT(error(model), HasSubstr("the network 'lenet5' has no further tensor"));
}

}  // namespace
}  // namespace convoy::train
