// The texts of one language, as msgfmt writes them (GNU gettext's .mo files).
#pragma once

#include <cstdint>
#include <string_view>

namespace convoy::i18n {

// Which of a text's plural forms goes with a number: the expression of the catalogue's header.
using PluralRule = uint64_t (*)(uint64_t n);

// Immutable; a view of bytes that must outlive it.
class Catalogue {
 public:
  // `mo` is a whole .mo file, little-endian, that msgfmt made: it is trusted. "" is a catalogue
  // without texts.
  Catalogue(std::string_view mo, PluralRule rule) : mo_(mo), rule_(rule) {}

  // Returns the translation of an English text, "" if there is none.
  std::string_view Find(std::string_view text) const;

  // Likewise of a text with plural forms, that for `n`; `one` is its English singular.
  std::string_view Find(std::string_view one, uint64_t n) const;

 private:
  std::string_view All(std::string_view text) const;
  uint32_t NumberAt(uint32_t place) const;
  std::string_view TextAt(uint32_t table, uint32_t index) const;

  std::string_view mo_;
  PluralRule rule_;
};

}  // namespace convoy::i18n
