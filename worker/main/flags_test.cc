#include "worker/main/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace convoy::trainer {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<Flags> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "trainer");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

std::string ErrorOf(std::vector<const char*> arguments) {
  return std::string(Parse(std::move(arguments)).status().message());
}

TEST(FlagsTest, OnlyWhatWasGivenIsAsked) {
  const Flags flags = Parse({"--seed", "7", "--epochs=2", "--model", "lenet5"}).value();
  EXPECT_EQ(flags.asked.seed(), 7u);
  EXPECT_EQ(flags.asked.epochs(), 2);
  EXPECT_EQ(flags.asked.model().name(), "lenet5");
  EXPECT_FALSE(flags.asked.has_batch_size());
}

TEST(FlagsTest, UnknownFlagGetsTheNearest) {
  EXPECT_THAT(ErrorOf({"--bach-size", "64"}),
              HasSubstr("unknown flag '--bach-size'; did you mean '--batch-size'?"));
  EXPECT_THAT(ErrorOf({"hello"}), HasSubstr("unexpected argument 'hello'"));
}

TEST(FlagsTest, ValuesThatAreNoNumbersNameTheirFlag) {
  EXPECT_THAT(ErrorOf({"--batch-size", "many"}), HasSubstr("--batch-size"));
  EXPECT_THAT(ErrorOf({"--threads", "0"}), HasSubstr("--threads"));
  EXPECT_THAT(ErrorOf({"--verbose", "3"}), HasSubstr("--verbose"));
  EXPECT_THAT(ErrorOf({"--isa", "avx3"}), HasSubstr("--isa"));
}

// As a shell makes them of a variable that is not set.
TEST(FlagsTest, EmptyTextsMeanNothingElse) {
  for (const char* flag : {"--run-dir", "--recipe", "--coordinator", "--initial-weights", "--data",
                           "--token-file", "--tls-ca", "--model", "--optimizer", "--isa"}) {
    EXPECT_EQ(ErrorOf({flag, ""}), std::string(flag) + ": must not be empty");
  }
}

TEST(FlagsTest, ValuesThatWouldBecomeOthersAreRefused) {
  EXPECT_THAT(ErrorOf({"--seed", "-1"}), HasSubstr("--seed: must be a whole number from 0"));
  EXPECT_THAT(ErrorOf({"--batch-size", ""}), HasSubstr("--batch-size: must be a whole number"));
  EXPECT_THAT(ErrorOf({"--epochs", "3000000000"}), HasSubstr("--epochs"));
  EXPECT_THAT(ErrorOf({"--learning-rate", "0.1x"}), HasSubstr("--learning-rate: must be a number"));
  EXPECT_EQ(Parse({"--seed", "18446744073709551615"}).value().asked.seed(), UINT64_MAX);
}

TEST(FlagsTest, ResumeNeedsARunDirectory) {
  EXPECT_THAT(ErrorOf({"--resume"}), HasSubstr("--resume: needs --run-dir"));
  EXPECT_TRUE(Parse({"--resume", "--run-dir", "x"}).ok());
}

TEST(FlagsTest, LabelsAreBounded) {
  const Flags flags =
      Parse({"--name", "noyaux larges", "--tag", "lab3", "--tag", "été", "--note", "x"}).value();
  EXPECT_EQ(flags.labels.name, "noyaux larges");
  EXPECT_EQ(flags.labels.tags, (std::vector<std::string>{"lab3", "été"}));
  EXPECT_THAT(ErrorOf({"--name", std::string(101, 'x').c_str()}), HasSubstr("101 characters"));
  EXPECT_THAT(ErrorOf({"--note", "a\nb"}), HasSubstr("control character"));
  EXPECT_THAT(ErrorOf({"--tag", "a", "--tag", "a"}), HasSubstr("'a' is there twice"));
  EXPECT_EQ(FlagsOfFields().find("display_name")->second, "--name");
  EXPECT_EQ(FlagsOfFields().find("tags")->second, "--tag");
}

TEST(FlagsTest, CoordinatorIsAnAddressAndItsFilesNeedIt) {
  EXPECT_EQ(Parse({"--coordinator", "lab:50051"}).value().coordinator, "lab:50051");
  EXPECT_THAT(ErrorOf({"--coordinator", "lab"}),
              HasSubstr("--coordinator: 'lab' is not HOST:PORT"));
  EXPECT_THAT(ErrorOf({"--coordinator", "lab:70000"}), HasSubstr("1 to 65535"));
  EXPECT_THAT(ErrorOf({"--token-file", "t"}), HasSubstr("--token-file: needs --coordinator"));
  EXPECT_THAT(ErrorOf({"--tls-ca", "c"}), HasSubstr("--tls-ca: needs --coordinator"));
  EXPECT_THAT(ErrorOf({"--coordinator", "a:1", "--tls-cert", "c"}), HasSubstr("--tls-key"));
}

TEST(FlagsTest, HelpAndVersionAreTexts) {
  EXPECT_THAT(*Parse({"--help"}).value().print_and_exit, HasSubstr("--checkpoint-every"));
  EXPECT_THAT(*Parse({"--version"}).value().print_and_exit, HasSubstr("convoy trainer"));
}

TEST(FlagsTest, MissingRecipeFileIsNamed) {
  EXPECT_THAT(ErrorOf({"--recipe", "/no/such.textproto"}), HasSubstr("/no/such.textproto"));
}

}  // namespace
}  // namespace convoy::trainer
