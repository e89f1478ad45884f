#include "common/i18n/language.h"

#include <algorithm>
#include <cstdlib>

namespace convoy::i18n {
namespace {

std::string_view Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

std::string_view Locale() {
  for (const char* name : {"LC_ALL", "LC_MESSAGES", "LANG"}) {
    if (!Variable(name).empty()) return Variable(name);
  }
  return "";
}

std::string_view Before(std::string_view text, std::string_view ends) {
  return text.substr(0, text.find_first_of(ends));
}

bool IsEnglish(std::string_view locale) {
  const std::string_view language = Before(locale, "_.@");
  return language == "en" || language == "C" || language == "POSIX";
}

// "" if neither the country's nor the language's is known.
std::string_view Match(std::string_view locale, std::span<const std::string_view> known) {
  for (const std::string_view name : {Before(locale, ".@"), Before(locale, "_.@")}) {
    if (std::find(known.begin(), known.end(), name) != known.end()) return name;
  }
  return "";
}

}  // namespace

std::string UserLanguage(std::span<const std::string_view> known) {
  const std::string_view locale = Locale();
  if (locale.empty() || locale == "C" || locale == "POSIX") return "";
  for (std::string_view list = Variable("LANGUAGE"); !list.empty();) {
    const std::string_view wanted = Before(list, ":");
    if (IsEnglish(wanted)) return "";
    if (const auto match = Match(wanted, known); !match.empty()) return std::string(match);
    list.remove_prefix(std::min(list.size(), wanted.size() + 1));
  }
  return std::string(Match(locale, known));
}

}  // namespace convoy::i18n
