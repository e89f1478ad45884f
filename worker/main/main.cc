// The trainer: mpirun -np 4 trainer, trainer alone, or trainer --local-ranks 4.
#include <chrono>
#include <cstdlib>
#include <new>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/i18n/message.h"
#include "common/i18n/translate.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "common/log/log.h"
#include "common/rpc/library_log.h"
#include "common/run/start_file.h"
#include "common/system/process_start.h"
#include "worker/comm/mpi_communicator.h"
#include "worker/comm/thread_communicator.h"
#include "worker/main/flags.h"
#include "worker/main/rank.h"
#include "worker/train/stop_request.h"
#include "worker/watch/last_words.h"
#include "worker/watch/watch.h"

namespace convoy::trainer {
namespace {

// The instruction set of our kernels and, with it, of OpenBLAS.
absl::Status PrepareKernels(const Flags& flags) {
  std::optional<kernels::Isa> isa;
  if (flags.asked.has_isa()) {
    CONVOY_ASSIGN_OR_RETURN(isa, kernels::ParseIsa(flags.asked.isa()));
  }
  const absl::Status used = kernels::UseKernels(isa);
  return isa ? Annotate(used, "--isa") : used;
}

// What one rank alone can no longer agree on with the others: a bug, or a failed call of MPI, after
// which the ranks are no longer in step.
void EndAllRanks(const std::string& message) {
  watch::LeaveLastWords(i18n::AsItIs(message));
  comm::MpiRuntime::Abort(static_cast<int>(ExitCode::kFailed));
}

void EndAfterMpiFailure(const std::string& message) {
  log::Error(Tr("rank $0 on $1: $2", comm::RankFromEnvironment(), HostName(), message));
  EndAllRanks(message);
}

// One rank, from here on watched.
ExitCode RunWatched(comm::Communicator& communicator, const absl::StatusOr<Flags>& flags,
                    bool ranks_are_threads) {
  absl::StatusOr<Flags> checked = flags;
  const absl::StatusOr<std::chrono::milliseconds> patience = watch::PatienceFromEnvironment();
  if (!patience.ok()) checked = patience.status();
  auto watch = watch::Watch::Start(
      communicator, {.patience = patience.value_or(watch::WatchOptions().patience),
                     .ranks_are_threads = ranks_are_threads,
                     .stop_state = [] {
                       return watch::StopState{train::StopRequested(), train::CancelRequested()};
                     }});
  if (!watch.ok()) {
    log::Error(i18n::InUsersLanguage(watch.status()));
    return ExitCodeFor(watch.status());
  }
  return RunRank(**watch, checked);
}

// REQUIRES: mpirun started several processes.
ExitCode RunUnderMpi(const absl::StatusOr<Flags>& flags) {
  // Asked before MPI starts, which may change the environment.
  const int started = comm::WorldSizeFromEnvironment();
  const bool first = comm::RankFromEnvironment() == 0;
  // What cannot be agreed on with the other ranks is said by the first process alone.
  const auto fail = [first](const absl::Status& error) {
    if (first) log::Error(i18n::InUsersLanguage(error));
    return ExitCodeFor(error);
  };
  // Before the first call: the others may be waiting in it by the time that it fails here.
  comm::SetMpiFailureHook(&EndAfterMpiFailure);
  auto runtime = comm::MpiRuntime::Initialize();
  if (!runtime.ok()) return fail(runtime.status());
  auto communicator = (*runtime)->MakeCommunicator();
  if (!communicator.ok()) return fail(communicator.status());
  if ((*communicator)->world_size() == 1) {
    return fail(TextError(
        absl::StatusCode::kFailedPrecondition,
        "mpirun started $0 processes, but each finds itself alone: this mpirun is of another MPI "
        "than the trainer; use Open MPI's (mpirun --version tells)",
        started));
  }
  const std::string who = absl::StrCat("rank ", (*communicator)->rank(), " on ", HostName());
  SetAbortHook(&EndAllRanks);
  SetCheckContext(who);
  watch::InstallLastWords(who);
  return RunWatched(**communicator, flags, /*ranks_are_threads=*/false);
}

ExitCode RunAsThreads(const absl::StatusOr<Flags>& flags) {
  watch::InstallLastWords(absl::StrCat("the trainer on ", HostName()));
  comm::ThreadWorld world(flags.ok() ? flags->local_ranks : 1);
  std::vector<std::thread> threads;
  for (int rank = 1; rank < world.world_size(); ++rank) {
    threads.emplace_back(
        [&world, &flags, rank] { RunWatched(*world.MakeCommunicator(rank), flags, true); });
  }
  const ExitCode code = RunWatched(*world.MakeCommunicator(0), flags, true);
  for (std::thread& thread : threads) thread.join();
  return code;
}

// A process that was frozen, or cut off, while its supervisor started the training elsewhere ends
// before it changes a file of the run. Nobody waits for it, so nothing is cleaned up.
void WriteOnlyInOwnStart(const std::string& run_directory) {
  GuardWrites([run_directory] {
    if (run::IsOverIn(run_directory)) std::_Exit(static_cast<int>(ExitCode::kHung));
  });
}

ExitCode Main(int argc, char** argv) {
  PrepareProcess();
  log::Start("trainer");
  std::set_new_handler([] { OutOfMemory(0); });
  rpc::SilenceLibraries();
  absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  if (flags.ok() && !flags->print_and_exit) {
    const absl::Status prepared = PrepareKernels(*flags);
    if (!prepared.ok()) flags = prepared;
  }
  train::InstallSignals();
  if (flags.ok() && !run::OwnStartName().empty()) WriteOnlyInOwnStart(flags->run_dir);
  if (flags.ok() && comm::StartedWithoutMpi()) {
    flags = TextError(
        absl::StatusCode::kFailedPrecondition,
        "srun started several tasks that MPI knows nothing of, each would train alone; use srun "
        "--mpi=pmix (srun --mpi=list shows whether it is there), or mpirun in the job");
  }
  const bool several_processes = comm::LaunchedByMpi() && comm::WorldSizeFromEnvironment() > 1;
  if (several_processes && flags.ok() && flags->local_ranks > 1) {
    flags = absl::InvalidArgumentError(Tr(
        "--local-ranks: is for one process; under mpirun with several, give mpirun's -np alone"));
  }
  return several_processes ? RunUnderMpi(flags) : RunAsThreads(flags);
}

}  // namespace
}  // namespace convoy::trainer

int main(int argc, char** argv) { return static_cast<int>(convoy::trainer::Main(argc, argv)); }
