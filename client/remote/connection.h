// A channel to a coordinator, and what its errors mean for people.
#pragma once

#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include "absl/status/status.h"
#include "common/rpc/client_channel.h"

namespace convoy::client {

// Thread-safe.
class Connection {
 public:
  // `verbose`: errors also give gRPC's words.
  Connection(rpc::ClientChannel channel, bool verbose)
      : channel_(std::move(channel)), verbose_(verbose) {}

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_.channel(); }
  const std::string& address() const { return channel_.address(); }

  // Gives the call its deadline and the token.
  void Prepare(grpc::ClientContext* call, std::chrono::seconds limit) const {
    channel_.Prepare(call, limit);
  }

  // Returns OK, or one line that says what to do. `limit` is the call's.
  absl::Status ToStatus(const grpc::Status& status, std::chrono::seconds limit) const;

 private:
  std::string Unavailable(const std::string& message) const;

  rpc::ClientChannel channel_;
  bool verbose_;
};

}  // namespace convoy::client
