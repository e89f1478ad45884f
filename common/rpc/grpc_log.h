// What gRPC writes by itself.
#pragma once

namespace convoy::rpc {

// Has gRPC write nothing to standard error: its lines would bury ours, and what they are about
// comes as a status anyway. The variable GRPC_VERBOSITY brings them back. Thread-safe.
void SilenceGrpc();

}  // namespace convoy::rpc
