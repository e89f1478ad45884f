#include "client/cli/command_line.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

using ::testing::AllOf;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;

// Prints what it was given, or fails as its argument says.
class Echo : public Command {
 public:
  void AddArguments(Arguments& arguments) override { arguments.Positional("JOB", &job_, "a job"); }
  std::string Details() const override { return "Examples:\n  convoy echo first"; }
  absl::Status Run(const Context& context) override {
    if (job_ == "lost") return absl::NotFoundError("lost: no such\njob");
    if (job_ == "gone") return absl::UnavailableError("gone: no answer");
    if (job_ == "stopped") return absl::CancelledError("stopped: cancelled");
    std::fprintf(context.out, "%s %s %s %d\n", job_.c_str(), context.connection.address.c_str(),
                 context.model.c_str(), context.json);
    return absl::OkStatus();
  }

 private:
  std::string job_ = "none";
};

const CommandTable& Table() {
  static const auto* const kTable =
      new CommandTable{{"echo", CommandGroup::kJobs, "says it again",
                        []() -> std::unique_ptr<Command> { return std::make_unique<Echo>(); }}};
  return *kTable;
}

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

class CommandLineTest : public ::testing::Test {
 protected:
  CommandLineTest() {
    ::setenv("XDG_CONFIG_HOME", ::testing::TempDir().c_str(), 1);
    ::unsetenv("CONVOY_COORDINATOR");
  }

  static Outcome Run(std::vector<const char*> arguments) {
    arguments.insert(arguments.begin(), "convoy");
    std::FILE* out = std::tmpfile();
    std::FILE* err = std::tmpfile();
    const ExitCode code =
        RunCommandLine(Table(), static_cast<int>(arguments.size()), arguments.data(), out, err);
    return {code, ReadAll(out), ReadAll(err)};
  }

  // Writes a configuration file and returns its path.
  static std::string ConfigFile(const std::string& text) {
    std::string path = ::testing::TempDir() + "convoy_config";
    std::ofstream(path) << text;
    return path;
  }
};

TEST_F(CommandLineTest, DefaultsWithoutAnyOption) {
  const Outcome outcome = Run({"echo"});
  EXPECT_EQ(outcome.code, ExitCode::kOk);
  EXPECT_EQ(outcome.out, "none 127.0.0.1:50051  0\n");
  EXPECT_EQ(outcome.err, "");
}

TEST_F(CommandLineTest, SharedOptionsStandBeforeOrAfterTheCommand) {
  const std::string expected = "first lab:1 a.convoy 1\n";
  EXPECT_EQ(Run({"--coordinator", "lab:1", "--model=a.convoy", "--json", "echo", "first"}).out,
            expected);
  EXPECT_EQ(Run({"echo", "--coordinator", "lab:1", "first", "--model=a.convoy", "--json"}).out,
            expected);
}

TEST_F(CommandLineTest, NearerOptionWins) {
  EXPECT_EQ(Run({"--coordinator", "far:1", "echo", "--coordinator", "near:1"}).out,
            "none near:1  0\n");
}

TEST_F(CommandLineTest, FlagGoesBeforeEnvironmentAndThatBeforeFile) {
  const std::string config = ConfigFile("coordinator = \"file:1\"\njson = true\n");
  EXPECT_EQ(Run({"--config", config.c_str(), "echo"}).out, "none file:1  1\n");
  ::setenv("CONVOY_COORDINATOR", "environment:1", 1);
  EXPECT_EQ(Run({"--config", config.c_str(), "echo"}).out, "none environment:1  1\n");
  EXPECT_EQ(Run({"--config", config.c_str(), "--coordinator", "flag:1", "echo"}).out,
            "none flag:1  1\n");
  EXPECT_EQ(Run({"--config", config.c_str(), "echo", "--coordinator", "flag:1"}).out,
            "none flag:1  1\n");
}

TEST_F(CommandLineTest, UnknownKeyInTheConfigurationIsNamed) {
  const std::string config = ConfigFile("cordinator = \"file:1\"\n");
  const Outcome outcome = Run({"--config", config.c_str(), "echo"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_THAT(outcome.err, AllOf(HasSubstr(config), HasSubstr("cordinator")));
}

TEST_F(CommandLineTest, MissingConfigurationIsAnErrorOnlyWhereItIsNamed) {
  const Outcome outcome = Run({"--config", "/no/such/file", "echo"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_THAT(outcome.err,
              AllOf(StartsWith("convoy: error: --config"), HasSubstr("/no/such/file")));
}

TEST_F(CommandLineTest, UnknownCommandGetsTheNearest) {
  const Outcome outcome = Run({"ehco"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_EQ(outcome.out, "");
  EXPECT_EQ(outcome.err,
            "convoy: error: unknown command 'ehco'; did you mean 'echo'?; convoy --help lists all "
            "commands\n");
}

TEST_F(CommandLineTest, UnknownFlagGetsTheNearestOfItsCommand) {
  EXPECT_THAT(Run({"echo", "--jsn"}).err,
              HasSubstr("unknown flag '--jsn'; did you mean '--json'?; convoy echo --help"));
  EXPECT_THAT(Run({"--modle=x", "echo"}).err, HasSubstr("did you mean '--model'?"));
}

TEST_F(CommandLineTest, OneArgumentTooManyIsNamed) {
  const Outcome outcome = Run({"echo", "first", "second"});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("unexpected argument 'second'"));
}

TEST_F(CommandLineTest, JobMayHaveTheNameOfACommand) {
  EXPECT_EQ(Run({"echo", "echo"}).out, "echo 127.0.0.1:50051  0\n");
}

TEST_F(CommandLineTest, EmptyAddressIsRefused) {
  const Outcome outcome = Run({"echo", "--coordinator", ""});
  EXPECT_EQ(outcome.code, ExitCode::kUsage);
  EXPECT_THAT(outcome.err, HasSubstr("--coordinator"));
}

TEST_F(CommandLineTest, ErrorsAreOneLineAndHaveTheirCodes) {
  const Outcome lost = Run({"echo", "lost"});
  EXPECT_EQ(lost.code, ExitCode::kUsage);
  EXPECT_EQ(lost.err, "convoy: error: lost: no such job\n");
  EXPECT_EQ(Run({"echo", "gone"}).code, ExitCode::kFailed);
  EXPECT_EQ(Run({"echo", "stopped"}).code, ExitCode::kFailed);
}

TEST_F(CommandLineTest, HelpNamesCommandsAndExamples) {
  EXPECT_THAT(Run({}).out, HasSubstr("  echo          says it again\n"));
  EXPECT_EQ(Run({}).out, Run({"--help"}).out);
  const Outcome outcome = Run({"echo", "--help"});
  EXPECT_EQ(outcome.code, ExitCode::kOk);
  EXPECT_THAT(outcome.out, AllOf(HasSubstr("convoy echo"), HasSubstr("--coordinator"),
                                 EndsWith("convoy echo first\n")));
}

TEST_F(CommandLineTest, VersionIsOneLine) {
  EXPECT_THAT(Run({"--version"}).out, AllOf(StartsWith("convoy "), EndsWith(")\n")));
}

TEST_F(CommandLineTest, FlagsOfEveryCommandAreListed) {
  const std::vector<CommandFlags> commands = ListFlags(Table());
  ASSERT_EQ(commands.size(), 1u);
  EXPECT_EQ(commands[0].name, "echo");
  EXPECT_THAT(commands[0].flags, ::testing::IsSupersetOf({"--help", "--json", "--coordinator"}));
}

}  // namespace
}  // namespace convoy::client
