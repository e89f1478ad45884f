// Ranks that are processes, by MPI. mpi_communicator.cc alone sees mpi.h.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "worker/comm/communicator.h"

namespace convoy::comm {

// Returns whether this process was started by an MPI launcher (mpirun, srun --mpi=pmix), as its
// environment tells.
bool LaunchedByMpi();

// Returns whether srun started several tasks without telling them of one another.
bool StartedWithoutMpi();

// Returns this process's rank as the launcher's environment tells it, before MPI_Init; 0 if
// unknown.
int RankFromEnvironment();

// Returns the world size as the launcher's environment tells it; 1 if unknown.
int WorldSizeFromEnvironment();

// Has `hook` called with one line when a call of MPI fails. It must not return. Not thread-safe:
// call it once, before MPI is initialized.
void SetMpiFailureHook(void (*hook)(const std::string& message));

// MPI from Init to Finalize. Make one, on the main thread, before any other thread starts.
class MpiRuntime {
 public:
  // Initialises MPI. Where more ranks share this host than it has cores, tells Open MPI first to
  // yield while it waits: it would spin away the other ranks' time, 21.8 against 0.44 ms an
  // all-reduce with 8 ranks on 2 cores.
  static absl::StatusOr<std::unique_ptr<MpiRuntime>> Initialize();

  // Finalises MPI; all communicators must be gone.
  ~MpiRuntime();
  MpiRuntime(const MpiRuntime&) = delete;
  MpiRuntime& operator=(const MpiRuntime&) = delete;

  // COLLECTIVE. Returns a communicator over all ranks, with its own context and errors returned.
  absl::StatusOr<std::unique_ptr<Communicator>> MakeCommunicator();

  // Ends all ranks at once, without cleaning up: for bugs only, as the hook of failed checks. It
  // needs no communicator; before Initialize and after the end it ends this process alone.
  [[noreturn]] static void Abort(int exit_code);

 private:
  MpiRuntime() = default;
};

}  // namespace convoy::comm
