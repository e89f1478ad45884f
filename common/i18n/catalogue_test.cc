#include "common/i18n/catalogue.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace convoy::i18n {
namespace {

using Texts = std::vector<std::pair<std::string, std::string>>;

std::string Bytes(uint32_t number) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(number >> (8 * i));
  return bytes;
}

// A .mo file of these texts, which are sorted.
std::string MoFile(const Texts& texts) {
  const auto count = static_cast<uint32_t>(texts.size());
  std::string strings;
  std::string tables[2];
  const uint32_t begin = 28 + 16 * count;
  for (int side = 0; side < 2; ++side) {
    for (const auto& [original, translation] : texts) {
      const std::string& text = side == 0 ? original : translation;
      tables[side] += Bytes(static_cast<uint32_t>(text.size())) +
                      Bytes(begin + static_cast<uint32_t>(strings.size()));
      strings += text + '\0';
    }
  }
  return Bytes(0x950412de) + Bytes(0) + Bytes(count) + Bytes(28) + Bytes(28 + 8 * count) +
         Bytes(0) + Bytes(0) + tables[0] + tables[1] + strings;
}

uint64_t French(uint64_t n) { return n > 1 ? 1 : 0; }

TEST(CatalogueTest, FindsEveryTextAndNoOther) {
  const std::string mo = MoFile({{"", "header"}, {"a", "un"}, {"ab", "deux"}, {"c", "trois"}});
  const Catalogue catalogue(mo, French);
  EXPECT_EQ(catalogue.Find("a"), "un");
  EXPECT_EQ(catalogue.Find("ab"), "deux");
  EXPECT_EQ(catalogue.Find("c"), "trois");
  for (const char* unknown : {"", "0", "aa", "abc", "b", "d"}) {
    EXPECT_EQ(catalogue.Find(unknown), "") << unknown;
  }
}

TEST(CatalogueTest, PluralFormsByTheRule) {
  using std::string_literals::operator""s;
  const std::string mo = MoFile({{"", ""}, {"$0 rank\0$0 ranks"s, "$0 rang\0$0 rangs"s}});
  const Catalogue catalogue(mo, French);
  EXPECT_EQ(catalogue.Find("$0 rank", 0), "$0 rang");
  EXPECT_EQ(catalogue.Find("$0 rank", 1), "$0 rang");
  EXPECT_EQ(catalogue.Find("$0 rank", 2), "$0 rangs");
  EXPECT_EQ(catalogue.Find("$0 rank"), "$0 rang");
  // A rule may not ask for more forms than there are.
  EXPECT_EQ(Catalogue(mo, [](uint64_t n) { return n; }).Find("$0 rank", 9), "$0 rangs");
}

TEST(CatalogueTest, MayBeEmpty) {
  EXPECT_EQ(Catalogue("", nullptr).Find("a"), "");
  EXPECT_EQ(Catalogue("", nullptr).Find("a", 2), "");
}

}  // namespace
}  // namespace convoy::i18n
