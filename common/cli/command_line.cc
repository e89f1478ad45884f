// CLI11 parses; this file puts its exceptions into the words of one line, and adds the nearest
// known name to a word that is unknown.
#include "common/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <deque>
#include <filesystem>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/strip.h"
#include "common/base/printable.h"
#include "common/base/suggest.h"
#include "common/base/version.h"
#include "common/i18n/translate.h"

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
  const std::string near = NearestName(word, FlagsOf(app));
  return absl::InvalidArgumentError(
      near.empty() ? Tr("unknown flag $0; $1 lists all flags", Quoted(word), help)
                   : Tr("unknown flag $0; did you mean $1?; $2 lists all flags", Quoted(word),
                        Quoted(near), help));
}

absl::Status UnknownCommand(const std::string& word, const std::vector<std::string>& known,
                            const std::string& help) {
  const std::string near = NearestName(word, known);
  return absl::InvalidArgumentError(
      near.empty() ? Tr("unknown command $0; $1 lists all commands", Quoted(word), help)
                   : Tr("unknown command $0; did you mean $1?; $2 lists all commands", Quoted(word),
                        Quoted(near), help));
}

// What stands before and behind the last `separator` in `text`; nothing without one.
std::optional<std::pair<std::string, std::string>> SplitAtLast(absl::string_view text,
                                                               absl::string_view separator) {
  const size_t at = text.rfind(separator);
  if (at == absl::string_view::npos) return std::nullopt;
  return std::pair(std::string(text.substr(0, at)),
                   std::string(text.substr(at + separator.size())));
}

// What CLI11 says of one option, in words for people.
std::string InUsersWords(const std::string& said, const CLI::FormatterBase& formatter) {
  absl::string_view text = said;
  if (absl::ConsumeSuffix(&text, " is required")) return Tr("$0 is required", text);
  if (absl::ConsumeSuffix(&text, " missing")) {
    const auto parts = SplitAtLast(text, ": 1 required ");
    if (parts) return Tr("$0: needs a value, $1", parts->first, formatter.get_label(parts->second));
  }
  if (const auto parts = SplitAtLast(text, ": At Most 1 required but received ")) {
    return Tr("$0: is given $1 times; give it once", parts->first, parts->second);
  }
  return said;
}

// Says why `path` cannot be read as a file of options; "" if it can, or is not there.
std::string WhyNoConfig(const std::string& path) {
  constexpr uintmax_t kMostBytes = 1 << 20;
  std::error_code error;
  if (path.empty() || !std::filesystem::exists(path, error)) return "";
  if (!std::filesystem::is_regular_file(path, error)) return Tr("is not a regular file");
  return std::filesystem::file_size(path, error) > kMostBytes ? Tr("is no file of options") : "";
}

// What CLI11 says of a file: of a key that it does not know, "INI was not able to parse KEY".
std::string InConfigsWords(const std::string& said, const std::vector<std::string>& flags) {
  absl::string_view key = said;
  if (!absl::ConsumePrefix(&key, "INI was not able to parse ")) return said;
  std::vector<std::string> keys;
  for (const std::string& flag : flags) keys.push_back(flag.substr(2));
  const std::string near = NearestName(std::string(key), keys);
  return near.empty() ? Tr("there is no option $0", Quoted(std::string(key)))
                      : Tr("there is no option $0; did you mean $1?", Quoted(std::string(key)),
                           Quoted(near));
}

}  // namespace

struct CommandLine::Parser {
  // Not movable: Arguments look at their App.
  struct Command {
    CLI::App* app;
    Arguments arguments;
  };

  Parser(const std::string& program, const std::string& description)
      : app(description, program), arguments(app) {
    app.set_help_flag("-h,--help", Tr("Print this help message and exit"));
    app.get_formatter()->label("Usage", Tr("Usage"));
    app.get_formatter()->label("Positionals", Tr("Positionals"));
    app.get_formatter()->label("TEXT", Tr("TEXT"));
    app.get_formatter()->label("INT", Tr("INT"));
    app.get_formatter()->label("FLOAT", Tr("FLOAT"));
    app.get_formatter()->label("REQUIRED", Tr("REQUIRED"));
  }

  std::string usual_file;  // of options, read where no other is named

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
    const std::string near = NearestName(word, FlagsOf(*chosen));
    return absl::InvalidArgumentError(
        near.empty()
            ? Tr("unknown flag $0; what is meant for the program that it starts comes after --; $1 "
                 "lists all flags",
                 Quoted(word), help)
            : Tr("unknown flag $0; did you mean $1?; what is meant for the program that it starts "
                 "comes after --; $2 lists all flags",
                 Quoted(word), Quoted(near), help));
  }
  if (IsFlag(word)) return UnknownFlag(word, chosen == nullptr ? app : *chosen, help);
  if (chosen != nullptr || commands.empty()) {
    return absl::InvalidArgumentError(
        Tr("unexpected argument $0; $1 tells what it takes", Quoted(word), help));
  }
  std::vector<std::string> names;
  for (const Command& command : commands) names.push_back(command.app->get_name());
  return UnknownCommand(word, names, help);
}

CommandLine::CommandLine(const std::string& program, const std::string& description,
                         const std::string& footer)
    : parser_(std::make_unique<Parser>(program, description)) {
  parser_->app.footer(footer);
  const std::string name = program == "convoy" ? program : "convoy " + program;
  parser_->app.set_version_flag("--version",
                                absl::StrCat(name, " ", Version(), " (", GitCommit(), ")"),
                                Tr("Display program version information and exit"));
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
  parser_->app.set_config("--config", path, Tr("file with options that are always given"))
      ->check(CLI::Validator(WhyNoConfig, ""));
  parser_->app.allow_config_extras(CLI::config_extras_mode::error);
  parser_->usual_file = path;
}

absl::StatusOr<CommandLine::Asked> CommandLine::Parse(int argc, const char* const* argv) {
  CLI::App& app = parser_->app;
  const std::vector<const char*> words = SpellOut(argc, argv);
  Asked asked;
  // CLI11 checks only what is typed, and would wait for ever at the end of a pipe or of /dev/zero.
  const std::string why = WhyNoConfig(parser_->usual_file);
  if (!why.empty()) {
    return absl::InvalidArgumentError(Tr("configuration file $0: $1", parser_->usual_file, why));
  }
  try {
    app.parse(static_cast<int>(words.size()), words.data());
  } catch (const CLI::CallForHelp&) {
    const CLI::App* chosen = parser_->Chosen();
    // Help on a command that there is not: what is there instead.
    const std::vector<std::string> rest = app.remaining();
    if (chosen == nullptr && !parser_->commands.empty() && !rest.empty() && !IsFlag(rest.front())) {
      return parser_->UnknownWord();
    }
    asked.help = true;
    asked.text = AsWritten(chosen == nullptr ? app.help() : chosen->help(app.get_name()));
  } catch (const CLI::CallForVersion& version) {
    asked.text = std::string(version.what()) + "\n";
  } catch (const CLI::ExtrasError&) {
    return absl::InvalidArgumentError(AsWritten(std::string(parser_->UnknownWord().message())));
  } catch (const CLI::ConfigError& error) {
    return absl::InvalidArgumentError(Tr("configuration file $0: $1",
                                         app.get_config_ptr()->as<std::string>(),
                                         InConfigsWords(error.what(), FlagsOf(app))));
  } catch (const CLI::FileError&) {
    return absl::NotFoundError(
        Tr("--config: cannot read $0", app.get_config_ptr()->as<std::string>()));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(InUsersWords(AsWritten(error.what()), *app.get_formatter()));
  }
  if (const CLI::App* chosen = parser_->Chosen()) asked.command = chosen->get_name();
  return asked;
}

bool CommandLine::Typed(const std::string& flag) const {
  const std::vector<CLI::Option*> given = parser_->app.parse_order();
  return std::find(given.begin(), given.end(), parser_->app.get_option(flag)) != given.end();
}

std::vector<std::string> CommandLine::Flags(const std::string& command) const {
  std::vector<std::string> flags =
      FlagsOf(command.empty() ? parser_->app : *parser_->app.get_subcommand(command));
  std::replace(flags.begin(), flags.end(), std::string(kRanksSpeltOut), std::string(kRanks));
  return flags;
}

}  // namespace convoy::cli
