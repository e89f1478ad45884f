// Words as shells take them.
#pragma once

#include <string>

namespace convoy::client {

// Returns `text` as one word, whatever is in it.
std::string ShellQuoted(const std::string& text);

}  // namespace convoy::client
