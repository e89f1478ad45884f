// What the ranks of an MPI test do wrong, for misbehaving_ranks_test.py.
//
//   mpirun -np 2 misbehaving_ranks missing   rank 1 never comes to a collective
//   mpirun -np 2 misbehaving_ranks late      a check fails after the communicator is gone
//   mpirun -np 2 misbehaving_ranks after     a check fails after MPI has ended
#include <unistd.h>

#include <string>

#include "common/base/check.h"
#include "tests/support/watched_communicator.h"
#include "worker/comm/mpi_communicator.h"

namespace convoy::testing {
namespace {

void MissCollective(comm::Communicator& communicator) {
  auto board = communicator.AllocateShared(2 * int64_t{sizeof(RankActivity)});
  CONVOY_CHECK(board.ok());
  auto* activities = reinterpret_cast<RankActivity*>((*board)->data());
  WatchedCommunicator watched(communicator, activities);
  const Watchdog watchdog(activities, 2, {.limit = std::chrono::milliseconds(300), .end = [] {
                                            comm::MpiRuntime::Abort(3);
                                          }});
  if (watched.rank() == 1) ::sleep(60);
  CONVOY_CHECK(watched.Barrier().ok());
}

int Main(const std::string& what) {
  auto runtime = comm::MpiRuntime::Initialize();
  CONVOY_CHECK(runtime.ok());
  SetAbortHook([](const std::string&) { comm::MpiRuntime::Abort(4); });
  auto communicator = (*runtime)->MakeCommunicator();
  CONVOY_CHECK(communicator.ok());
  if (what == "missing") MissCollective(**communicator);
  const int rank = (*communicator)->rank();
  communicator->reset();
  if (what == "late" && rank == 1) ::sleep(60);  // until rank 0 takes it down
  CONVOY_CHECK(what != "late");
  runtime->reset();
  CONVOY_CHECK(what != "after");
  return 0;
}

}  // namespace
}  // namespace convoy::testing

int main(int argc, char** argv) { return convoy::testing::Main(argc == 2 ? argv[1] : ""); }
