#include <gtest/gtest.h>

#include "tests/support/mpi_world.h"
#include "worker/comm/communicator_test_cases.h"

namespace convoy::comm {
namespace {

class MpiCommunicatorTest : public ::testing::TestWithParam<CommunicatorCase> {};

TEST_P(MpiCommunicatorTest, Keeps) { CheckInRounds(testing::MpiWorld(), GetParam()); }

INSTANTIATE_TEST_SUITE_P(Contract, MpiCommunicatorTest, ::testing::ValuesIn(kCommunicatorCases),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace convoy::comm
