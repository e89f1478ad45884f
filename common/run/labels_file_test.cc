#include "common/run/labels_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/run/run_files.h"

namespace convoy::run {
namespace {

using ::testing::HasSubstr;

class LabelsFileTest : public testing::Test {
 protected:
  LabelsFileTest() : directory_(testing::TempDir() + "labels_file_test") {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
  }
  ~LabelsFileTest() override { std::filesystem::remove_all(directory_); }

  const std::string directory_;
};

TEST_F(LabelsFileTest, AnyScriptComesBack) {
  const Labels given{.name = "noyaux larges \"5 x 5\"",
                     .tags = {"lab3", "実験", "با\u200cهم"},
                     .note = "\\ 👩‍🔬 second try",
                     .time = absl::FromUnixMicros(1'700'000'000'123'456)};
  ASSERT_TRUE(WriteLabels(directory_, given).ok());
  const Labels read = ReadLabels(directory_).value();
  EXPECT_EQ(read.name, given.name);
  EXPECT_EQ(read.tags, given.tags);
  EXPECT_EQ(read.note, given.note);
  EXPECT_EQ(read.time, given.time);
}

TEST_F(LabelsFileTest, NobodyGaveAny) {
  const auto read = ReadLabels(directory_);
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->empty());
  EXPECT_EQ(read->time, absl::InfinitePast());
}

// Characters are counted, not bytes: no script has less room than another.
TEST_F(LabelsFileTest, LengthsAreBounded) {
  std::string name;
  for (int i = 0; i < 100; ++i) name += "実";
  EXPECT_TRUE(CheckLabels({.name = name, .tags = {}, .note = std::string(1000, 'n')}).ok());
  EXPECT_THAT(CheckLabels({.name = name + "x"}).message(),
              HasSubstr("display_name: has 101 characters"));
  EXPECT_THAT(CheckLabels({.note = std::string(1001, 'n')}).message(), HasSubstr("note"));
  EXPECT_THAT(CheckLabels({.tags = {std::string(41, 't')}}).message(), HasSubstr("tags"));
  Labels many;
  for (int i = 0; i <= 20; ++i) many.tags.push_back(absl::StrCat(i));
  EXPECT_THAT(CheckLabels(many).message(), HasSubstr("21"));
  many.tags.pop_back();
  EXPECT_TRUE(CheckLabels(many).ok());
}

TEST_F(LabelsFileTest, WhatNoTerminalTakesIsRefused) {
  for (const char* text : {"a\nb", "\x1b[2J", "\x7f", "\xc2\x9b", "\xff", "\xed\xa0\x80"}) {
    EXPECT_TRUE(absl::IsInvalidArgument(CheckLabels({.name = text}))) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(CheckLabels({.tags = {text}}))) << text;
    EXPECT_TRUE(absl::IsInvalidArgument(CheckLabels({.note = text}))) << text;
  }
  EXPECT_FALSE(CheckLabels({.tags = {""}}).ok());
  EXPECT_FALSE(CheckLabels({.tags = {"a", "b", "a"}}).ok());
  EXPECT_FALSE(WriteLabels(directory_, {.name = "a\nb"}).ok());
  EXPECT_FALSE(PathExists(PathIn(directory_, kLabelsFile)));
}

TEST_F(LabelsFileTest, DamagedFilesAreNamed) {
  for (const std::string& text :
       {std::string(), std::string("{"), std::string("[]"), std::string(R"({"note": 7})"),
        std::string(R"({"tags": "x"})"), std::string(R"({"tags": [1]})"),
        std::string(R"({"display_name": "a\nb", "update_time": "2026-11-26T12:00:00Z"})"),
        std::string(R"({"display_name": "x", "update_time": "yesterday"})"),
        std::string(100'000, ' ')}) {
    ASSERT_TRUE(WriteFileAtomically(PathIn(directory_, kLabelsFile), text).ok());
    const absl::Status status = ReadLabels(directory_).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text.substr(0, 80);
    EXPECT_THAT(std::string(status.message()), HasSubstr("labels.json: "));
  }
}

}  // namespace
}  // namespace convoy::run
