// What holds for every command: each explains itself, and refuses what it does not know.
#include "client/commands/commands.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <vector>

#include "client/cli/command_line.h"

namespace convoy::client {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string ReadAll(std::FILE* file) {
  std::rewind(file);
  std::string text;
  for (int c = std::fgetc(file); c != EOF; c = std::fgetc(file)) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

struct Outcome {
  ExitCode code;
  std::string out;
  std::string err;
};

Outcome RunConvoy(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "convoy");
  std::FILE* out = std::tmpfile();
  std::FILE* err = std::tmpfile();
  const ExitCode code =
      RunCommandLine(Commands(), static_cast<int>(arguments.size()), arguments.data(), out, err);
  return {code, ReadAll(out), ReadAll(err)};
}

TEST(CommandsTest, EachExplainsItself) {
  for (const CommandFlags& command : ListFlags(Commands())) {
    const Outcome help = RunConvoy({command.name.c_str(), "--help"});
    EXPECT_EQ(help.code, ExitCode::kOk) << command.name;
    EXPECT_EQ(help.err, "") << command.name;
    EXPECT_THAT(help.out, HasSubstr(command.summary)) << command.name;
    for (const std::string& flag : command.flags) {
      EXPECT_THAT(help.out, HasSubstr(flag)) << command.name;
    }
  }
}

TEST(CommandsTest, EachRefusesAnUnknownFlagInOneLine) {
  for (const CommandFlags& command : ListFlags(Commands())) {
    const Outcome outcome = RunConvoy({command.name.c_str(), "--jsno"});
    EXPECT_EQ(outcome.code, ExitCode::kUsage) << command.name;
    EXPECT_EQ(outcome.out, "") << command.name;
    EXPECT_THAT(outcome.err, StartsWith("convoy: error: ")) << command.name;
    EXPECT_EQ(outcome.err.find('\n'), outcome.err.size() - 1) << outcome.err;
  }
}

TEST(CommandsTest, WrongOptionsOfTheConnectionNameTheirFlag) {
  for (const auto& [arguments, words] :
       std::vector<std::pair<std::vector<const char*>, std::string>>{
           {{"status", "--coordinator", "nowhere"}, "--coordinator: 'nowhere' is not HOST:PORT"},
           {{"jobs", "--tls-ca", "/none/ca.pem"}, "--tls-ca: "},
           {{"models", "--tls-cert", "c"}, "--tls-cert and --tls-key"},
           {{"cancel", "--token-file", "/none/token", "job"}, "--token-file: "}}) {
    const Outcome outcome = RunConvoy(arguments);
    EXPECT_EQ(outcome.code, ExitCode::kUsage) << words;
    EXPECT_THAT(outcome.err, HasSubstr(words));
  }
}

}  // namespace
}  // namespace convoy::client
