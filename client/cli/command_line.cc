// Turns the command line into one Command and runs it. Every command of the table is a subcommand
// of CLI11 that binds its arguments to the command's own members, so that flags, help and shell
// completions come from one list. Shared options are bound twice, before and after the command's
// name, and merged: flag over environment over configuration file. Library errors name fields; they
// become flags here, at the edge.
#include "client/cli/command_line.h"

#include <deque>
#include <memory>
#include <string_view>
#include <vector>

#include "client/cli/overview.h"
#include "client/cli/shared_options.h"
#include "common/base/printable.h"
#include "common/cli/command_line.h"
#include "common/cli/flag_names.h"
#include "common/cli/user_config.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"
#include "common/log/log.h"
#include "common/terminal/output.h"

namespace convoy::client {
namespace {

// One command while the command line is parsed. It is bound to by address: never moved.
struct Parsed {
  const CommandEntry* entry = nullptr;
  std::unique_ptr<Command> command;
  SharedOptions shared;
};

// All commands with what they are bound to. Not movable.
struct Parser {
  explicit Parser(const CommandTable& table);

  Parsed* Find(const std::string& name);

  cli::CommandLine line;
  SharedOptions general;
  std::deque<Parsed> commands;
};

Parser::Parser(const CommandTable& table) : line("convoy", "", "") {
  line.ReadsFile(cli::UserConfigFile());
  AddSharedOptions(line.arguments(), &general);
  for (const CommandEntry& entry : table) {
    Parsed& parsed = commands.emplace_back();
    parsed.entry = &entry;
    parsed.command = entry.create();
    Arguments& arguments =
        line.AddCommand(entry.name, Tr(entry.summary), parsed.command->Details());
    parsed.command->AddArguments(arguments);
    AddSharedOptions(arguments, &parsed.shared);
  }
}

// Returns null for "".
Parsed* Parser::Find(const std::string& name) {
  for (Parsed& parsed : commands) {
    if (parsed.entry->name == name) return &parsed;
  }
  return nullptr;
}

// `convoy help COMMAND` means `convoy COMMAND --help`; of `help` itself there is none.
std::vector<const char*> WithoutHelpCommand(int argc, const char* const* argv) {
  std::vector<const char*> words(argv, argv + argc);
  const auto asks = [&] { return words.size() >= 2 && std::string_view(words[1]) == "help"; };
  if (!asks()) return words;
  while (asks()) words.erase(words.begin() + 1);
  words.push_back("--help");
  return words;
}

absl::Status ParseAndRun(const CommandTable& table, int argc, const char* const* argv,
                         Context context) {
  Parser parser(table);
  const std::vector<const char*> words = WithoutHelpCommand(argc, argv);
  CONVOY_ASSIGN_OR_RETURN(const cli::CommandLine::Asked asked,
                          parser.line.Parse(static_cast<int>(words.size()), words.data()));
  Parsed* chosen = parser.Find(asked.command);
  const bool overview = chosen == nullptr && (asked.help || asked.text.empty());
  if (overview || !asked.text.empty()) {
    const std::string help = overview ? Overview(table) : asked.text;
    terminal::Print(help, context.out);
    return absl::OkStatus();
  }
  ApplyEnvironment(parser.line, &parser.general);
  ApplySharedOptions(chosen->shared, parser.general, &context);
  // Its values are for programs, which know the English words.
  if (context.json) i18n::SpeakEnglish();
  return chosen->command->Run(context);
}

// Returns `status` as the program's exit code: 0, 1 or 2.
ExitCode ClientExitCode(const absl::Status& status) {
  const ExitCode code = ExitCodeFor(status);
  return code == ExitCode::kCancelled ? ExitCode::kFailed : code;
}

}  // namespace

ExitCode RunCommandLine(const CommandTable& table, int argc, const char* const* argv,
                        std::FILE* out, std::FILE* err) {
  ExitCode own = ExitCode::kOk;
  absl::Status status =
      ParseAndRun(table, argc, argv, Context{.exit_code = &own, .out = out, .err = err});
  const absl::Status written = terminal::Flush(out);
  if (status.ok()) status = written;
  if (!status.ok()) {
    cli::FlagNames names = cli::FlagsLikeFields(
        {"as_is", "coordinator", "data", "image", "lang", "hosts", "layer", "network", "note",
         "resume", "run_dir", "tls_ca", "tls_cert", "tls_key", "token_file"});
    names["np"] = "-np";  // as mpirun has it
    names["display_name"] = "--name";
    names["tags"] = "--tag";
    const std::string said = OneLine(cli::NameFlags(i18n::InUsersLanguage(status), names));
    std::fputs((log::LineToPerson("convoy", log::Level::kError, said) + "\n").c_str(), err);
  }
  return status.ok() ? own : ClientExitCode(status);
}

std::vector<CommandFlags> ListFlags(const CommandTable& table) {
  const Parser parser(table);
  std::vector<CommandFlags> commands;
  for (const Parsed& parsed : parser.commands) {
    commands.push_back(
        {parsed.entry->name, Tr(parsed.entry->summary), parser.line.Flags(parsed.entry->name)});
  }
  return commands;
}

}  // namespace convoy::client
