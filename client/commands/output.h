// Writing a command's result.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "client/cli/context.h"

namespace convoy::client {

inline void Print(const Context& context, const std::string& text) {
  std::fputs(text.c_str(), context.out);
}

// Indented, for people who look at it too. Text that is not UTF-8 (names of files) is made so.
inline void Print(const Context& context, const nlohmann::ordered_json& json) {
  Print(context, json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
}

// In one line, for streams of values.
inline void PrintLine(const Context& context, const nlohmann::ordered_json& json) {
  Print(context,
        json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n");
  std::fflush(context.out);
}

}  // namespace convoy::client
