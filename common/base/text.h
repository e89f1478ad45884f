// Numbers as text for people on a terminal, and as they type them.
#pragma once

#include <cstdint>
#include <string>

namespace convoy {

// 48000 -> "48,000".
std::string Thousands(int64_t number);

// Four digits after the point, "0.1235", or where those would say little, as Keras: "2.5000e-04".
std::string MetricText(double value);

// Whole seconds, rounded up: 7 -> "7s", 75 -> "1:15", 3675 -> "1:01:15".
std::string DurationText(double seconds);

// Returns "[=====>....]", `columns` characters between the brackets; `fraction` is cut to [0, 1].
std::string ProgressBar(double fraction, int columns);

// Reads "HEIGHTxWIDTH", such as "28x32", each from 1 to `most`. Returns false for anything else.
bool ReadHeightWidth(const std::string& text, int most, int* height, int* width);

}  // namespace convoy
