// Which language the user wants, as gettext decides it.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace convoy::i18n {

// Returns the one of `known` that the environment asks for first, "" for English. A known language
// is called as a catalogue is: "fr", "pt_BR". The locale is $LC_ALL, else $LC_MESSAGES, else $LANG;
// its character set and modifier do not matter, and where its country is not known, its language
// is ("fr_CA.UTF-8@euro" is "fr"). $LANGUAGE goes before it, a list such as "de:fr" of which the
// first that is known counts, English included; it means nothing where the locale is C, POSIX or
// not set. Not safe against a changing environment.
std::string UserLanguage(std::span<const std::string_view> known);

}  // namespace convoy::i18n
