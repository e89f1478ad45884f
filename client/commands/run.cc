#include <filesystem>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "client/cli/shared_options.h"
#include "client/commands/commands.h"
#include "client/process/trainer.h"
#include "client/supervise/supervisor.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

bool IsFlag(const std::string& word) { return absl::StartsWith(word, "-"); }

// Takes --run-dir and --resume out of the trainer's flags.
void TakeRunFlags(const std::vector<std::string>& flags, SupervisedRun* run) {
  constexpr char kRunDir[] = "--run-dir";
  for (size_t i = 0; i < flags.size(); ++i) {
    if (flags[i] == "--resume") {
      run->resume = true;
    } else if (flags[i] == kRunDir && i + 1 < flags.size()) {
      run->run_dir = flags[++i];
    } else if (absl::StartsWith(flags[i], absl::StrCat(kRunDir, "="))) {
      run->run_dir = flags[i].substr(sizeof(kRunDir));
    } else {
      run->flags.push_back(flags[i]);
    }
  }
}

class RunCommand : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.WholeNumber("--np", &run_.ranks, 1, 65536, "ranks (1, or 1 a host)");
    arguments.Text("--hosts", &hosts_, "train on these hosts: NAME[:RANKS],... reached by ssh");
    arguments.Text("--hostfile", &host_file_, "the same from a file, NAME [slots=RANKS] a line");
    arguments.Text("--network", &run_.networks, "between the hosts: 10.1.0.0/16,... (is found)");
    arguments.Flag("--check", &run_.check_only, "see whether the hosts are ready, start nothing");
    arguments.WholeNumber("--max-restarts", &run_.max_restarts, 0, 1000000,
                          "how often to start again (100)");
    arguments.WordsAfterDashes("FLAGS", &words_, "the trainer's flags, after --");
  }

  std::string Details() const override {
    return Tr(
        "Trains, and after a fault goes on from the last checkpoint, until the training has\n"
        "succeeded; the result is the same, bit for bit. Gives up, and says why, where the\n"
        "training would only fail again. Ctrl-C stops with a checkpoint, twice at once. The\n"
        "same command with --run-dir goes on with what it has begun.\n"
        "Exit codes are the trainer's: 0 done, 1 failed, 2 wrong usage or input, 75 stopped\n"
        "with a checkpoint, 76 cancelled, 77 a rank hung again and again.\n\n"
        "Examples:\n"
        "  convoy run -np 4 -- --run-dir runs/first --epochs 20 --checkpoint-every 100\n"
        "  convoy run -- --model lenet5");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_RETURN_IF_ERROR(TakeWords());
    CONVOY_RETURN_IF_ERROR(TakeHosts());
    if (run_.run_dir.empty()) run_.run_dir = run::NewRunPath();
    if (context.coordinator_named) AddConnectionFlags(context.connection, &run_.flags);
    run_.flags.insert(run_.flags.end(), {"--run-dir", run_.run_dir, "--resume"});
    run_.report_only = "--report-only";
    CONVOY_ASSIGN_OR_RETURN(*context.exit_code, Supervise(run_));
    return absl::OkStatus();
  }

 private:
  // A first word that is no flag is the program, as mpirun's users write it.
  absl::Status TakeWords() {
    run_.trainer = TrainerProgram();
    if (words_.empty() || IsFlag(words_.front())) {
      TakeRunFlags(words_, &run_);
      return absl::OkStatus();
    }
    const std::string program = words_.front();
    if (std::filesystem::path(program).filename() != "trainer") {
      return absl::InvalidArgumentError(
          Tr("$0 is not the trainer; convoy run [-np N] -- takes the trainer's flags, such as "
             "--epochs 20",
             Quoted(program)));
    }
    if (program != "trainer") run_.trainer = program;
    TakeRunFlags({words_.begin() + 1, words_.end()}, &run_);
    return absl::OkStatus();
  }

  absl::Status TakeHosts() {
    if (!hosts_.empty() && !host_file_.empty()) {
      return absl::InvalidArgumentError(Tr("--hosts: cannot be given beside --hostfile"));
    }
    if (!hosts_.empty()) {
      CONVOY_ASSIGN_OR_RETURN(run_.hosts, HostsFromList(hosts_));
    } else if (!host_file_.empty()) {
      CONVOY_ASSIGN_OR_RETURN(run_.hosts, HostsFromFile(host_file_));
    } else if (run_.check_only || !run_.networks.empty()) {
      return absl::InvalidArgumentError(
          Tr("$0: needs --hosts or --hostfile", run_.check_only ? "--check" : "--network"));
    }
    return absl::OkStatus();
  }

  SupervisedRun run_;
  std::vector<std::string> words_;
  std::string hosts_;
  std::string host_file_;
};

}  // namespace

std::unique_ptr<Command> NewRun() { return std::make_unique<RunCommand>(); }

}  // namespace convoy::client
