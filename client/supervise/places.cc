#include "client/supervise/places.h"

#include <algorithm>
#include <filesystem>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "client/supervise/network.h"
#include "client/supervise/scratch.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/i18n/message.h"
#include "common/i18n/translate.h"
#include "common/log/log.h"
#include "common/run/run_files.h"
#include "common/system/secret_digits.h"

namespace convoy::client {
namespace {

constexpr int64_t kScratchBytesPerRank = 6 << 20;

// Rank 0, which has the run directory, is here where this machine takes part.
void PutThisMachineFirst(std::vector<Host>* hosts) {
  std::stable_partition(hosts->begin(), hosts->end(),
                        [](const Host& host) { return IsHere(host.name); });
}

absl::StatusOr<std::string> FindNetworks(const std::string& named, const std::vector<Host>& hosts) {
  if (!named.empty()) {
    CONVOY_RETURN_IF_ERROR(InNetworks(named, "").status());
    return named;
  }
  std::vector<std::string> names;
  for (const Host& host : hosts) names.push_back(host.name);
  return NetworksTo(names);
}

void Tell(const HostState& state) {
  const std::string& name = state.host.name;
  log::Note(state.trouble.empty()
                ? Tr("$0: ready, $1 cores, $2 ranks", name, state.cores, state.host.slots)
                : Tr("$0: NOT READY, it $1", name, state.trouble.shown));
}

}  // namespace

Places::Places(const SupervisedRun& run, std::string mark, Chronicle& chronicle)
    : asked_(run.hosts),
      run_dir_(run.run_dir),
      trainer_(run.trainer),
      chronicle_(chronicle),
      ranks_(run.hosts.empty() ? std::max(run.ranks, 1) : run.ranks) {
  wanted_.mark = std::move(mark);
  wanted_.networks = run.networks;
}

Places::~Places() {
  if (hosts_ != nullptr) CleanHosts(hosts_->hosts(), wanted_);
}

absl::Status Places::Check(bool goes_on) {
  if (asked_.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(std::vector<Host> hosts, DealRanks(asked_, ranks_));
  PutThisMachineFirst(&hosts);
  CONVOY_ASSIGN_OR_RETURN(wanted_.networks, FindNetworks(wanted_.networks, hosts));
  wanted_.trainer = std::filesystem::absolute(trainer_).string();
  wanted_.run_dir = std::filesystem::absolute(run_dir_).string();
  DescribeThisMachine(&wanted_);
  wanted_.scratch = MakeScratch(wanted_.mark, kScratchBytesPerRank);
  wanted_.scratch_bytes = kScratchBytesPerRank;
  CONVOY_RETURN_IF_ERROR(Judge(Look(hosts), goes_on));
  hosts_ = std::make_unique<HostPool>(hosts, [this](bool back, const i18n::Message& line) {
    chronicle_.Note(line);
    chronicle_.Add(back ? run::RunEventKind::kHostBack : run::RunEventKind::kHostLost, line);
  });
  return absl::OkStatus();
}

std::vector<HostState> Places::Look(const std::vector<Host>& hosts) {
  std::vector<HostState> states = PrepareHosts(hosts, wanted_);
  for (const HostState& state : states) {
    newest_checkpoint_ = std::max(newest_checkpoint_, state.checkpoint);
  }
  return states;
}

absl::Status Places::Judge(const std::vector<HostState>& states, bool goes_on) {
  int slots = 0;
  bool some_ready = false;
  std::string not_ready;
  for (const HostState& state : states) {
    Tell(state);
    slots += state.host.slots;
    const bool ready = state.trouble.empty();
    some_ready = some_ready || ready;
    if (!ready) absl::StrAppend(&not_ready, not_ready.empty() ? "" : ", ", state.host.name);
  }
  if (!not_ready.empty() && !(some_ready && goes_on)) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "not ready: $0; mend what is said above, or leave them out", not_ready);
  }
  if (ranks_ == 0) ranks_ = slots;
  return absl::OkStatus();
}

absl::StatusOr<Placement> Places::Next() {
  if (hosts_ == nullptr) {
    wanted_.scratch = MakeScratch(wanted_.mark, kScratchBytesPerRank * ranks_);
    return Placement{.ranks = ranks_, .scratch = wanted_.scratch};
  }
  const std::vector<Host> ready = hosts_->Take(Look(hosts_->hosts()));
  if (ready.empty()) return TextError(absl::StatusCode::kUnavailable, "no host is ready");
  int slots = 0;
  for (const Host& host : ready) slots += host.slots;
  const std::string file = run::PathIn(run_dir_, run::kHostFile);
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(file, HostFileOf(ready)));
  CONVOY_ASSIGN_OR_RETURN(std::string run_id,
                          ReadOrDrawSecretDigits(run::PathIn(run_dir_, run::kRunIdFile)));
  return Placement{.ranks = std::min(ranks_, slots),
                   .host_file = file,
                   .networks = wanted_.networks,
                   .scratch = wanted_.scratch,
                   .run_id = std::move(run_id)};
}

}  // namespace convoy::client
