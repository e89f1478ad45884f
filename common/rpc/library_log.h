// What gRPC and protobuf write by themselves.
#pragma once

namespace convoy::rpc {

// Has gRPC and protobuf write nothing to standard error: their lines would bury ours, and what they
// are about comes as a status anyway. The variable GRPC_VERBOSITY brings gRPC's back. Thread-safe.
void SilenceLibraries();

}  // namespace convoy::rpc
