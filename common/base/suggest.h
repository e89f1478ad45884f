// "Did you mean ...": the nearest known name to a misspelt one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoy {

// Returns the name of `known` with the smallest edit distance to `name`, upper and lower case
// alike, or "" if none is near enough to be a likely slip (more than a third of its letters).
std::string NearestName(std::string_view name, const std::vector<std::string>& known);

// Returns "; did you mean 'x'?" for NearestName, or "" if there is none.
std::string DidYouMean(std::string_view name, const std::vector<std::string>& known);

}  // namespace convoy
