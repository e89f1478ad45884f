#include "client/cli/overview.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

constexpr const char* kIntroduction = Marked(
    R"(convoy looks at trainings and at what they have learnt: on this computer's files, or at a
coordinator that watches over the jobs of a room.

First steps:
  trainer --run-dir runs/first              train the notebook's network (mpirun -np 4 trainer ...)
  convoy history runs/first                 how it learnt, epoch by epoch
  convoy show runs/first                    the network and the recipe that trained it
  convoy report runs/first                  its pictures, on a page for the browser

A JOB is a directory that a training left (runs/first, or just first), or a job's name at the
coordinator. A MODEL is a file (FILE.convoy), a run directory, or a model's name at the coordinator.
Without a name it is the newest run of ./runs, or what is newest at a coordinator that you name.
)");

constexpr const char* kSharedOptions = Marked(R"(
Options that every command takes:
  --coordinator HOST:PORT   the coordinator ($CONVOY_COORDINATOR, 127.0.0.1:50051)
  --tls-ca FILE             speak TLS and trust these certificates (PEM)
  --tls-cert, --tls-key     this client's certificate and key, where the coordinator asks for them
  --token-file FILE         the token for calls that change something
  --model MODEL             the model to work with
  --json                    print JSON, for programs
  --verbose                 errors also tell what libraries say
  --help, --version

Options that you always give can stand in ~/.config/convoy/config (or --config FILE), a line each:
  coordinator = "server:50051"

Exit codes: 0 done; 1 failed; 2 wrong usage or input.
'convoy help COMMAND' says more about a command.
)");

constexpr std::pair<CommandGroup, const char*> kGroups[] = {
    {CommandGroup::kJobs, Marked("Jobs")},
    {CommandGroup::kModels, Marked("Models")},
    {CommandGroup::kFiles, Marked("Pictures and files for other programs")},
    {CommandGroup::kShell, Marked("This program")},
};

}  // namespace

std::string Overview(const CommandTable& table) {
  std::string text = Tr(kIntroduction);
  for (const auto& [group, title] : kGroups) {
    std::string lines;
    for (const CommandEntry& entry : table) {
      if (entry.group != group) continue;
      absl::StrAppend(&lines, absl::StrFormat("  %-12s  %s\n", entry.name, Tr(entry.summary)));
    }
    if (!lines.empty()) absl::StrAppend(&text, "\n", Tr("$0:", Tr(title)), "\n", lines);
  }
  return text + Tr(kSharedOptions);
}

}  // namespace convoy::client
