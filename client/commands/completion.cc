// `convoy completion`: a script for each shell, made of the table of commands and their flags. What
// may follow some flags and commands is listed here; runs are looked up in ./runs when the key is
// pressed, and files the shell completes itself.
#include "client/commands/commands.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "client/cli/command_line.h"
#include "client/commands/output.h"
#include "client/process/shell.h"
#include "common/figures/report/figure_table.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

std::string Names(const std::vector<CommandFlags>& commands, const char* separator) {
  return absl::StrJoin(commands, separator, [](std::string* out, const CommandFlags& command) {
    absl::StrAppend(out, command.name);
  });
}

// What may follow a flag, or a command as its first argument.
using ValueTable = std::vector<std::pair<std::string, std::string>>;

ValueTable ValuesOfFlags() {
  return {{"--lang", "en fr"},
          {"--format", "keras tfjs onnx"},
          {"--split", "test validation train"},
          {"--input-scale", "auto 0..1 0..255 -1..1 standardised inverted"}};
}

ValueTable FirstArguments(const std::vector<CommandFlags>& commands) {
  const std::string figures = absl::StrJoin(
      gallery::FigureKinds(), " ",
      [](std::string* out, const gallery::FigureKind& kind) { absl::StrAppend(out, kind.name); });
  return {{"figure", figures}, {"completion", "bash zsh fish"}, {"help", Names(commands, " ")}};
}

// Commands whose other arguments are runs: they are completed by those of ./runs, too.
bool TakesRuns(const std::string& command) {
  static const auto* const kThey = new std::set<std::string>{
      "status", "watch", "note",   "history", "compare", "evaluate", "confusion", "noise",
      "show",   "jobs",  "models", "export",  "figure",  "report",   "download"};
  return kThey->count(command) > 0;
}

// Where the function leaves no answer, bash completes names of files.
std::string BashScript(const std::vector<CommandFlags>& commands) {
  std::string script = absl::StrCat(
      "# For ~/.bashrc: source <(convoy completion bash)\n"
      "_convoy() {\n"
      "  local current=\"${COMP_WORDS[COMP_CWORD]}\" before=\"${COMP_WORDS[COMP_CWORD-1]}\"\n"
      "  local command='' word words values=''\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$word\" in\n      ",
      Names(commands, "|"),
      "|help) command=\"$word\"; break ;;\n"
      "    esac\n"
      "  done\n"
      "  COMPREPLY=()\n"
      "  case \"$command\" in\n"
      "    '') words='",
      Names(commands, " "), " help --help --version' ;;\n");
  for (const CommandFlags& command : commands) {
    absl::StrAppend(&script, "    ", command.name, ") words='", absl::StrJoin(command.flags, " "),
                    "' ;;\n");
  }
  absl::StrAppend(&script, "  esac\n  case \"$before\" in\n");
  for (const auto& [flag, values] : ValuesOfFlags()) {
    absl::StrAppend(&script, "    ", flag, ") values='", values, "' ;;\n");
  }
  for (const auto& [command, values] : FirstArguments(commands)) {
    absl::StrAppend(&script, "    ", command, ") values='", values, "' ;;\n");
  }
  absl::StrAppend(&script, "  esac\n");
  std::vector<std::string> with_runs;
  for (const CommandFlags& command : commands) {
    if (TakesRuns(command.name)) with_runs.push_back(command.name);
  }
  absl::StrAppend(&script,
                  "  if [[ -z \"$values\" && \"$current\" != -* && \"$current\" != */* ]]; then\n"
                  "    case \"$command\" in\n      ",
                  absl::StrJoin(with_runs, "|"),
                  ") values=\"$(cd runs 2>/dev/null && printf '%s ' *)\" ;;\n    esac\n  fi\n");
  absl::StrAppend(&script,
                  "  if [[ -n \"$values\" ]]; then\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$values\" -- \"$current\")\n"
                  "  elif [[ \"$current\" == -* || -z \"$command\" ]]; then\n"
                  "    mapfile -t COMPREPLY < <(compgen -W \"$words\" -- \"$current\")\n"
                  "  fi\n"
                  "}\n"
                  "complete -o bashdefault -o default -F _convoy convoy\n");
  return script;
}

std::string ZshScript(const std::vector<CommandFlags>& commands) {
  std::string script =
      "#compdef convoy\n"
      "# For ~/.zshrc, after compinit: source <(convoy completion zsh)\n"
      "_convoy() {\n"
      "  local -a commands flags\n"
      "  commands=(\n";
  for (const CommandFlags& command : commands) {
    const std::string summary = absl::StrReplaceAll(command.summary, {{":", "\\:"}});
    absl::StrAppend(&script, "    ", ShellQuoted(absl::StrCat(command.name, ":", summary)), "\n");
  }
  absl::StrAppend(&script,
                  "  )\n"
                  "  if (( CURRENT == 2 )); then\n"
                  "    _describe command commands\n"
                  "    return\n"
                  "  fi\n"
                  "  case \"$words[2]\" in\n");
  for (const CommandFlags& command : commands) {
    absl::StrAppend(&script, "    ", command.name, ") flags=(", absl::StrJoin(command.flags, " "),
                    ") ;;\n");
  }
  absl::StrAppend(&script,
                  "  esac\n"
                  "  case \"$words[CURRENT-1]\" in\n");
  for (const ValueTable& table : {ValuesOfFlags(), FirstArguments(commands)}) {
    for (const auto& [word, values] : table) {
      absl::StrAppend(&script, "    ", word, ") compadd -- ", values, "; return ;;\n");
    }
  }
  absl::StrAppend(&script,
                  "  esac\n"
                  "  if [[ \"$words[CURRENT]\" == -* ]]; then\n"
                  "    compadd -- $flags\n"
                  "  else\n"
                  "    _files\n"
                  "  fi\n"
                  "}\n"
                  "compdef _convoy convoy\n");
  return script;
}

std::string ValuesForFish(const std::string& flag) {
  for (const auto& [known, values] : ValuesOfFlags()) {
    if (known == flag) return absl::StrCat(" -x -a ", ShellQuoted(values));
  }
  return "";
}

std::string FishScript(const std::vector<CommandFlags>& commands) {
  std::string script = "# For ~/.config/fish/completions/convoy.fish\n";
  for (const CommandFlags& command : commands) {
    absl::StrAppend(&script, "complete -c convoy -n __fish_use_subcommand -f -a ", command.name,
                    " -d ", ShellQuoted(command.summary), "\n");
    for (const std::string& flag : command.flags) {
      absl::StrAppend(&script, "complete -c convoy -n '__fish_seen_subcommand_from ", command.name,
                      "' -l ", absl::string_view(flag).substr(2), ValuesForFish(flag), "\n");
    }
  }
  for (const auto& [command, values] : FirstArguments(commands)) {
    absl::StrAppend(&script, "complete -c convoy -n '__fish_seen_subcommand_from ", command,
                    "' -f -a ", ShellQuoted(values), "\n");
  }
  return script;
}

// Returns the script for "bash", "zsh" or "fish", "" for any other.
std::string CompletionScript(const std::string& shell, const std::vector<CommandFlags>& commands) {
  if (shell == "bash") return BashScript(commands);
  if (shell == "zsh") return ZshScript(commands);
  if (shell == "fish") return FishScript(commands);
  return "";
}

class Completion : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("SHELL", &shell_, "bash, zsh or fish");
  }

  std::string Details() const override {
    return Tr(
        "Prints a script that lets the Tab key complete commands, flags, their values and "
        "runs.\n\n"
        "Examples:\n"
        "  echo 'source <(convoy completion bash)' >> ~/.bashrc\n"
        "  echo 'source <(convoy completion zsh)' >> ~/.zshrc\n"
        "  convoy completion fish > ~/.config/fish/completions/convoy.fish");
  }

  absl::Status Run(const Context& context) override {
    const std::string script = CompletionScript(shell_, ListFlags(Commands()));
    if (script.empty()) {
      return absl::InvalidArgumentError(Tr("SHELL: must be bash, zsh or fish, not '$0'", shell_));
    }
    Print(context, script);
    return absl::OkStatus();
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> NewCompletion() { return std::make_unique<Completion>(); }

}  // namespace convoy::client
