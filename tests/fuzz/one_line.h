// What every fuzz program asks of an error: that it is one line a person can read.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "common/base/check.h"
#include "common/base/printable.h"

namespace convoy {

// Checks that the error has a message of one line, with nothing in it that a terminal would obey.
inline void CheckOneLine(const absl::Status& error) {
  const std::string message(error.message());
  CONVOY_CHECK(!message.empty());
  CONVOY_CHECK(message.find('\n') == std::string::npos);
  CONVOY_CHECK_EQ(PrintableLines(message), message);
}

// Checks that it also begins with `name`, which the input was given as.
inline void CheckOneLineThatNames(const std::string& name, const absl::Status& error) {
  CheckOneLine(error);
  CONVOY_CHECK(std::string(error.message()).starts_with(name));
}

}  // namespace convoy
