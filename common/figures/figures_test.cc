// Every figure: encodes in both languages, twice to the same bytes, and shows what it is given.
#include <gtest/gtest.h>

#include <functional>
#include <limits>
#include <set>
#include <string>

#include "common/figures/confusion_figure.h"
#include "common/figures/curves_figure.h"
#include "common/figures/feature_maps_figure.h"
#include "common/figures/filters_figure.h"
#include "common/figures/mistakes_figure.h"
#include "common/figures/noise_figure.h"
#include "common/figures/occlusion_figure.h"
#include "common/figures/prediction_figure.h"
#include "common/figures/samples_figure.h"

namespace convoy::figures {
namespace {

using Drawing = std::function<Canvas(Language)>;

std::string Png(const Canvas& canvas) {
  const absl::StatusOr<std::string> bytes = canvas.Encode(ImageFormat::kPng);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : "";
}

// Expects that each drawing gives bytes of its own, the same ones every time.
void ExpectAllDifferent(const std::vector<Drawing>& drawings, Language language) {
  std::set<std::string> seen;
  for (const Drawing& draw : drawings) {
    const std::string png = Png(draw(language));
    EXPECT_EQ(Png(draw(language)), png);
    EXPECT_TRUE(seen.insert(png).second) << "drawing " << seen.size() << " is like another";
  }
}

void ExpectTranslated(const Drawing& draw) {
  EXPECT_NE(Png(draw(Language::kEnglish)), Png(draw(Language::kFrench)));
}

PixelImage Ramp(int height, int width, int channels = 1) {
  PixelImage image{.height = height, .width = width, .channels = channels, .pixels = {}};
  for (int i = 0; i < height * width * channels; ++i) {
    image.pixels.push_back(static_cast<uint8_t>(i * 7));
  }
  return image;
}

TEST(OcclusionFigureTest, ShowsImageMapAndTheDearestSquare) {
  const auto draw = [](const OcclusionMap& map) {
    return [=](Language language) { return DrawOcclusion(map, language); };
  };
  const auto map = [](int height, int width, float drop) {
    std::vector<float> drops(static_cast<size_t>(height) * static_cast<size_t>(width), drop);
    return OcclusionMap{.image = Ramp(height, width),
                        .actual = "7",
                        .answer = "7",
                        .probability = 0.9,
                        .drops = std::move(drops),
                        .side = 2,
                        .top = 1,
                        .left = 2,
                        .answer_without = "7",
                        .probability_without = 0.5};
  };
  OcclusionMap unknown = map(8, 8, 0.5);
  unknown.actual = "";
  OcclusionMap misread = map(8, 8, 0.5);
  misread.answer_without = "1";
  OcclusionMap elsewhere = map(8, 8, 0.5);
  elsewhere.top = 5;
  ExpectAllDifferent({draw(map(8, 8, 0.5)), draw(map(8, 8, -0.5)), draw(map(8, 20, 0.5)),
                      draw(unknown), draw(misread), draw(elsewhere)},
                     Language::kEnglish);
  ExpectTranslated(draw(misread));
  EXPECT_EQ(DrawOcclusion(misread, Language::kEnglish).title(),
            "What the answer 7 hangs on. Read as 7 (90.0% sure); squares of 2 x 2 pixels are "
            "covered in turn");
}

TEST(SamplesFigureTest, ShowsImagesAndLabels) {
  const auto draw = [](PixelImage image, const std::string& label, size_t count = 10) {
    return [=](Language language) {
      return DrawSamples(std::vector<Sample>(count, {image, label}), language);
    };
  };
  ExpectAllDifferent({draw(Ramp(28, 28), "3"), draw(Ramp(28, 28), "4"), draw(Ramp(32, 20), "3"),
                      draw(Ramp(28, 28, 3), "3"), draw(Ramp(28, 28), "3", 7), draw(Ramp(1, 1), "3"),
                      draw(Ramp(300, 200), "255")},
                     Language::kEnglish);
  ExpectTranslated(draw(Ramp(28, 28), "3"));
}

TEST(CurvesFigureTest, ShowsEveryMetric) {
  const metrics::EpochMetrics epoch = {
      {"loss", 0.5}, {"accuracy", 0.8}, {"val_loss", 0.25}, {"val_accuracy", 0.9}};
  std::vector<Drawing> drawings;
  for (size_t i = 0; i <= epoch.size(); ++i) {
    metrics::History history = {epoch, epoch, epoch};
    if (i < epoch.size()) history[1][i].second *= 0.75;
    drawings.emplace_back([=](Language language) { return DrawCurves(history, language); });
  }
  ExpectAllDifferent(drawings, Language::kFrench);
  ExpectTranslated(drawings[0]);
}

TEST(CurvesFigureTest, TakesHistoriesThatAreShortOrNoNumbers) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_FALSE(Png(DrawCurves({}, Language::kEnglish)).empty());
  EXPECT_FALSE(Png(DrawCurves({{{"loss", nan}, {"accuracy", 0.1}}}, Language::kEnglish)).empty());
  const metrics::History longer(300, {{"loss", 1.0}, {"accuracy", 0.1}});
  EXPECT_FALSE(Png(DrawCurves(longer, Language::kEnglish)).empty());
}

TEST(ConfusionFigureTest, ShowsEveryCount) {
  std::vector<Drawing> drawings;
  for (size_t i = 0; i < 9; ++i) {
    std::vector<int64_t> counts = {9, 0, 1, 0, 8, 0, 0, 2, 7};
    counts[i] += 3;
    drawings.emplace_back([=](Language language) { return DrawConfusion(3, counts, language); });
  }
  ExpectAllDifferent(drawings, Language::kEnglish);
  ExpectTranslated(drawings[0]);
}

TEST(ConfusionFigureTest, ShowsNamesOfAnyLength) {
  const std::vector<int64_t> counts = {9, 0, 1, 8};
  const auto draw = [&](const std::vector<std::string>& names) {
    return [=](Language language) { return DrawConfusion(2, counts, language, names); };
  };
  ExpectAllDifferent(
      {draw({}), draw({"cat", "dog"}), draw({"cat", "cow"}), draw({"cat", std::string(300, 'x')}),
       draw({"\u0433\u0430\u0439\u043a\u0430", "x"})},
      Language::kEnglish);
}

TEST(ConfusionFigureTest, TakesAnyNumberOfClasses) {
  for (const int classes : {1, 2, 26, 27, 100, 101, 1000}) {
    const std::vector<int64_t> zeros(static_cast<size_t>(classes * classes));
    EXPECT_FALSE(Png(DrawConfusion(classes, zeros, Language::kEnglish)).empty()) << classes;
  }
}

// Whatever else the matrix has, the classes of the most frequent mistakes are there: the figure
// changes with the last cell, and not with mistakes that are rarer than those that are shown.
TEST(ConfusionFigureTest, OfVeryManyClassesThoseMostMixedUpAreShown) {
  constexpr int kClasses = 1000;
  std::vector<int64_t> counts(kClasses * kClasses);
  const auto cell = [&counts](int actual, int predicted) -> int64_t& {
    return counts[static_cast<size_t>(actual * kClasses + predicted)];
  };
  for (int i = 0; i < kClasses; ++i) cell(i, i) = 50;
  for (int i = 1; i <= 13; ++i) cell(kClasses - i, 40 * i) = 5;  // 26 classes
  std::vector<std::string> names;
  for (int i = 0; i < kClasses; ++i) names.push_back("class " + std::to_string(i));
  const auto draw = [=](Language language) {
    return DrawConfusion(kClasses, counts, language, names);
  };
  ExpectTranslated(draw);
  EXPECT_LT(draw(Language::kEnglish).Encode(ImageFormat::kSvg)->size(), size_t{1} << 20);
  const std::string shown = Png(draw(Language::kEnglish));
  // Rarer mistakes are counted, but it does not show which they are.
  cell(3, 5) = 2;
  const std::string rarer = Png(DrawConfusion(kClasses, counts, Language::kEnglish, names));
  cell(3, 5) = 0;
  cell(4, 8) = 2;
  EXPECT_EQ(Png(DrawConfusion(kClasses, counts, Language::kEnglish, names)), rarer);
  EXPECT_NE(rarer, shown);  // the number of mistakes
  cell(4, 8) = 6;
  EXPECT_NE(Png(DrawConfusion(kClasses, counts, Language::kEnglish, names)), rarer);
  // Shares are of all images of a class, also of those in columns that are not shown.
  cell(4, 8) = 2;
  const auto by_row = [&] {
    return Png(DrawConfusion(kClasses, counts, Language::kEnglish, names, /*by_row=*/true));
  };
  const std::string before = by_row();
  cell(4, 8) = 0;
  cell(kClasses - 1, 6) = 2;
  EXPECT_NE(by_row(), before);
}

TEST(MistakesFigureTest, ShowsClassesAndConfidence) {
  const auto draw = [](const Mistake& mistake, int64_t total) {
    return [=](Language language) { return DrawMistakes({mistake}, total, language); };
  };
  const PixelImage image = Ramp(28, 28);
  ExpectAllDifferent({draw({image, "1", "7", 0.9}, 5), draw({image, "2", "7", 0.9}, 5),
                      draw({image, "1", "3", 0.9}, 5), draw({image, "1", "7", 0.8}, 5),
                      draw({image, "1", "7", 0.9}, 6),
                      // Longer ones take two lines, so that each shows what it was read as.
                      draw({image, "999", "998", 0.9}, 5), draw({image, "999", "997", 0.9}, 5),
                      draw({image, "flat sheet", "round sheet", 0.9}, 5),
                      draw({image, "flat sheet", "square sheet", 0.9}, 5),
                      [](Language language) { return DrawMistakes({}, 0, language); }},
                     Language::kEnglish);
}

FilterBank Bank(int channels, int filters, float weight) {
  FilterBank bank{.layer = "conv",
                  .height = 3,
                  .width = 2,
                  .channels = channels,
                  .filters = filters,
                  .weights = std::vector<float>(static_cast<size_t>(6 * channels * filters))};
  bank.weights.back() = weight;
  bank.weights.front() = 1;
  return bank;
}

TEST(FiltersFigureTest, ShowsFirstAndLastWeight) {
  std::vector<Drawing> drawings;
  for (const int channels : {1, 2, 64}) {
    for (const int filters : {1, 3, 64}) {
      for (const float weight : {0.25f, -0.25f}) {
        drawings.emplace_back([=](Language language) {
          return DrawFilters(Bank(channels, filters, weight), language);
        });
      }
    }
  }
  // Beyond what is shown, only the heading tells.
  drawings.emplace_back([](Language language) { return DrawFilters(Bank(65, 200, 0), language); });
  drawings.emplace_back([](Language language) { return DrawFilters(Bank(1, 65, 0), language); });
  ExpectAllDifferent(drawings, Language::kEnglish);
  ExpectTranslated(drawings[0]);
}

LayerOutput Output(Shape shape, float last) {
  int64_t elems = 1;
  for (const int64_t size : shape) elems *= size;
  LayerOutput output{.layer = "layer",
                     .type = "Conv2D",
                     .shape = std::move(shape),
                     .values = std::vector<float>(static_cast<size_t>(elems), 1.0f)};
  output.values.back() = last;
  return output;
}

TEST(FiltersFigureTest, ShowsOneFilter) {
  const auto draw = [](int channels, int filter, float weight) {
    return [=](Language language) {
      return DrawOneFilter(Bank(channels, 3, weight), filter, language);
    };
  };
  ExpectAllDifferent({draw(5, 0, 0), draw(5, 1, 0), draw(5, 2, 0), draw(5, 2, 2), draw(1, 0, 0),
                      draw(70, 2, 2), draw(70, 2, 0)},
                     Language::kEnglish);
  ExpectTranslated(draw(5, 0, 0));
}

// Of many filters and channels the last ones are seen where they are the strongest.
TEST(FiltersFigureTest, ShowsTheStrongest) {
  FilterBank bank = Bank(70, 80, 0.5);
  FilterBank other = bank;
  other.weights.back() = -0.5;
  EXPECT_NE(Png(DrawFilters(bank, Language::kEnglish)),
            Png(DrawFilters(other, Language::kEnglish)));
}

TEST(ConfusionFigureTest, ShowsSharesOfRows) {
  const auto draw = [](const std::vector<int64_t>& counts, bool by_row) {
    return [=](Language language) { return DrawConfusion(2, counts, language, {}, by_row); };
  };
  ExpectAllDifferent({draw({9, 1, 0, 8}, false), draw({9, 1, 0, 8}, true), draw({8, 2, 0, 8}, true),
                      draw({8, 2, 0, 0}, true)},
                     Language::kEnglish);
}

TEST(CanvasTitleTest, SvgHasTheFiguresTitle) {
  const auto svg = DrawFilters(Bank(1, 3, 1), Language::kEnglish).Encode(ImageFormat::kSvg);
  ASSERT_TRUE(svg.ok());
  EXPECT_NE(svg->find("role=\"img\""), std::string::npos);
  EXPECT_NE(svg->find("<title>Filters of conv. 3 filters"), std::string::npos);
  Canvas canvas(10, 10);
  canvas.SetTitle("<&\x01>");
  EXPECT_NE(canvas.Encode(ImageFormat::kSvg)->find("<title>&lt;&amp;\uFFFD&gt;</title>"),
            std::string::npos);
}

TEST(FeatureMapsFigureTest, ShowsOneMapAndSigns) {
  const auto draw = [](int only, float last) {
    return [=](Language language) {
      LayerOutput output = Output({4, 4, 3}, last);
      output.only = only;
      return DrawFeatureMaps(Ramp(28, 28), "5", output, language);
    };
  };
  ExpectAllDifferent({draw(-1, 2), draw(0, 2), draw(2, 2), draw(-1, -2), draw(2, -2)},
                     Language::kEnglish);
  ExpectTranslated(draw(2, 2));
}

TEST(FeatureMapsFigureTest, ShowsMapsAndUnits) {
  std::vector<Drawing> drawings;
  for (const Shape& shape :
       std::vector<Shape>{{26, 26, 32}, {1, 1, 1}, {5, 3, 64}, {10}, {128}, {1600}, {4096}}) {
    for (const float last : {0.5f, -0.5f}) {
      drawings.emplace_back([=](Language language) {
        return DrawFeatureMaps(Ramp(28, 28), "5", Output(shape, last), language);
      });
    }
  }
  drawings.emplace_back([](Language language) {
    return DrawFeatureMaps(Ramp(28, 28), "5", Output({4, 4, 65}, 2), language);
  });
  drawings.emplace_back([](Language language) {
    return DrawFeatureMaps(Ramp(28, 28), "5", Output({5000}, 2), language);
  });
  ExpectAllDifferent(drawings, Language::kFrench);
}

TEST(FeatureMapsFigureTest, TakesOddNamesAndNumbers) {
  LayerOutput output = Output({2, 2, 1}, std::numeric_limits<float>::infinity());
  output.layer = std::string(250, 'x') + "\xff\n";
  output.values[0] = std::numeric_limits<float>::quiet_NaN();
  EXPECT_FALSE(Png(DrawFeatureMaps(Ramp(28, 28), "0", output, Language::kEnglish)).empty());
}

TEST(NoiseFigureTest, MarksWrongReadings) {
  const auto draw = [](Reading original, Reading noisy, double level) {
    return [=](Language language) {
      return DrawNoisyImages({{Ramp(28, 28), Ramp(28, 28), "4", original, noisy}}, level, language);
    };
  };
  ExpectAllDifferent({draw({"4", 0.9}, {"4", 0.9}, 0.3), draw({"5", 0.9}, {"4", 0.9}, 0.3),
                      draw({"4", 0.9}, {"5", 0.9}, 0.3), draw({"4", 0.9}, {"4", 0.5}, 0.3),
                      draw({"4", 0.9}, {"4", 0.9}, 0.35)},
                     Language::kEnglish);
  ExpectTranslated(draw({"4", 0.9}, {"4", 0.9}, 0.3));
}

TEST(NoiseFigureTest, DrawsEveryCurve) {
  const NoiseCurve first{.name = "a", .levels = {0, 0.5}, .accuracy = {0.99, 0.6}};
  const NoiseCurve second{.name = "b", .levels = {0, 0.5}, .accuracy = {0.98, 0.9}};
  const auto draw = [](std::vector<NoiseCurve> curves) {
    return [=](Language language) { return DrawNoiseCurves(curves, language); };
  };
  ExpectAllDifferent({draw({first}), draw({second}), draw({first, second}), draw({second, first}),
                      draw({first, first, first, second})},
                     Language::kEnglish);
  ExpectTranslated(draw({first}));
}

TEST(PredictionFigureTest, ShowsProbabilitiesPhotoAndNote) {
  const auto draw = [](const Prediction& prediction) {
    return [=](Language language) { return DrawPrediction(prediction, language); };
  };
  const Prediction plain{.image = Ramp(28, 28), .probabilities = {0.25f, 0.75f}};
  Prediction other = plain;
  other.probabilities = {0.75f, 0.25f};
  Prediction with_photo = plain;
  with_photo.photo = Ramp(90, 60, 3);
  Prediction with_note = plain;
  with_note.note = "inverted";
  const Prediction many{.image = Ramp(28, 28), .probabilities = std::vector<float>(200, 0.005f)};
  ExpectAllDifferent({draw(plain), draw(other), draw(with_photo), draw(with_note), draw(many)},
                     Language::kEnglish);
  ExpectTranslated(draw(plain));
}

}  // namespace
}  // namespace convoy::figures
