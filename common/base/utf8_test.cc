#include "common/base/utf8.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "common/base/random.h"

namespace convoy {
namespace {

using Json = nlohmann::json;

TEST(Utf8Test, CharactersOfEveryLength) {
  const std::string text = "a\u00e9\u2192\U0001D6FC";
  size_t at = 0;
  for (const uint32_t code : {0x61u, 0xe9u, 0x2192u, 0x1d6fcu}) {
    const Utf8Character character = FirstUtf8(std::string_view(text).substr(at));
    EXPECT_EQ(character.code, code);
    at += character.bytes;
  }
  EXPECT_EQ(at, text.size());
}

TEST(Utf8Test, NoBytesBeyondTheText) {
  const std::string text = "\xe2\x82\xac";
  for (size_t length = 1; length < text.size(); ++length) {
    const Utf8Character character = FirstUtf8(std::string_view(text.data(), length));
    EXPECT_EQ(character.code, kNoUtf8);
    EXPECT_EQ(character.bytes, length);
  }
}

TEST(Utf8Test, ValidTextStays) {
  EXPECT_EQ(ValidUtf8("couche é → 𝛼\n\x7f"), "couche é → 𝛼\n\x7f");
  EXPECT_EQ(VisibleUtf8("couche é → 𝛼"), "couche é → 𝛼");
}

TEST(Utf8Test, ReplacesWhatCannotBeShown) {
  EXPECT_EQ(VisibleUtf8("a\nb\x7f"), "a\uFFFDb\uFFFD");
  EXPECT_EQ(VisibleUtf8("\xc3"), "\uFFFD");
  EXPECT_EQ(VisibleUtf8("\xc0\xafx"), "\uFFFD\uFFFDx");
  EXPECT_EQ(VisibleUtf8("\xed\xa0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(VisibleUtf8("\xc2\x85"), "\uFFFD");  // a control character in two bytes
  EXPECT_EQ(VisibleUtf8("\xf4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(VisibleUtf8("\u202egpj.exe"), "\uFFFDgpj.exe");
}

// The library that writes summary.json replaces the same bytes in the same way, so a text is the
// same from a run directory and from a coordinator.
TEST(Utf8Test, AsInJsonFiles) {
  RandomSequence random(17, RandomStream::kNoise);
  // Bytes at the borders of the standard's table 3-7.
  const unsigned char bytes[] = {'a',  0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf,
                                 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed,
                                 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff};
  for (int round = 0; round < 20000; ++round) {
    std::string text;
    for (int i = 0; i < 6; ++i) text += static_cast<char>(bytes[random.NextBelow(sizeof(bytes))]);
    const std::string json = Json(text).dump(-1, ' ', false, Json::error_handler_t::replace);
    ASSERT_EQ(ValidUtf8(text), Json::parse(json).get<std::string>()) << json;
  }
}

}  // namespace
}  // namespace convoy
