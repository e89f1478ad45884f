// Curves and bars made of characters.
#pragma once

#include <string>
#include <vector>

namespace convoy::client {

// Returns the curve of `values` in at most `columns` characters from ▁ (their least) to █ (their
// greatest); more values than columns are averaged. Values that are no numbers are left out.
std::string Sparkline(const std::vector<double>& values, int columns);
// The same from `low` to `high`, so that several curves have one scale.
std::string Sparkline(const std::vector<double>& values, int columns, double low, double high);

// Returns a bar of blocks, in eighths of a character, whose full length is `columns`.
std::string BlockBar(double fraction, int columns);

}  // namespace convoy::client
