// The numbers that ranks exchange: what a recipe's `exchange` says. Thread-safe.
#pragma once

#include <string_view>

namespace convoy::recipes {

enum class Exchange { kFloat32, kBfloat16 };

// Returns the word for it, which recipes and summaries have.
inline std::string_view ExchangeName(Exchange exchange) {
  return exchange == Exchange::kBfloat16 ? "bfloat16" : "float32";
}

// Returns whether numbers are rounded before they are sent, and weights with them.
inline bool Rounds(Exchange exchange) { return exchange != Exchange::kFloat32; }

}  // namespace convoy::recipes
