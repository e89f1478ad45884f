#include "client/jobs/recipe_difference.h"

#include <gmock/gmock.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

v1::Recipe Recipe(const std::string& text) {
  v1::Recipe recipe;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &recipe)) << text;
  return recipe;
}

TEST(RecipeDifferenceTest, OnlyWhatDiffersWithADashForWhatIsNotThere) {
  const auto differences = DifferingValues(
      {Recipe("seed: 1 epochs: 5 optimizer { name: 'adam' learning_rate: 0.001 }"),
       Recipe("seed: 2 epochs: 5 optimizer { name: 'adam' learning_rate: 0.001 momentum: 0.9 }"),
       Recipe("seed: 2 epochs: 5 optimizer { name: 'adam' learning_rate: 0.001 }")});
  ASSERT_EQ(differences.size(), 2u);
  EXPECT_EQ(differences[0].field, "seed");
  EXPECT_THAT(differences[0].values, ElementsAre("1", "2", "2"));
  EXPECT_EQ(differences[1].field, "optimizer.momentum");
  EXPECT_THAT(differences[1].values, ElementsAre("-", "0.9", "-"));
  EXPECT_THAT(DifferingValues({Recipe("seed: 1")}), IsEmpty());
}

TEST(RecipeDifferenceTest, LayersThatWereAddedOrLeftOutAreLines) {
  const std::string before =
      "model { input { height: 28 width: 28 channels: 1 } layers { name: 'a' "
      "flatten {} } layers { name: 'b' dense { units: 10 } } }";
  const std::string after =
      "model { input { height: 28 width: 28 channels: 1 } layers { name: 'a' "
      "flatten {} } layers { name: 'new' dropout { rate: 0.5 } } layers { "
      "name: 'b' dense { units: 12 } } }";
  const v1::Model from = Recipe(before).model();
  const v1::Model to = Recipe(after).model();
  EXPECT_THAT(DifferingLayers(from, from), IsEmpty());
  EXPECT_THAT(
      DifferingLayers(from, to),
      ElementsAre(HasSubstr("- name: \"b\" dense { units: 10 }"), HasSubstr("+ name: \"new\""),
                  HasSubstr("+ name: \"b\" dense { units: 12 }")));
  EXPECT_THAT(DifferingValues({Recipe(before), Recipe(after)}), IsEmpty());
}

}  // namespace
}  // namespace convoy::client
