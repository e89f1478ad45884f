// main() of tests that run under mpirun: every rank runs every test; if a test fails on one rank,
// all ranks fail. --world-size=N must be given and true, so that a test can never pass by running
// alone. A watchdog ends a test whose ranks wait for one that does not come.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/base/check.h"
#include "tests/support/mpi_world.h"
#include "tests/support/watched_communicator.h"
#include "worker/comm/mpi_communicator.h"

namespace convoy::testing {
namespace {

comm::Communicator* g_world = nullptr;  // while the tests run

int ExpectedWorldSize(int argc, char** argv) {
  const std::string flag = "--world-size=";
  for (int i = 1; i < argc; ++i) {
    const std::string argument = argv[i];
    if (argument.rfind(flag, 0) == 0) return std::atoi(argument.c_str() + flag.size());
  }
  return 0;
}

// Only rank 0 prints what passes; every rank prints what fails.
void QuietUnlessRankZero(int rank) {
  if (rank == 0) return;
  ::testing::TestEventListeners& listeners = ::testing::UnitTest::GetInstance()->listeners();
  delete listeners.Release(listeners.default_result_printer());
}

class FailurePrinter : public ::testing::EmptyTestEventListener {
 public:
  explicit FailurePrinter(int rank) : rank_(rank) {}
  void OnTestPartResult(const ::testing::TestPartResult& result) override {
    if (!result.failed()) return;
    std::fprintf(stderr, "rank %d: %s:%d: %s\n", rank_,
                 result.file_name() == nullptr ? "?" : result.file_name(), result.line_number(),
                 result.message());
  }

 private:
  int rank_;
};

// A rank that leaves a test early would leave the others in a collective: it ends them, too.
class AbortAfterFatalFailure : public ::testing::EmptyTestEventListener {
  void OnTestEnd(const ::testing::TestInfo& test) override {
    if (!test.result()->HasFatalFailure()) return;
    std::fflush(stdout);
    comm::MpiRuntime::Abort(1);
  }
};

int RunTests(int expected_world_size) {
  const int rank = g_world->rank();
  if (g_world->world_size() != expected_world_size) {
    std::fprintf(stderr, "world size is %d, but --world-size=%d was promised\n",
                 g_world->world_size(), expected_world_size);
    return 1;
  }
  QuietUnlessRankZero(rank);
  if (rank != 0) {
    ::testing::UnitTest::GetInstance()->listeners().Append(new FailurePrinter(rank));
  }
  ::testing::UnitTest::GetInstance()->listeners().Append(new AbortAfterFatalFailure);
  const int failed = RUN_ALL_TESTS();
  const absl::Status verdict =
      comm::Agree(*g_world, failed == 0 ? absl::OkStatus() : absl::InternalError("tests failed"));
  return verdict.ok() ? 0 : 1;
}

}  // namespace

comm::Communicator& MpiWorld() { return *g_world; }

int Main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto runtime = comm::MpiRuntime::Initialize();
  CONVOY_CHECK(runtime.ok());
  SetAbortHook([](const std::string&) { comm::MpiRuntime::Abort(134); });
  auto communicator = (*runtime)->MakeCommunicator();
  CONVOY_CHECK(communicator.ok());
  const int world_size = (*communicator)->world_size();
  auto board = (*communicator)->AllocateShared(world_size * int64_t{sizeof(RankActivity)});
  CONVOY_CHECK(board.ok());
  auto* activities = reinterpret_cast<RankActivity*>((*board)->data());
  WatchedCommunicator watched(**communicator, activities);
  const Watchdog watchdog(activities, world_size, {.end = [] { comm::MpiRuntime::Abort(1); }});
  g_world = &watched;
  return RunTests(ExpectedWorldSize(argc, argv));
}

}  // namespace convoy::testing

int main(int argc, char** argv) { return convoy::testing::Main(argc, argv); }
