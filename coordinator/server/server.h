// The gRPC server around the services: address, TLS, limits, health, reflection.
#pragma once

#include <grpcpp/channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/server.h>
#include <grpcpp/server_builder.h>

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "coordinator/server/accept_loop.h"
#include "coordinator/server/reflection.h"

namespace convoy::coordinator {

struct ServerOptions {
  std::string listen;  // as rpc::ParseAddress reads it; port 0 takes a free one
  // PEM; TLS where a certificate is given, mutual TLS where a client CA is, too.
  std::string tls_certificate;
  std::string tls_key;
  std::string tls_client_ca;
  int max_message_bytes = 16 << 20;
  int max_streams = 256;  // of one connection
  int max_threads = 400;  // for calls that are answered or wait; those beyond are refused
  ConnectionLimits connections;
  ReflectionLimits reflection;
  // A connection on which TLS and HTTP/2 have not both begun after that is closed.
  absl::Duration handshake_time = absl::Seconds(5);
};

// Serves from the moment it is made until Stop. Thread-compatible. Requests that are compressed are
// refused (UNIMPLEMENTED): a megabyte of them can be a gigabyte.
class Server {
 public:
  // `services` must outlive the server. Returns FAILED_PRECONDITION if the address cannot be taken:
  // another server has the port, it is not this machine's, or the TLS files do not fit.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const ServerOptions& options,
                                                       const std::vector<grpc::Service*>& services);
  ~Server() { Stop(absl::ZeroDuration()); }
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Where it listens, with the port that was taken in fact.
  const std::string& address() const { return address_; }

  // A channel to this server without a network.
  std::shared_ptr<grpc::Channel> InProcessChannel();

  // A channel to this server through its port, as a client on this machine has one, to see whether
  // it answers. Returns nullptr with mutual TLS, for which a client's certificate would be needed.
  std::shared_ptr<grpc::Channel> LoopbackChannel() const;

  // What the health service answers for the whole and for each service; at the start that all is
  // well, and always the contrary once the server stops. Thread-safe.
  void SetServing(bool serving);

  // Tells health checks that the end is near, takes no new calls, and lets those that are under way
  // finish for `grace`; then cancels them. May be called again.
  void Stop(absl::Duration grace);

 private:
  using Acceptor = std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor>;

  Server(Acceptor acceptor, std::unique_ptr<Reflection> reflection,
         std::unique_ptr<grpc::Server> server, rpc::ListeningSockets listening,
         const ServerOptions& options);

  const std::string address_;
  const std::shared_ptr<grpc::ChannelCredentials> own_credentials_;  // may be null
  const Acceptor acceptor_;
  const std::unique_ptr<Reflection> reflection_;
  const std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<AcceptLoop> loop_;  // last: it uses the acceptor
};

}  // namespace convoy::coordinator
