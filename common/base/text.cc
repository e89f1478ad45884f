#include "common/base/text.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"

namespace convoy {

std::string Thousands(int64_t number) {
  std::string digits = absl::StrCat(number);
  const int first = number < 0 ? 1 : 0;
  for (int at = static_cast<int>(digits.size()) - 3; at > first; at -= 3) {
    digits.insert(static_cast<size_t>(at), ",");
  }
  return digits;
}

std::string MetricText(double value) {
  const bool small = value != 0 && std::abs(value) < 1e-3;
  return small ? absl::StrFormat("%.4e", value) : absl::StrFormat("%.4f", value);
}

std::string DurationText(double seconds) {
  const auto whole = static_cast<int64_t>(std::ceil(std::max(seconds, 0.0)));
  if (whole < 60) return absl::StrCat(whole, "s");
  if (whole < 3600) return absl::StrFormat("%d:%02d", whole / 60, whole % 60);
  return absl::StrFormat("%d:%02d:%02d", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string ProgressBar(double fraction, int columns) {
  // Not a number counts as nothing.
  const double part = fraction > 0 ? std::min(fraction, 1.0) : 0;
  const auto filled = static_cast<size_t>(part * columns);
  std::string bar(filled, '=');
  if (filled < static_cast<size_t>(columns)) bar += '>';
  bar.resize(static_cast<size_t>(columns), '.');
  return "[" + bar + "]";
}

bool ReadHeightWidth(const std::string& text, int most, int* height, int* width) {
  const auto read = [most](const std::string& side, int* value) {
    return absl::SimpleAtoi(side, value) && *value >= 1 && *value <= most;
  };
  const std::vector<std::string> sides = absl::StrSplit(text, 'x');
  return sides.size() == 2 && read(sides[0], height) && read(sides[1], width);
}

}  // namespace convoy
