// One small script does all that must be done on a host, in one connection. What it has to say it
// writes as "convoy: NAME VALUE", so that greetings and warnings of the host do not matter.
#include "client/supervise/remote.h"

#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <thread>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/process/child.h"
#include "client/process/shell.h"
#include "client/supervise/network.h"

namespace convoy::client {
namespace {

using i18n::MakeMessage;
using i18n::Message;
using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kAnswerPoll{20};
constexpr std::chrono::seconds kAnswerTime{60};
constexpr char kSsh[] = "ssh -o BatchMode=yes -o ConnectTimeout=5 -o ServerAliveInterval=5";

// SIGKILL to every process with the mark, until none is left; 10 s at most.
constexpr char kEndProcesses[] = R"sh(
mark=$MARK scratch=$SCRATCH trainer=$TRAINER run=$RUN
tries=0 left=yes
while [ -n "$left" ] && [ $tries -lt 40 ]; do
  left=$(grep -lzxF -e "$mark" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3 | tr '\n' ' ')
  if [ -n "$left" ]; then kill -9 $left 2>/dev/null; fi
  if [ -n "$left" ]; then tries=$((tries + 1)); sleep 0.25; fi
done
echo "convoy: left $left"
if [ -n "$scratch" ] && [ -z "$left" ]; then rm -rf "$scratch"; fi
)sh";
constexpr char kDescribe[] = R"sh(
if [ -n "$scratch" ] && ! mkdir -m 700 "$scratch"; then echo "convoy: unwritable $scratch"; fi
echo "convoy: room $(df -Pk "${scratch:-/}" 2>/dev/null | awk 'NR == 2 { print $4 }')"
build=$(sha256sum "$trainer" 2>/dev/null); echo "convoy: build ${build%% *}"
if "$trainer" --version >/dev/null 2>&1; then echo "convoy: runs yes"; fi
echo "convoy: cores $(nproc)"
mpi=$(mpirun --version 2>/dev/null | head -n 1); echo "convoy: mpi $mpi"
echo "convoy: addresses $(hostname -I)"
echo "convoy: checkpoint $(ls "$run/checkpoints" 2>/dev/null | sed -n 's/^step-0*\([1-9][0-9]*\)\.convoy$/\1/p' | sort -n | tail -n 1)"
)sh";

struct Answer {
  std::map<std::string, std::string> values;
  std::string last_line;  // of what else was said
  int code = -1;          // -1: it was not heard of in time
};

std::string Fill(const char* script, const Wanted& wanted) {
  return absl::StrReplaceAll(script, {{"$MARK", ShellQuoted(wanted.mark)},
                                      {"$SCRATCH", ShellQuoted(wanted.scratch)},
                                      {"$TRAINER", ShellQuoted(wanted.trainer)},
                                      {"$RUN", ShellQuoted(wanted.run_dir)}});
}

void Hear(const std::string& line, Answer* answer) {
  std::string_view rest = line;
  if (rest.rfind("convoy: ", 0) != 0) {
    if (!line.empty()) answer->last_line = line;
    return;
  }
  rest.remove_prefix(std::string_view("convoy: ").size());
  const size_t end = rest.find(' ');
  if (end == std::string_view::npos) return;
  answer->values[std::string(rest.substr(0, end))] = std::string(rest.substr(end + 1));
}

// Runs the script on the host, or here.
Answer Ask(const std::string& host, const std::string& script) {
  // Both outputs are read as one.
  Launch launch = {.command = {"/bin/sh", "-c", "exec \"$@\" >&2", "sh"},
                   .environment = OwnEnvironment()};
  if (IsHere(host)) {
    launch.command.insert(launch.command.end(), {"/bin/sh", "-c", script});
  } else {
    const std::vector<std::string> ssh = SshCommand();
    launch.command.insert(launch.command.end(), ssh.begin(), ssh.end());
    launch.command.insert(launch.command.end(), {host, script});
  }
  Answer answer;
  auto child = Child::Start(launch, [&](const std::string& line) { Hear(line, &answer); });
  if (!child.ok()) {
    answer.last_line = std::string(child.status().message());
    return answer;
  }
  const auto deadline = steady_clock::now() + kAnswerTime;
  while (steady_clock::now() < deadline) {
    if (const auto code = (*child)->Wait(kAnswerPoll)) {
      answer.code = *code;
      return answer;
    }
  }
  return answer;  // the end of `child` kills it
}

Message TroubleOf(Answer answer, const Wanted& wanted) {
  if (answer.code < 0 && answer.last_line.empty()) {
    return MakeMessage("does not answer within a minute");
  }
  if (answer.values.count("cores") == 0) {
    return MakeMessage("cannot be reached by ssh: $0",
                       absl::StripAsciiWhitespace(answer.last_line));
  }
  if (!answer.values["left"].empty()) {
    return MakeMessage("has a process of an earlier start that does not die: $0",
                       answer.values["left"]);
  }
  if (answer.values.count("unwritable") != 0) {
    return MakeMessage("cannot make $0: $1", wanted.scratch, answer.last_line);
  }
  int64_t kilobytes = 0;
  if (!wanted.scratch.empty() && absl::SimpleAtoi(answer.values["room"], &kilobytes) &&
      kilobytes * 1024 < wanted.scratch_bytes) {
    return MakeMessage("has $0 KB of room in $1, where MPI needs $2: make room there", kilobytes,
                       wanted.scratch, wanted.scratch_bytes / 1024);
  }
  if (answer.values["mpi"] != wanted.mpi) {
    const std::string& there = answer.values["mpi"];
    return there.empty()
               ? MakeMessage("has no mpirun, here is $0: install the same (deploy/install.sh)",
                             wanted.mpi)
               : MakeMessage("has $0, here is $1: install the same (deploy/install.sh)", there,
                             wanted.mpi);
  }
  if (answer.values["build"].empty()) {
    return MakeMessage("has no $0: share its directory, or copy it", wanted.trainer);
  }
  if (answer.values["build"] != wanted.build) {
    return MakeMessage("has another build of the trainer: build it there again, or copy it");
  }
  if (answer.values.count("runs") == 0) {
    return MakeMessage("cannot run the trainer; on it, ldd $0 says what is missing",
                       wanted.trainer);
  }
  const std::string& addresses = answer.values["addresses"];
  if (!wanted.networks.empty() && !InNetworks(wanted.networks, addresses).value_or(true)) {
    return MakeMessage("has no address in $0 but $1: name the network that all hosts have",
                       wanted.networks, addresses);
  }
  return {};
}

HostState Prepare(const Host& host, const Wanted& wanted) {
  const Answer answer = Ask(host.name, Fill(kEndProcesses, wanted) + Fill(kDescribe, wanted));
  HostState state{.host = host, .trouble = TroubleOf(answer, wanted)};
  const auto checkpoint = answer.values.find("checkpoint");
  if (checkpoint == answer.values.end() ||
      !absl::SimpleAtoi(checkpoint->second, &state.checkpoint)) {
    state.checkpoint = 0;
  }
  const auto cores = answer.values.find("cores");
  if (cores == answer.values.end() || !absl::SimpleAtoi(cores->second, &state.cores)) return state;
  if (state.host.slots == 0) state.host.slots = state.cores;
  return state;
}

// A thread for each: they mostly wait.
template <typename Do>
void OnAll(const std::vector<Host>& hosts, Do act) {
  std::vector<std::thread> threads;
  for (size_t i = 0; i < hosts.size(); ++i) threads.emplace_back([&, i] { act(i); });
  for (std::thread& thread : threads) thread.join();
}

}  // namespace

std::vector<std::string> SshCommand() {
  const char* named = std::getenv("CONVOY_SSH");
  return absl::StrSplit(named == nullptr ? kSsh : named, ' ', absl::SkipEmpty());
}

void DescribeThisMachine(Wanted* wanted) {
  Answer here = Ask("127.0.0.1", Fill("trainer=$TRAINER scratch=\n", *wanted) + kDescribe);
  wanted->build = here.values["build"];
  wanted->mpi = here.values["mpi"];
}

std::vector<HostState> PrepareHosts(const std::vector<Host>& hosts, const Wanted& wanted) {
  std::vector<HostState> states(hosts.size());
  OnAll(hosts, [&](size_t i) { states[i] = Prepare(hosts[i], wanted); });
  return states;
}

void CleanHosts(const std::vector<Host>& hosts, const Wanted& wanted) {
  OnAll(hosts, [&](size_t i) { Ask(hosts[i].name, Fill(kEndProcesses, wanted)); });
}

}  // namespace convoy::client
