#include "client/supervise/host_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "common/base/text_error.h"

namespace convoy::client {

absl::StatusOr<std::vector<Host>> DealRanks(std::vector<Host> hosts, int ranks) {
  int given = 0;
  int open = 0;
  for (const Host& host : hosts) {
    given += host.slots;
    open += host.slots == 0 ? 1 : 0;
  }
  if (ranks > given && open == 0) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "np: $0 ranks, but the hosts have $1 slots; give fewer ranks, or more slots",
                     ranks, given);
  }
  int left = std::max(ranks - given, open);
  for (Host& host : hosts) {
    if (host.slots != 0) continue;
    host.slots = (left + open - 1) / open;
    left -= host.slots;
    --open;
  }
  return hosts;
}

std::vector<Host> HostPool::Take(const std::vector<HostState>& states) {
  std::vector<Host> ready;
  for (const HostState& state : states) {
    const bool well = state.trouble.empty();
    bool& left_out = left_out_[state.host.name];
    if (well) ready.push_back(state.host);
    if (well == left_out) {
      on_change_(well,
                 well ? i18n::MakeMessage("$0 is back", state.host.name)
                      : i18n::MakeMessage("$0 is left out: $1", state.host.name, state.trouble));
    }
    left_out = !well;
  }
  return ready;
}

std::string HostFileOf(const std::vector<Host>& hosts) {
  std::string text;
  for (const Host& host : hosts) absl::StrAppend(&text, host.name, " slots=", host.slots, "\n");
  return text;
}

}  // namespace convoy::client
