// Numbers of a command line, read strictly: the whole text, within bounds, or a line that says what
// it must be.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace convoy::cli {

template <typename T>
struct PlainOf {
  using Type = T;
};
template <typename T>
struct PlainOf<std::optional<T>> {
  using Type = T;
};
// int of int and of std::optional<int>.
template <typename T>
using Plain = typename PlainOf<T>::Type;

// Stores `text` in `value`. Returns "" or what is wrong, such as "must be a whole number from 1 to
// 8, not 'x'".
template <typename T, typename Target>
std::string ReadWhole(const std::string& text, T least, T most, Target* value) {
  T number = 0;
  if (!absl::SimpleAtoi(text, &number) || number < least || number > most) {
    return absl::StrCat("must be a whole number from ", least, " to ", most, ", not ",
                        Quoted(text));
  }
  *value = number;
  return "";
}

template <typename Target>
std::string ReadReal(const std::string& text, double least, double most, Target* value) {
  double number = 0;
  if (absl::SimpleAtod(text, &number) && std::isfinite(number) && number >= least &&
      number <= most) {
    *value = number;
    return "";
  }
  const bool bounded = least > std::numeric_limits<double>::lowest();
  const std::string range = bounded ? absl::StrCat(" from ", least, " to ", most) : "";
  return absl::StrCat("must be a number", range, ", not ", Quoted(text));
}

}  // namespace convoy::cli
