// The hosts of a training from start to start: which of them take part, which are gone or back.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "client/supervise/hosts.h"
#include "client/supervise/remote.h"
#include "common/i18n/message.h"

namespace convoy::client {

// Deals `ranks` out to the hosts whose slots are not given, evenly; one a host where ranks is 0.
// Returns INVALID_ARGUMENT if the slots that are given are too few.
absl::StatusOr<std::vector<Host>> DealRanks(std::vector<Host> hosts, int ranks);

// Thread-compatible.
class HostPool {
 public:
  // What is told of a host: that it is left out, or takes part again.
  using OnChange = std::function<void(bool back, const i18n::Message& line)>;

  // `hosts` have their slots. Asks for nothing yet.
  HostPool(std::vector<Host> hosts, OnChange on_change)
      : hosts_(std::move(hosts)), on_change_(std::move(on_change)) {}

  // Takes in how the hosts are now. Returns those that are ready; the others are left out.
  std::vector<Host> Take(const std::vector<HostState>& states);

  const std::vector<Host>& hosts() const { return hosts_; }

 private:
  const std::vector<Host> hosts_;
  const OnChange on_change_;
  std::map<std::string, bool> left_out_;
};

// Returns the host file of mpirun.
std::string HostFileOf(const std::vector<Host>& hosts);

}  // namespace convoy::client
