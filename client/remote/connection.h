// A channel to a coordinator, and what its errors mean for people.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>
#include <grpcpp/support/status.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "client/cli/context.h"

namespace convoy::client {

// Thread-safe.
class Connection {
 public:
  // Reads the files of the options; connects with the first call. Returns what ReadFile does, with
  // the flag's name.
  static absl::StatusOr<Connection> Open(const Context& context);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return address_; }

  // Gives the call its deadline and the token.
  void Prepare(grpc::ClientContext* call, std::chrono::seconds limit) const;

  // Returns OK, or one line that says what to do. `limit` is the call's.
  absl::Status ToStatus(const grpc::Status& status, std::chrono::seconds limit) const;

 private:
  Connection(std::string address, bool tls, std::string token,
             std::shared_ptr<grpc::Channel> channel);

  std::string Unavailable(const std::string& message) const;

  std::string address_;
  bool tls_;
  std::string token_;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace convoy::client
