#include <gtest/gtest.h>

#include "tests/support/mpi_world.h"
#include "worker/comm/communicator_test_cases.h"

namespace convoy::comm {
namespace {

TEST(MpiCommunicatorTest, AllCollectives) {
  for (int round = 0; round < 20; ++round) CheckCommunicator(testing::MpiWorld());
}

}  // namespace
}  // namespace convoy::comm
