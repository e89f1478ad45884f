// Text from files (layers' names, labels) as something that can be shown anywhere.
#pragma once

#include <string>
#include <string_view>

namespace convoy::figures {

// Returns `text` with U+FFFD in the place of every control character and of every byte that is not
// part of well-formed UTF-8 (RFC 3629).
std::string PrintableUtf8(std::string_view text);

}  // namespace convoy::figures
