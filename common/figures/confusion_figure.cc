#include "common/figures/confusion_figure.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/figures/axes.h"
#include "common/figures/sheet.h"

namespace convoy::figures {
namespace {

constexpr double kSide = 600;         // of the matrix, about
constexpr double kSmallestCell = 34;  // that has a number
constexpr int kMostNumbers = 26;      // classes
constexpr double kRight = 108;        // the colour bar with its numbers
constexpr double kLeft = 72;
constexpr double kTop = kHeadingHeight + 8;
constexpr double kBottom = 64;

struct Totals {
  int64_t images = 0;
  int64_t right = 0;
  int64_t largest = 0;
};

Totals TotalsOf(int num_classes, const std::vector<int64_t>& counts) {
  Totals totals;
  for (size_t i = 0; i < counts.size(); ++i) {
    totals.images += counts[i];
    totals.largest = std::max(totals.largest, counts[i]);
    if (i % static_cast<size_t>(num_classes + 1) == 0) totals.right += counts[i];
  }
  return totals;
}

double Shade(int64_t count, int64_t largest) {
  return largest == 0
             ? 0
             : std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(largest));
}

// Returns the side of a cell: with room for a number, if there are not too many.
double CellSide(int num_classes) {
  const double side = std::floor(kSide / num_classes);
  if (num_classes <= kMostNumbers) return std::max(side, kSmallestCell);
  return std::max(3.0, std::floor(kMostNumbers * kSmallestCell / num_classes));
}

class Matrix {
 public:
  Matrix(Canvas& canvas, int num_classes, const std::vector<int64_t>& counts, Language language)
      : canvas_(canvas),
        classes_(num_classes),
        counts_(counts),
        totals_(TotalsOf(num_classes, counts)),
        cell_(CellSide(num_classes)),
        language_(language) {}

  void Draw() {
    for (int row = 0; row < classes_; ++row) {
      for (int column = 0; column < classes_; ++column) DrawCell(row, column);
    }
    canvas_.StrokeRect({kLeft, kTop, Side(), Side()}, {.color = kFaintInk});
    DrawLabels();
    DrawColorBar(canvas_, {kLeft + Side() + 28, kTop, 18, Side()}, &Blues, Marks());
    canvas_.Text({kLeft + Side() + 28, kTop + Side() + 24}, TextsIn(language_).images);
  }

  void DrawTitle() {
    const double accuracy = totals_.images == 0 ? 0
                                                : static_cast<double>(totals_.right) /
                                                      static_cast<double>(totals_.images);
    const Texts& texts = TextsIn(language_);
    DrawHeading(canvas_, texts.confusion_title,
                Fill(texts.confusion_subtitle,
                     {Count(language_, totals_.images), Percent(language_, accuracy, 2),
                      Count(language_, totals_.images - totals_.right)}));
  }

 private:
  double Side() const { return cell_ * classes_; }

  void DrawCell(int row, int column) {
    const int64_t count = counts_[static_cast<size_t>(row * classes_ + column)];
    const Color color = Blues(Shade(count, totals_.largest));
    const Rect rect{kLeft + column * cell_, kTop + row * cell_, cell_, cell_};
    canvas_.FillRect(rect, color);
    if (cell_ < kSmallestCell) return;
    canvas_.StrokeRect(rect, {.color = kGridLine});
    const std::string text = absl::StrCat(count);
    TextStyle style{.size = std::min(16.0, cell_ * 0.42),
                    .align = Align::kCenter,
                    .color = count == 0 ? kFaintInk : InkOn(color)};
    style.size *= std::min(1.0, (cell_ - 4) / std::max(canvas_.TextWidth(text, style), 1.0));
    canvas_.Text({rect.x + cell_ / 2, rect.y + cell_ / 2 + style.size * 0.36}, text, style);
  }

  void DrawLabels() {
    const Texts& texts = TextsIn(language_);
    const int step = std::max(1, static_cast<int>(std::ceil(18 / cell_)));
    for (int i = 0; i < classes_; i += step) {
      const double middle = (i + 0.5) * cell_;
      canvas_.Text({kLeft + middle, kTop + Side() + 20}, absl::StrCat(i),
                   {.align = Align::kCenter});
      canvas_.Text({kLeft - 10, kTop + middle + 5}, absl::StrCat(i), {.align = Align::kRight});
    }
    const TextStyle style{.size = 16, .align = Align::kCenter};
    canvas_.Text({kLeft + Side() / 2, kTop + Side() + 46}, texts.predicted, style);
    canvas_.Text({24, kTop + Side() / 2}, texts.actual,
                 {.size = 16, .align = Align::kCenter, .upwards = true});
  }

  // 0, the powers of ten and the largest count.
  std::vector<BarMark> Marks() const {
    std::vector<BarMark> marks = {{0, "0"}};
    if (totals_.largest == 0) return marks;
    for (int64_t power = 1; 2 * power < totals_.largest; power *= 10) {
      marks.push_back({Shade(power, totals_.largest), Count(language_, power)});
    }
    marks.push_back({1, Count(language_, totals_.largest)});
    return marks;
  }

  Canvas& canvas_;
  int classes_;
  const std::vector<int64_t>& counts_;
  Totals totals_;
  double cell_;
  Language language_;
};

}  // namespace

Canvas DrawConfusion(int num_classes, const std::vector<int64_t>& counts, Language language) {
  CONVOY_CHECK_EQ(static_cast<int64_t>(counts.size()), int64_t{num_classes} * num_classes);
  const double side = CellSide(num_classes) * num_classes;
  Canvas canvas(static_cast<int>(kLeft + side + kRight), static_cast<int>(kTop + side + kBottom));
  Matrix matrix(canvas, num_classes, counts, language);
  matrix.DrawTitle();
  matrix.Draw();
  return canvas;
}

}  // namespace convoy::figures
