#include "common/evaluate/model_network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "common/evaluate/evaluate_testing.h"

namespace convoy::evaluate {
namespace {

using ::testing::HasSubstr;

class ModelNetworkTest : public ::testing::Test {
 protected:
  formats::ModelFile file_ = UntrainedModelFile("notebook");
};

TEST_F(ModelNetworkTest, NormalizationsStatisticsBelongToTheNetwork) {
  const auto network = NetworkOfModel(NormalizedModelFile(), "NAME");
  ASSERT_TRUE(network.ok()) << network.status();
  EXPECT_LT(network->num_trainable(), network->num_parameters());
}

TEST_F(ModelNetworkTest, MissingTensorIsNamed) {
  file_.tensors.pop_back();
  const absl::Status status = NetworkOfModel(file_, "NAME").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(status.message(), HasSubstr("NAME: the weights have no further tensor where"));
}

TEST_F(ModelNetworkTest, FurtherTensorIsNamed) {
  file_.tensors.push_back({"more", {1}, true, {0}});
  EXPECT_THAT(NetworkOfModel(file_, "NAME").status().message(), HasSubstr("'more' (1)"));
}

TEST_F(ModelNetworkTest, TensorOfAnotherShapeOrNameIsNamed) {
  const formats::NamedTensor kept = file_.tensors[1];
  file_.tensors[1].shape = {7};
  EXPECT_THAT(NetworkOfModel(file_, "NAME").status().message(), HasSubstr("(7)"));
  file_.tensors[1] = kept;
  file_.tensors[1].name = "other";
  EXPECT_THAT(NetworkOfModel(file_, "NAME").status().message(), HasSubstr("'other'"));
}

}  // namespace
}  // namespace convoy::evaluate
