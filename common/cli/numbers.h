// Numbers of a command line, read strictly: the whole text, within bounds, or a line that says what
// it must be.
#pragma once

#include <cmath>
#include <limits>
#include <optional>
#include <string>

#include "absl/strings/numbers.h"
#include "common/base/printable.h"
#include "common/i18n/translate.h"

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
    // What fits into the computer's numbers is no bound that anybody asked for.
    const bool bounded = least > std::numeric_limits<T>::lowest();
    const bool digits = text.find_first_not_of("+-0123456789") == std::string::npos;
    if (!bounded && !digits) return Tr("must be a whole number, not $0", Quoted(text));
    return Tr("must be a whole number from $0 to $1, not $2", least, most, Quoted(text));
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
  return bounded ? Tr("must be a number from $0 to $1, not $2", least, most, Quoted(text))
                 : Tr("must be a number, not $0", Quoted(text));
}

}  // namespace convoy::cli
