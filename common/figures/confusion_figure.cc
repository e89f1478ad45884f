// A matrix of cells, coloured by the logarithm of the count. The room beside and below it follows
// from the widest of the classes' names, which below it are written upwards. Of very many classes
// those are drawn that the most frequent mistakes are about, cell by cell, until there are enough:
// classes with many mistakes of which each is another one would leave a matrix without any.
#include "common/figures/confusion_figure.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/label.h"
#include "common/figures/axes.h"
#include "common/figures/sheet.h"

namespace convoy::figures {
namespace {

constexpr double kSide = 600;         // of the matrix, about
constexpr double kSmallestCell = 34;  // that has a number
constexpr int kMostNumbers = 26;      // classes
constexpr double kRight = 108;        // the colour bar with its numbers
constexpr double kTop = kHeadingHeight + 8;
constexpr double kBottom = 44;      // below the classes: what the axis is
constexpr double kNumbers = 20;     // the room for classes that are numbers
constexpr double kMostNames = 150;  // and for names, at most

struct Totals {
  int64_t images = 0;
  int64_t right = 0;
};

Totals TotalsOf(int num_classes, const std::vector<int64_t>& counts) {
  Totals totals;
  for (size_t i = 0; i < counts.size(); ++i) {
    totals.images += counts[i];
    if (i % static_cast<size_t>(num_classes + 1) == 0) totals.right += counts[i];
  }
  return totals;
}

// All classes, or, of too many, kMostNumbers: those of the most frequent mistakes, in their order.
std::vector<int> ClassesDrawn(int num_classes, const std::vector<int64_t>& counts) {
  std::vector<int> shown(static_cast<size_t>(num_classes));
  std::iota(shown.begin(), shown.end(), 0);
  if (num_classes <= kMostClassesShown) return shown;
  std::vector<size_t> mistakes;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] > 0 && i % static_cast<size_t>(num_classes + 1) != 0) mistakes.push_back(i);
  }
  std::stable_sort(mistakes.begin(), mistakes.end(),
                   [&](size_t a, size_t b) { return counts[a] > counts[b]; });
  std::set<int> chosen;
  const auto choose = [&chosen](int label) {
    if (static_cast<int>(chosen.size()) < kMostNumbers) chosen.insert(label);
  };
  for (const size_t cell : mistakes) {
    choose(static_cast<int>(cell) / num_classes);
    choose(static_cast<int>(cell) % num_classes);
  }
  for (const int label : shown) choose(label);
  return {chosen.begin(), chosen.end()};
}

// What is shown of a matrix.
struct Part {
  std::vector<int> classes;         // their numbers in the matrix
  std::vector<std::string> names;   // [classes], or empty: numbers
  std::vector<int64_t> counts;      // [classes, classes]
  std::vector<int64_t> row_images;  // [classes]: all images of the true class
  bool whole = true;
};

Part PartOf(int num_classes, const std::vector<int64_t>& counts,
            const std::vector<std::string>& names) {
  Part part{.classes = ClassesDrawn(num_classes, counts)};
  part.whole = static_cast<int>(part.classes.size()) == num_classes;
  for (const int row : part.classes) {
    const auto begin = counts.begin() + int64_t{row} * num_classes;
    for (const int column : part.classes) part.counts.push_back(begin[column]);
    part.row_images.push_back(std::accumulate(begin, begin + num_classes, int64_t{0}));
    if (!names.empty()) part.names.push_back(names[static_cast<size_t>(row)]);
  }
  return part;
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

// The room that the classes' names take beside the matrix.
double RoomFor(const std::vector<std::string>& names) {
  const Canvas ruler(1, 1);
  double room = kNumbers;
  for (const std::string& name : names) room = std::max(room, ruler.TextWidth(name, {}) + 8);
  return std::min(room, kMostNames);
}

class Matrix {
 public:
  Matrix(Canvas& canvas, const Part& part, Language language, bool by_row)
      : canvas_(canvas),
        part_(part),
        by_row_(by_row),
        room_(RoomFor(part.names)),
        left_(LeftOf(room_)),
        classes_(static_cast<int>(part.classes.size())),
        largest_(*std::max_element(part.counts.begin(), part.counts.end())),
        cell_(CellSide(classes_)),
        language_(language) {}

  // Where the matrix begins, with so much room for names.
  static double LeftOf(double room) { return 52 + room; }

  void Draw() {
    for (int row = 0; row < classes_; ++row) {
      for (int column = 0; column < classes_; ++column) DrawCell(row, column);
    }
    canvas_.StrokeRect({left_, kTop, Side(), Side()}, {.color = kFaintInk});
    DrawLabels();
    DrawColorBar(canvas_, {left_ + Side() + 28, kTop, 18, Side()}, &Blues, Marks());
    canvas_.Text({left_ + Side() + 28, kTop + Side() + 24},
                 by_row_ ? "%" : TextsIn(language_).images);
  }

  // Of the whole matrix.
  void DrawTitle(int num_classes, const Totals& totals) {
    const double accuracy =
        totals.images == 0 ? 0
                           : static_cast<double>(totals.right) / static_cast<double>(totals.images);
    const Texts& texts = TextsIn(language_);
    std::string subtitle = Fill(texts.confusion_subtitle,
                                {Count(language_, totals.images), Percent(language_, accuracy, 2),
                                 Count(language_, totals.images - totals.right)});
    if (by_row_) absl::StrAppend(&subtitle, texts.confusion_by_row);
    if (!part_.whole) {
      absl::StrAppend(&subtitle, Fill(texts.confusion_shown,
                                      {Count(language_, classes_), Count(language_, num_classes)}));
    }
    DrawHeading(canvas_, texts.confusion_title, subtitle);
  }

 private:
  double Side() const { return cell_ * classes_; }

  void DrawCell(int row, int column) {
    const int64_t count = part_.counts[static_cast<size_t>(row * classes_ + column)];
    const double share = ShareOfRow(row, count);
    const Color color = Blues(by_row_ ? share : Shade(count, largest_));
    const Rect rect{left_ + column * cell_, kTop + row * cell_, cell_, cell_};
    canvas_.FillRect(rect, color);
    if (cell_ < kSmallestCell) return;
    canvas_.StrokeRect(rect, {.color = kGridLine});
    const std::string text = by_row_ ? Number(language_, 100 * share, 1) : absl::StrCat(count);
    TextStyle style{.size = std::min(16.0, cell_ * 0.42),
                    .align = Align::kCenter,
                    .color = count == 0 ? kFaintInk : InkOn(color)};
    style.size *= std::min(1.0, (cell_ - 4) / std::max(canvas_.TextWidth(text, style), 1.0));
    canvas_.Text({rect.x + cell_ / 2, rect.y + cell_ / 2 + style.size * 0.36}, text, style);
  }

  // 0 for a class without images.
  double ShareOfRow(int row, int64_t count) const {
    const int64_t images = part_.row_images[static_cast<size_t>(row)];
    return images == 0 ? 0 : static_cast<double>(count) / static_cast<double>(images);
  }

  void DrawLabels() {
    const Texts& texts = TextsIn(language_);
    const int step = std::max(1, static_cast<int>(std::ceil(18 / cell_)));
    for (int i = 0; i < classes_; i += step) DrawName(i);
    const TextStyle style{.size = 16, .align = Align::kCenter};
    canvas_.Text({left_ + Side() / 2, kTop + Side() + room_ + 26}, texts.predicted, style);
    canvas_.Text({24, kTop + Side() / 2}, texts.actual,
                 {.size = 16, .align = Align::kCenter, .upwards = true});
  }

  // Names are written upwards below the matrix, as they may be longer than a cell is wide.
  void DrawName(int i) {
    const double middle = (i + 0.5) * cell_;
    const bool named = !part_.names.empty();
    const auto index = static_cast<size_t>(i);
    const std::string text = named ? part_.names[index] : absl::StrCat(part_.classes[index]);
    const TextStyle beside{.align = Align::kRight};
    const std::string fitted = canvas_.Fit(text, beside, kMostNames - 8);
    canvas_.Text({left_ - 10, kTop + middle + 5}, fitted, beside);
    if (named) {
      canvas_.Text({left_ + middle + 5, kTop + Side() + 8}, fitted,
                   {.align = Align::kRight, .upwards = true});
    } else {
      canvas_.Text({left_ + middle, kTop + Side() + 20}, text, {.align = Align::kCenter});
    }
  }

  // 0, the powers of ten and the largest count; or 0 to 100%.
  std::vector<BarMark> Marks() const {
    if (by_row_) return {{0, "0"}, {0.25, "25"}, {0.5, "50"}, {0.75, "75"}, {1, "100"}};
    std::vector<BarMark> marks = {{0, "0"}};
    if (largest_ == 0) return marks;
    for (int64_t power = 1; 2 * power < largest_; power *= 10) {
      marks.push_back({Shade(power, largest_), Count(language_, power)});
    }
    marks.push_back({1, Count(language_, largest_)});
    return marks;
  }

  Canvas& canvas_;
  const Part& part_;
  bool by_row_;  // shares instead of counts
  double room_;  // for names, beside and below
  double left_;
  int classes_;      // that are drawn
  int64_t largest_;  // count
  double cell_;
  Language language_;
};

}  // namespace

Canvas DrawConfusion(int num_classes, const std::vector<int64_t>& counts, Language language,
                     const std::vector<std::string>& names, bool by_row) {
  CONVOY_CHECK_EQ(static_cast<int64_t>(counts.size()), int64_t{num_classes} * num_classes);
  CONVOY_CHECK(names.empty() || static_cast<int>(names.size()) == num_classes);
  const Part part = PartOf(num_classes, counts, names);
  const auto shown = static_cast<int>(part.classes.size());
  const double side = CellSide(shown) * shown;
  const double room = RoomFor(part.names);
  Canvas canvas(static_cast<int>(Matrix::LeftOf(room) + side + kRight),
                static_cast<int>(kTop + side + room + kBottom));
  Matrix matrix(canvas, part, language, by_row);
  matrix.DrawTitle(num_classes, TotalsOf(num_classes, counts));
  matrix.Draw();
  return canvas;
}

}  // namespace convoy::figures
