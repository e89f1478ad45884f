#include "common/figures/report/gallery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "absl/strings/str_cat.h"
#include "common/evaluate/evaluate_testing.h"
#include "common/figures/report/figure_table.h"

namespace convoy::gallery {
namespace {

using figures::Language;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr int64_t kImages = 40;

class GalleryTest : public testing::Test {
 protected:
  Gallery Make(int threads = 1, const std::string& network = "notebook") const {
    return Gallery({.name = "test",
                    .model = evaluate::UntrainedModel(network),
                    .history = {{{"loss", 0.5}, {"accuracy", 0.75}}},
                    .train = data_.View(),
                    .test = data_.View()},
                   Language::kEnglish, threads);
  }

  const data::Dataset data_ = evaluate::NoiseDataset(kImages);
};

std::string Svg(const absl::StatusOr<figures::Canvas>& canvas) {
  EXPECT_TRUE(canvas.ok()) << canvas.status();
  return canvas.ok() ? *canvas->Encode(figures::ImageFormat::kSvg) : "";
}

TEST_F(GalleryTest, EveryFigureOfTheTableIsDrawn) {
  Gallery gallery = Make();
  FigureChoice choice;
  choice.image = *gallery.TestImage(0);
  for (const FigureKind& kind : FigureKinds()) {
    EXPECT_THAT(Svg(kind.draw(gallery, choice)), HasSubstr("</svg>")) << kind.name;
  }
}

TEST_F(GalleryTest, FiguresDoNotDependOnThreads) {
  Gallery one = Make(1);
  Gallery three = Make(3);
  EXPECT_EQ(Svg(one.Confusion()), Svg(three.Confusion()));
  EXPECT_EQ(Svg(one.Mistakes(10)), Svg(three.Mistakes(10)));
  EXPECT_EQ(one.NoiseCurve({0, 0.5})->accuracy, three.NoiseCurve({0, 0.5})->accuracy);
}

TEST_F(GalleryTest, EveryLayerHasFeatureMaps) {
  for (const char* network : {"notebook", "lenet5", "deep"}) {
    const Gallery gallery = Make(1, network);
    const ShownImage image = *gallery.TestImage(3);
    for (const nn::Layer& layer : gallery.subject().model->network().layers()) {
      EXPECT_THAT(Svg(gallery.FeatureMaps(layer.name, image)), HasSubstr("</svg>")) << layer.name;
    }
  }
}

TEST_F(GalleryTest, LayerThatIsNotThereListsThoseThatAre) {
  const Gallery gallery = Make();
  const absl::Status filters = gallery.Filters("con1").status();
  EXPECT_EQ(filters.code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(filters.message(),
            "layer: 'con1' is no convolution layer of the network; there are conv1, conv2; did "
            "you mean 'conv1'?");
  EXPECT_THAT(std::string(gallery.Filters("dense1").status().message()),
              HasSubstr("'dense1' is no convolution layer"));
  const absl::Status maps = gallery.FeatureMaps("x\ny", *gallery.TestImage(0)).status();
  EXPECT_THAT(std::string(maps.message()), HasSubstr("there are conv1, pool1, conv2, pool2, "));
}

TEST_F(GalleryTest, ImagesThatAreNotThereAreRefused) {
  const Gallery gallery = Make();
  EXPECT_TRUE(gallery.TestImage(kImages - 1).ok());
  for (const int64_t number : {int64_t{-1}, kImages}) {
    EXPECT_THAT(std::string(gallery.TestImage(number).status().message()),
                HasSubstr("image: the test images are 0 to 39, not "));
  }
  EXPECT_FALSE(gallery.Samples(0).ok());
  EXPECT_FALSE(gallery.Samples(41).ok());
  EXPECT_FALSE(gallery.NoisyImages(0.3, 41).ok());
  EXPECT_FALSE(gallery.NoisyImages(-1, 5).ok());
  const ShownImage small{.image = {.height = 2, .width = 2, .pixels = {1, 2, 3, 4}}};
  EXPECT_THAT(std::string(gallery.FeatureMaps("conv1", small).status().message()),
              HasSubstr("the network takes images of 28 x 28 x 1, not of 2 x 2 x 1"));
}

TEST_F(GalleryTest, CurvesNeedAHistory) {
  const Gallery gallery({.name = "run", .model = {}, .history = {}, .train = {}, .test = {}},
                        Language::kEnglish, 1);
  EXPECT_EQ(gallery.Curves().status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(GalleryTest, NoisyImagesDifferAndKeepTheirLabels) {
  const auto pairs = *Make().NoisyPairs(0.3, 5);
  ASSERT_EQ(pairs.size(), 5u);
  for (size_t i = 0; i < pairs.size(); ++i) {
    EXPECT_EQ(pairs[i].actual, absl::StrCat(int{data_.labels[i]}));
    EXPECT_NE(pairs[i].original.pixels, pairs[i].noisy.pixels);
  }
}

TEST(ConvolutionLayersTest, AreInTheNetworksOrder) {
  EXPECT_THAT(ConvolutionLayers(evaluate::UntrainedModel("notebook")->network()),
              ElementsAre("conv1", "conv2"));
}

TEST(FindFigureTest, UnknownNameListsAll) {
  EXPECT_EQ((*FindFigure("filters"))->name, "filters");
  EXPECT_EQ(FindFigure("filter").status().message(),
            "there is no figure 'filter'; there are samples, curves, confusion, mistakes, filters, "
            "feature-maps, occlusion, noise, noise-curve; did you mean 'filters'?");
}

}  // namespace
}  // namespace convoy::gallery
