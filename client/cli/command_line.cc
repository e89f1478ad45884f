#include "client/cli/command_line.h"

#include <CLI/CLI.hpp>
#include <deque>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "client/cli/overview.h"
#include "client/cli/shared_options.h"
#include "common/base/suggest.h"
#include "common/base/version.h"
#include "common/cli/flag_names.h"
#include "common/log/log.h"

namespace convoy::client {
namespace {

// One command while the command line is parsed. It is bound to by address: never moved.
struct Parsed {
  const CommandEntry* entry = nullptr;
  std::unique_ptr<Command> command;
  SharedOptions shared;
  CLI::App* app = nullptr;
};

// The whole command line as CLI11 wants it. Not movable.
struct Parser {
  explicit Parser(const CommandTable& table);

  const CommandTable& table;
  CLI::App app;
  SharedOptions general;
  std::deque<Parsed> commands;
};

Parser::Parser(const CommandTable& commands_table) : table(commands_table), app("", "convoy") {
  app.require_subcommand(0, 1);
  app.set_version_flag("--version", absl::StrCat("convoy ", Version(), " (", GitCommit(), ")"));
  app.set_config("--config", DefaultConfigFile(), "file with options that are always given");
  app.allow_config_extras(CLI::config_extras_mode::error);
  AddSharedOptions(app, &general);
  for (const CommandEntry& entry : table) {
    Parsed& parsed = commands.emplace_back();
    parsed.entry = &entry;
    parsed.command = entry.create();
    parsed.app = app.add_subcommand(entry.name, entry.summary);
    parsed.app->get_formatter()->column_width(28);
    Arguments arguments(*parsed.app);
    parsed.command->AddArguments(arguments);
    AddSharedOptions(*parsed.app, &parsed.shared);
    parsed.app->footer(parsed.command->Details());
  }
}

// Returns the command that was named; null if none was.
Parsed* Chosen(Parser& parser) {
  for (Parsed& parsed : parser.commands) {
    if (parsed.app->parsed()) return &parsed;
  }
  return nullptr;
}

std::vector<std::string> FlagsOf(const CLI::App& app) {
  std::vector<std::string> flags;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) flags.push_back("--" + name);
  }
  return flags;
}

// What CLI11 could not place.
absl::Status UnknownWord(Parser& parser) {
  const Parsed* chosen = Chosen(parser);
  const CLI::App& app = chosen == nullptr ? parser.app : *chosen->app;
  const std::vector<std::string> words = parser.app.remaining(/*recurse=*/true);
  const std::string word = words.empty() ? "" : words.front().substr(0, words.front().find('='));
  const std::string help =
      absl::StrCat(chosen == nullptr ? "convoy" : "convoy " + chosen->entry->name, " --help");
  if (!word.empty() && word.front() == '-') {
    return absl::InvalidArgumentError(absl::StrCat("unknown flag '", word, "'",
                                                   DidYouMean(word, FlagsOf(app)), "; ", help,
                                                   " lists all flags"));
  }
  if (chosen != nullptr) {
    return absl::InvalidArgumentError(
        absl::StrCat("unexpected argument '", word, "'; ", help, " tells what it takes"));
  }
  std::vector<std::string> names;
  for (const CommandEntry& entry : parser.table) names.push_back(entry.name);
  return absl::InvalidArgumentError(absl::StrCat(
      "unknown command '", word, "'", DidYouMean(word, names), "; ", help, " lists all commands"));
}

// Returns the text of --help or --version, or "" if a command is to be run.
absl::StatusOr<std::string> Parse(Parser& parser, int argc, const char* const* argv) {
  try {
    parser.app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const Parsed* chosen = Chosen(parser);
    return chosen == nullptr ? Overview(parser.table) : chosen->app->help("convoy");
  } catch (const CLI::CallForVersion& version) {
    return std::string(version.what()) + "\n";
  } catch (const CLI::ExtrasError&) {
    return UnknownWord(parser);
  } catch (const CLI::ConfigError& error) {
    return absl::InvalidArgumentError(absl::StrCat(
        "configuration file ", parser.app.get_config_ptr()->as<std::string>(), ": ", error.what()));
  } catch (const CLI::FileError& error) {
    return absl::NotFoundError(absl::StrCat("--config: ", error.what()));
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  return Chosen(parser) == nullptr ? Overview(parser.table) : "";
}

absl::Status ParseAndRun(const CommandTable& table, int argc, const char* const* argv,
                         Context context) {
  Parser parser(table);
  CONVOY_ASSIGN_OR_RETURN(const std::string text, Parse(parser, argc, argv));
  if (!text.empty()) {
    std::fputs(text.c_str(), context.out);
    return absl::OkStatus();
  }
  Parsed& chosen = *Chosen(parser);
  ApplyEnvironment(parser.app, &parser.general);
  ApplySharedOptions(chosen.shared, parser.general, &context);
  return chosen.command->Run(context);
}

// Returns `status` as the program's exit code: 0, 1 or 2.
ExitCode ClientExitCode(const absl::Status& status) {
  const ExitCode code = ExitCodeFor(status);
  return code == ExitCode::kCancelled ? ExitCode::kFailed : code;
}

}  // namespace

ExitCode RunCommandLine(const CommandTable& table, int argc, const char* const* argv,
                        std::FILE* out, std::FILE* err) {
  absl::Status status = ParseAndRun(table, argc, argv, Context{.out = out, .err = err});
  if (std::fflush(out) != 0 && status.ok()) {
    status = absl::UnknownError("cannot write the result; is the disk full?");
  }
  if (!status.ok()) {
    const cli::FlagNames names =
        cli::FlagsLikeFields({"as_is", "coordinator", "data", "image", "lang", "layer", "tls_ca",
                              "tls_cert", "tls_key", "token_file"});
    const std::string said =
        absl::StrReplaceAll(cli::NameFlags(std::string(status.message()), names), {{"\n", " "}});
    std::fputs((log::LineToPerson("convoy", log::Level::kError, said) + "\n").c_str(), err);
  }
  return ClientExitCode(status);
}

std::vector<CommandFlags> ListFlags(const CommandTable& table) {
  const Parser parser(table);
  std::vector<CommandFlags> commands;
  for (const Parsed& parsed : parser.commands) {
    commands.push_back({parsed.entry->name, parsed.entry->summary, FlagsOf(*parsed.app)});
  }
  return commands;
}

}  // namespace convoy::client
