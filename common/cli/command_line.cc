// CLI11 parses; this file puts its exceptions into the words of one line, and adds the nearest
// known name to a word that is unknown.
#include "common/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/printable.h"
#include "common/base/suggest.h"
#include "common/base/version.h"

namespace convoy::cli {
namespace {

constexpr size_t kHelpColumn = 28;

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

// The flag that mpirun's users write with one dash, and its name for CLI11, where a flag of one
// dash has one letter. People read the former.
constexpr char kRanks[] = "-np";
constexpr char kRanksSpeltOut[] = "--np";

// What stands after "--" is for others.
std::vector<const char*> SpellOut(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  for (auto word = words.begin(); word != words.end() && std::string_view(*word) != "--"; ++word) {
    if (std::string_view(*word) == kRanks) *word = kRanksSpeltOut;
  }
  return words;
}

// Columns stay where they are.
std::string AsWritten(const std::string& text) {
  return absl::StrReplaceAll(text,
                             {{absl::StrCat(kRanksSpeltOut, "  "), absl::StrCat(kRanks, "   ")},
                              {absl::StrCat(kRanksSpeltOut, " "), absl::StrCat(kRanks, " ")},
                              {absl::StrCat(kRanksSpeltOut, ":"), absl::StrCat(kRanks, ":")},
                              {absl::StrCat(kRanksSpeltOut, "?"), absl::StrCat(kRanks, "?")}});
}

bool IsFlag(const std::string& word) { return !word.empty() && word.front() == '-'; }

absl::Status UnknownFlag(const std::string& word, const CLI::App& app, const std::string& help) {
  return absl::InvalidArgumentError(absl::StrCat("unknown flag ", Quoted(word),
                                                 DidYouMean(word, FlagsOf(app)), "; ", help,
                                                 " lists all flags"));
}

}  // namespace

struct CommandLine::Parser {
  // Not movable: Arguments look at their App.
  struct Command {
    CLI::App* app;
    Arguments arguments;
  };

  Parser(const std::string& program, const std::string& description)
      : app(description, program), arguments(app) {}

  const CLI::App* Chosen() const {
    const std::vector<CLI::App*> parsed = app.get_subcommands();
    return parsed.empty() ? nullptr : parsed.front();
  }

  absl::Status UnknownWord() const;

  CLI::App app;
  Arguments arguments;
  std::deque<Command> commands;
};

// What CLI11 could not place.
absl::Status CommandLine::Parser::UnknownWord() const {
  const CLI::App* chosen = Chosen();
  const std::vector<std::string> words = app.remaining(/*recurse=*/true);
  const std::string word = words.empty() ? "" : words.front().substr(0, words.front().find('='));
  const std::string help =
      absl::StrCat(app.get_name(), chosen == nullptr ? "" : " " + chosen->get_name(), " --help");
  for (const Command& command : commands) {
    if (command.app != chosen || !command.arguments.takes_words_after_dashes()) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("unknown flag ", Quoted(word), DidYouMean(word, FlagsOf(*chosen)),
                     "; what is meant for the program that it starts comes after --; ", help,
                     " lists all flags"));
  }
  if (IsFlag(word)) return UnknownFlag(word, chosen == nullptr ? app : *chosen, help);
  if (chosen != nullptr || commands.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument ", Quoted(word), "; ", help, " tells what it takes"));
  }
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.app->get_name());
  return absl::InvalidArgumentError(absl::StrCat("unknown command ", Quoted(word),
                                                 DidYouMean(word, names), "; ", help,
                                                 " lists all commands"));
}

CommandLine::CommandLine(const std::string& program, const std::string& description,
                         const std::string& footer)
    : parser_(std::make_unique<Parser>(program, description)) {
  parser_->app.footer(footer);
  const std::string name = program == "convoy" ? program : "convoy " + program;
  parser_->app.set_version_flag("--version",
                                absl::StrCat(name, " ", Version(), " (", GitCommit(), ")"));
}

CommandLine::~CommandLine() = default;

Arguments& CommandLine::arguments() { return parser_->arguments; }

Arguments& CommandLine::AddCommand(const std::string& name, const std::string& summary,
                                   const std::string& footer) {
  parser_->app.require_subcommand(0, 1);
  CLI::App* app = parser_->app.add_subcommand(name, summary);
  app->get_formatter()->column_width(kHelpColumn);
  app->footer(footer);
  return parser_->commands.emplace_back(Parser::Command{app, Arguments(*app)}).arguments;
}

void CommandLine::ReadsFile(const std::string& path) {
  parser_->app.set_config("--config", path, "file with options that are always given");
  parser_->app.allow_config_extras(CLI::config_extras_mode::error);
}

absl::StatusOr<CommandLine::Asked> CommandLine::Parse(int argc, const char* const* argv) {
  CLI::App& app = parser_->app;
  const std::vector<const char*> words = SpellOut(argc, argv);
  Asked asked;
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    const CLI::App* chosen = parser_->Chosen();
    asked.help = true;
    asked.text = AsWritten(chosen == nullptr ? app.help() : chosen->help(app.get_name()));
  } catch (const CLI::CallForVersion& version) {
    asked.text = std::string(version.what()) + "\n";
  } catch (const CLI::ExtrasError&) {
    return absl::InvalidArgumentError(AsWritten(std::string(parser_->UnknownWord().message())));
  } catch (const CLI::ConfigError& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "configuration file ", app.get_config_ptr()->as<std::string>(), ": ", error.what()));
  } catch (const CLI::FileError& error) {
    return absl::NotFoundError(absl::StrCat("--config: ", error.what()));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(AsWritten(error.what()));
  }
  if (const CLI::App* chosen = parser_->Chosen()) asked.command = chosen->get_name();
  return asked;
}

bool CommandLine::Typed(const std::string& flag) const {
  const std::vector<CLI::Option*> given = parser_->app.parse_order();
  return std::find(given.begin(), given.end(), parser_->app.get_option(flag)) != given.end();
}

std::vector<std::string> CommandLine::Flags(const std::string& command) const {
  return FlagsOf(command.empty() ? parser_->app : *parser_->app.get_subcommand(command));
}

}  // namespace convoy::cli
