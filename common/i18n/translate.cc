#include "common/i18n/translate.h"

#include <atomic>

#include "absl/strings/str_replace.h"
#include "common/base/text.h"
#include "common/i18n/catalogue.h"
#include "common/i18n/catalogues_data.h"
#include "common/i18n/language.h"
#include "common/terminal/fit.h"
#include "common/terminal/terminal.h"

namespace convoy {
namespace i18n {
namespace {

Catalogue CatalogueOf(std::string_view language) {
  for (const EmbeddedCatalogue& embedded : kCatalogues) {
    if (embedded.language == language) return {embedded.mo, embedded.rule};
  }
  return {"", nullptr};
}

std::atomic<bool> g_english = false;

const Catalogue& UserCatalogue() {
  static const Catalogue english = {"", nullptr};
  static const Catalogue catalogue = CatalogueOf(UserLanguage(kLanguages));
  return g_english ? english : catalogue;
}

std::string InCharset(std::string_view text) {
  static const bool utf8 = terminal::LocaleIsUtf8();
  return utf8 ? std::string(text) : terminal::ToAscii(text);
}

}  // namespace

void SpeakEnglish() { g_english = true; }

std::string Translated(std::string_view text) {
  const std::string_view found = UserCatalogue().Find(text);
  return found.empty() ? std::string(text) : InCharset(found);
}

std::string Translated(std::string_view one, std::string_view many, int64_t n) {
  const uint64_t amount = n < 0 ? uint64_t{0} - static_cast<uint64_t>(n) : static_cast<uint64_t>(n);
  const std::string_view found = UserCatalogue().Find(one, amount);
  return found.empty() ? std::string(n == 1 ? one : many) : InCharset(found);
}

}  // namespace i18n

std::string TrThousands(int64_t number) {
  // The separator of thousands.
  return absl::StrReplaceAll(Thousands(number), {{",", Tr(",")}});
}

}  // namespace convoy
