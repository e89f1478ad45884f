// For tests that run under mpirun.
#pragma once

#include "worker/comm/communicator.h"

namespace convoy::testing {

// Returns the communicator over all ranks of the test, made by mpi_main.cc.
comm::Communicator& MpiWorld();

}  // namespace convoy::testing
