// How a client reaches a coordinator: one way for all programs.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/client_context.h>

#include <chrono>
#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace convoy::rpc {

struct ClientOptions {
  std::string address;  // as ParseAddress reads it
  // Files, PEM but for the token; empty: none.
  std::string tls_ca;    // authorities to trust: TLS
  std::string tls_cert;  // this client's certificate, for mutual TLS
  std::string tls_key;   // its key
  std::string token_file;
};

// A channel, and the token that its calls bring. Thread-safe; copies share the channel.
class ClientChannel {
 public:
  // Reads the files; connects with the first call. Tries again about once a second where the
  // coordinator is away. Returns INVALID_ARGUMENT, naming the field, for options that do not go
  // together, and the errors of ParseAddress and ReadSecretFile.
  static absl::StatusOr<ClientChannel> Create(const ClientOptions& options);

  const std::shared_ptr<grpc::Channel>& channel() const { return channel_; }
  const std::string& address() const { return address_; }
  bool uses_tls() const { return uses_tls_; }

  // Gives a call its deadline and the token, which is read anew: it may change while a job trains.
  void Prepare(grpc::ClientContext* call, std::chrono::milliseconds timeout) const;

 private:
  ClientChannel() = default;

  std::string address_;
  std::string token_;  // as read at first, for when the file cannot be read any more
  std::string token_file_;
  bool uses_tls_ = false;
  std::shared_ptr<grpc::Channel> channel_;
};

}  // namespace convoy::rpc
