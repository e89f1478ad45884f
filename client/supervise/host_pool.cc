#include "client/supervise/host_pool.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace convoy::client {

absl::StatusOr<std::vector<Host>> DealRanks(std::vector<Host> hosts, int ranks) {
  int given = 0;
  int open = 0;
  for (const Host& host : hosts) {
    given += host.slots;
    open += host.slots == 0 ? 1 : 0;
  }
  if (ranks > given && open == 0) {
    return absl::InvalidArgumentError(absl::StrCat("np: ", ranks, " ranks, but the hosts have ",
                                                   given,
                                                   " slots; give fewer ranks, or more slots"));
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
      on_change_(well, well ? absl::StrCat(state.host.name, " is back")
                            : absl::StrCat(state.host.name, " is left out: ", state.trouble));
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
