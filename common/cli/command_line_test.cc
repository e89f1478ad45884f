#include "common/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace convoy::cli {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::HasSubstr;

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() : line_("baker", "Bakes.", "Exit codes: 0.") {
    line_.arguments().WholeNumber("--loaves", &loaves_, 1, 8, "how many");
    line_.arguments().WholeNumber("--seed", &seed_, "any");
    line_.arguments().Number("--salt", &salt_, "of each");
    line_.arguments().Text("--flour", &flour_, "which");
    line_.arguments().Flag("--slow", &slow_, "takes its time");
  }

  absl::StatusOr<CommandLine::Asked> Parse(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "baker");
    return line_.Parse(static_cast<int>(arguments.size()), arguments.data());
  }
  std::string ErrorOf(std::vector<const char*> arguments) {
    return std::string(Parse(std::move(arguments)).status().message());
  }

  CommandLine line_;
  int loaves_ = 2;
  std::optional<uint64_t> seed_;
  std::optional<double> salt_;
  std::string flour_ = "rye";
  bool slow_ = false;
};

TEST_F(CommandLineTest, WhatIsNotGivenStays) {
  ASSERT_TRUE(Parse({}).ok());
  EXPECT_EQ(loaves_, 2);
  EXPECT_EQ(seed_, std::nullopt);
  EXPECT_EQ(flour_, "rye");
}

TEST_F(CommandLineTest, ValuesArriveInTheirTypes) {
  ASSERT_TRUE(
      Parse({"--loaves", "8", "--seed=18446744073709551615", "--salt", "-1.5e-3", "--slow"}).ok());
  EXPECT_EQ(loaves_, 8);
  EXPECT_EQ(seed_, UINT64_MAX);
  EXPECT_EQ(salt_, -1.5e-3);
  EXPECT_TRUE(slow_);
}

TEST_F(CommandLineTest, NumbersAreReadStrictly) {
  for (const char* wrong : {"", "0", "9", "2x", "two", "1e0", "99999999999999999999", "0x2"}) {
    EXPECT_THAT(ErrorOf({"--loaves", wrong}),
                HasSubstr("--loaves: must be a whole number from 1 to 8, not"))
        << wrong;
  }
  EXPECT_THAT(ErrorOf({"--seed", "-1"}), HasSubstr("--seed: must be a whole number from 0"));
  for (const char* wrong : {"", "nan", "inf", "1e999", "1,5"}) {
    EXPECT_THAT(ErrorOf({"--salt", wrong}), HasSubstr("--salt: must be a number, not")) << wrong;
  }
}

TEST_F(CommandLineTest, WhatWasTypedIsQuotedSafely) {
  const std::string error = ErrorOf({"--loaves", "\x1b[31m\xff"});
  EXPECT_THAT(error, HasSubstr("'\\x1b[31m\\xff'"));
  EXPECT_LT(ErrorOf({("--" + std::string(60000, 'a')).c_str()}).size(), 300u);
}

TEST_F(CommandLineTest, FlagsWithoutAValueOrGivenTwiceSaySo) {
  EXPECT_EQ(ErrorOf({"--loaves"}), "--loaves: needs a value, INT");
  EXPECT_EQ(ErrorOf({"--flour"}), "--flour: needs a value, TEXT");
  EXPECT_EQ(ErrorOf({"--flour", "rye", "--flour", "oat", "--flour", "oat"}),
            "--flour: is given 3 times; give it once");
  std::string shape;
  line_.AddCommand("bake", "bakes it", "").Choice("--shape", &shape, {"round", "long"}, "form");
  EXPECT_EQ(ErrorOf({"bake", "--shape", "not in {x}"}),
            "--shape: must be one of round, long, not 'not in {x}'");
}

TEST_F(CommandLineTest, UnknownWordsGetTheNearest) {
  EXPECT_EQ(ErrorOf({"--loave", "2"}),
            "unknown flag '--loave'; did you mean '--loaves'?; baker --help lists all flags");
  EXPECT_THAT(ErrorOf({"bread"}), HasSubstr("unexpected argument 'bread'; baker --help"));
}

TEST_F(CommandLineTest, CommandsHaveTheirOwnFlags) {
  std::string to;
  line_.AddCommand("deliver", "brings it", "").Text("--to", &to, "where");
  EXPECT_EQ(Parse({"deliver", "--to", "lab"})->command, "deliver");
  EXPECT_EQ(to, "lab");
  EXPECT_THAT(ErrorOf({"delivr"}), HasSubstr("unknown command 'delivr'; did you mean 'deliver'?"));
  EXPECT_THAT(ErrorOf({"delivr", "--help"}),
              HasSubstr("unknown command 'delivr'; did you mean 'deliver'?"));
  EXPECT_TRUE(Parse({"deliver", "lab", "--help"})->help);
  EXPECT_THAT(ErrorOf({"deliver", "--ot=x"}), HasSubstr("baker deliver --help lists all flags"));
  EXPECT_THAT(line_.Flags("deliver"), Contains("--to"));
}

TEST_F(CommandLineTest, HelpAndVersionAreTexts) {
  EXPECT_THAT(Parse({"--help"})->text,
              AllOf(HasSubstr("Bakes."), HasSubstr("--loaves INT"), HasSubstr("Exit codes: 0.")));
  EXPECT_THAT(Parse({"--version"})->text, HasSubstr("convoy baker "));
}

TEST_F(CommandLineTest, AFileGivesWhatIsNotTyped) {
  const std::string path = ::testing::TempDir() + "baker_config";
  std::ofstream(path) << "loaves = 4\nflour = \"wheat\"\n";
  line_.ReadsFile(path);
  ASSERT_TRUE(Parse({"--loaves", "5"}).ok());
  EXPECT_EQ(loaves_, 5);
  EXPECT_EQ(flour_, "wheat");
  EXPECT_TRUE(line_.Typed("--loaves"));
  EXPECT_FALSE(line_.Typed("--flour"));
  std::ofstream(path) << "loafs = 4\n";
  EXPECT_EQ(ErrorOf({}),
            "configuration file " + path + ": there is no option 'loafs'; did you mean 'loaves'?");
}

TEST_F(CommandLineTest, WhatIsNoFileOfOptionsIsNotWaitedFor) {
  line_.ReadsFile("/dev/zero");
  EXPECT_EQ(ErrorOf({}), "configuration file /dev/zero: is not a regular file");
}

TEST_F(CommandLineTest, ANamedFileIsCheckedLikewise) {
  line_.ReadsFile("");
  EXPECT_EQ(ErrorOf({"--config", "/dev/zero"}), "--config: is not a regular file");
  EXPECT_THAT(ErrorOf({"--config", "/no/such/file"}), HasSubstr("/no/such/file"));
}

}  // namespace
}  // namespace convoy::cli
