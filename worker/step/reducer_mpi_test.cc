#include <gtest/gtest.h>

#include "tests/support/mpi_world.h"
#include "worker/step/reducer_test_cases.h"

namespace convoy::reduce {
namespace {

TEST(ReducerMpiTest, SameBitsAtAnyWorldSize) { CheckReducers(testing::MpiWorld()); }

}  // namespace
}  // namespace convoy::reduce
