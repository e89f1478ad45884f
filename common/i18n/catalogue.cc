#include "common/i18n/catalogue.h"

#include <cstddef>

namespace convoy::i18n {
namespace {

// Where the file's header says how many texts there are, and where the tables of originals and of
// translations begin. An entry of a table is a length and a place.
constexpr uint32_t kCountAt = 8;
constexpr uint32_t kOriginalsAt = 12;
constexpr uint32_t kTranslationsAt = 16;
constexpr uint32_t kEntryBytes = 8;

// Plural forms stand one after another, with a NUL between them.
std::string_view FirstForm(std::string_view forms) { return forms.substr(0, forms.find('\0')); }

}  // namespace

uint32_t Catalogue::NumberAt(uint32_t place) const {
  uint32_t number = 0;
  for (uint32_t i = 4; i-- > 0;) number = number << 8 | static_cast<uint8_t>(mo_[place + i]);
  return number;
}

std::string_view Catalogue::TextAt(uint32_t table, uint32_t index) const {
  const uint32_t entry = NumberAt(table) + kEntryBytes * index;
  return mo_.substr(NumberAt(entry + 4), NumberAt(entry));
}

// A binary search: msgfmt sorts the originals.
std::string_view Catalogue::All(std::string_view text) const {
  if (mo_.empty() || text.empty()) return "";  // the translation of "" is the catalogue's header
  uint32_t begin = 0;
  for (uint32_t end = NumberAt(kCountAt); begin < end;) {
    const uint32_t middle = begin + (end - begin) / 2;
    const int order = FirstForm(TextAt(kOriginalsAt, middle)).compare(text);
    if (order == 0) return TextAt(kTranslationsAt, middle);
    (order < 0 ? begin : end) = order < 0 ? middle + 1 : middle;
  }
  return "";
}

std::string_view Catalogue::Find(std::string_view text) const { return FirstForm(All(text)); }

std::string_view Catalogue::Find(std::string_view one, uint64_t n) const {
  std::string_view forms = All(one);
  if (forms.empty()) return "";
  for (uint64_t skip = rule_(n); skip > 0 && forms.find('\0') != std::string_view::npos; --skip) {
    forms.remove_prefix(forms.find('\0') + 1);
  }
  return FirstForm(forms);
}

}  // namespace convoy::i18n
