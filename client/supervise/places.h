// Where the ranks of a training are, from start to start.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/supervise/chronicle.h"
#include "client/supervise/host_pool.h"
#include "client/supervise/launch.h"
#include "client/supervise/remote.h"
#include "client/supervise/supervised_run.h"

namespace convoy::client {

// This machine, or several hosts, of which some may be gone at a start. Thread-compatible.
class Places {
 public:
  // Of a run whose processes have the variable `mark`. What happens to a host is told by
  // `chronicle`, which must outlive this. Asks for nothing yet.
  Places(const SupervisedRun& run, std::string mark, Chronicle& chronicle);
  // Ends what is left of the run on the hosts, and removes what MPI left there.
  ~Places();
  Places(const Places&) = delete;
  Places& operator=(const Places&) = delete;

  // Looks at all hosts, and says how each is. At the first start of a run all must be ready, or
  // there is something to be mended; a run that `goes_on` may have lost some of them before, and
  // begins with one. Returns FAILED_PRECONDITION, naming them, if they are not; INVALID_ARGUMENT
  // for hosts with too few slots, or for networks that are none.
  absl::Status Check(bool goes_on);

  // Where the next start's ranks are; its hosts are in the host file of the run directory. No
  // process of an earlier start is left where it can be reached. Returns UNAVAILABLE if no host is
  // ready, and what the system says if the host file cannot be written.
  absl::StatusOr<Placement> Next();

  // The step of the newest checkpoint that a host had when Check or Next looked; 0: none, or there
  // are no hosts.
  int64_t newest_checkpoint() const { return newest_checkpoint_; }

  // Whether mpirun starts the ranks.
  bool by_mpirun() const { return hosts_ != nullptr || ranks_ > 1; }

 private:
  std::vector<HostState> Look(const std::vector<Host>& hosts);
  absl::Status Judge(const std::vector<HostState>& states, bool goes_on);

  const std::vector<Host> asked_;  // none: this machine
  const std::string run_dir_;
  const std::string trainer_;
  Chronicle& chronicle_;
  int ranks_;
  Wanted wanted_;  // of other hosts
  int64_t newest_checkpoint_ = 0;
  std::unique_ptr<HostPool> hosts_;  // null: this machine alone
};

}  // namespace convoy::client
