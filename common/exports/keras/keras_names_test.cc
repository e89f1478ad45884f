#include "common/exports/keras/keras_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::exports {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::Pair;

TEST(KerasNamesTest, LosesAccentsAndWhatKerasRefuses) {
  for (const char* plain : {"conv2d_1", "a.b-c>d", ".x", "9"}) EXPECT_EQ(KerasName(plain), plain);
  EXPECT_EQ(KerasName("réseau d'été"), "reseau_d_ete");
  EXPECT_EQ(KerasName("_x"), "layer_x");
  EXPECT_EQ(KerasName("畳"), "layer__");  // of two columns
  EXPECT_EQ(KerasName(""), "layer");
}

nn::ModelSpec Spec(const std::vector<std::string>& names) {
  nn::ModelSpec spec{.name = "été", .height = 4, .width = 4, .channels = 1, .layers = {}};
  for (const std::string& name : names) {
    spec.layers.push_back({.name = name, .kind = nn::FlattenSpec{}});
  }
  spec.layers.push_back({.name = "sortie", .kind = nn::DenseSpec{.units = 2}});
  return spec;
}

TEST(KerasNamesTest, EachLayerHasItsOwn) {
  // The one that needs no other name keeps it.
  EXPECT_THAT(
      KerasRenames(Spec({"entrée", "entree", "entréé"})),
      ElementsAre(Pair("été", "ete"), Pair("entrée", "entree_1"), Pair("entréé", "entree_2")));
  nn::ModelSpec plain = Spec({"a"});
  plain.name = "";
  EXPECT_THAT(KerasRenames(plain), IsEmpty());
}

TEST(KerasNamesTest, TensorsFollowTheirLayers) {
  formats::ModelFile model;
  model.model_textproto = nn::ModelSpecToText(Spec({"à"}));
  model.tensors = {{.name = "sortie/kernel", .shape = {1}, .data = {1}},
                   {.name = "à/bias", .shape = {1}, .data = {2}}};
  const formats::ModelFile renamed = WithKerasNames(model).value();
  EXPECT_EQ(renamed.tensors[0].name, "sortie/kernel");
  EXPECT_EQ(renamed.tensors[1].name, "a/bias");
  EXPECT_EQ(renamed.tensors[1].data, std::vector<float>{2});
  EXPECT_EQ(nn::ParseModelSpec(renamed.model_textproto, "").value().layers[0].name, "a");
}

}  // namespace
}  // namespace convoy::exports
