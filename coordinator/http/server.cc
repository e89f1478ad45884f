// The HTTP server: one acceptor on Boost.Asio, which hands each connection within the limits, in
// all and for each address, to a Session of its own.
#include "coordinator/http/server.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/rpc/address.h"
#include "coordinator/http/session.h"

namespace convoy::http {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::chrono::milliseconds kAcceptPause{100};
constexpr absl::Duration kStopPoll = absl::Milliseconds(5);

absl::StatusOr<rpc::Address> ParseListen(const std::string& listen) {
  absl::StatusOr<rpc::Address> address = rpc::ParseAddress(listen, /*least_port=*/0);
  if (!address.ok()) return Annotate(address.status(), "http");
  if (!address->is_unix()) return address;
  return absl::InvalidArgumentError("http: HTTP is served on HOST:PORT only, not on a Unix socket");
}

// The port is not shared among servers: a second coordinator must be refused.
absl::Status Listen(const std::string& listen, tcp::acceptor& acceptor, asio::io_context& io) {
  CONVOY_ASSIGN_OR_RETURN(const rpc::Address address, ParseListen(listen));
  error_code error;
  const auto found = tcp::resolver(io).resolve(address.host, absl::StrCat(address.port),
                                               tcp::resolver::passive, error);
  if (!error && !found.empty()) {
    const tcp::endpoint endpoint = *found.begin();
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
  }
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("http: cannot listen on ", listen, ": another program, such as a second ",
                   "coordinator, has the port, or the address is not this machine's"));
}

// Returns nullptr for a server without TLS.
absl::StatusOr<std::unique_ptr<asio::ssl::context>> MakeTls(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return nullptr;
  auto tls = std::make_unique<asio::ssl::context>(asio::ssl::context::tls_server);
  error_code error;
  tls->set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1 |
                       asio::ssl::context::no_compression,
                   error);
  if (!error) tls->use_certificate_chain(asio::buffer(options.tls_certificate), error);
  if (!error) {
    tls->use_private_key(asio::buffer(options.tls_key), asio::ssl::context::pem, error);
  }
  if (!error && !options.tls_client_ca.empty()) {
    tls->add_certificate_authority(asio::buffer(options.tls_client_ca), error);
    if (!error) {
      tls->set_verify_mode(asio::ssl::verify_peer | asio::ssl::verify_fail_if_no_peer_cert, error);
    }
  }
  if (!error) return tls;
  return absl::InvalidArgumentError(
      absl::StrCat("tls_cert: cannot be used with tls_key: ", error.message()));
}

}  // namespace

struct Server::Running {
  Running(ServerOptions options, Router router)
      : shared(std::move(options), std::move(router)), acceptor(io) {}

  asio::awaitable<void> Accept();
  void StopAccepting();

  // After `io`, whose end destroys the sessions that are left.
  Shared shared;
  std::unique_ptr<asio::ssl::context> tls;
  asio::io_context io;
  tcp::acceptor acceptor;
  std::vector<std::thread> threads;
};

asio::awaitable<void> Server::Running::Accept() {
  asio::steady_timer pause(io);
  while (!shared.stopping) {
    error_code error;
    tcp::socket socket(asio::make_strand(io));
    co_await acceptor.async_accept(socket, asio::redirect_error(asio::use_awaitable, error));
    if (!error) {
      StartSession(std::move(socket), tls.get(), shared);
    } else if (!shared.stopping) {
      // Such as no descriptor left: those who wait stay in the queue meanwhile.
      pause.expires_after(kAcceptPause);
      co_await pause.async_wait(asio::redirect_error(asio::use_awaitable, error));
    }
  }
}

void Server::Running::StopAccepting() {
  shared.stopping = true;
  asio::post(io, [this] {
    error_code ignored;
    acceptor.close(ignored);
  });
  shared.CloseAll(true);
}

absl::StatusOr<std::unique_ptr<Server>> Server::Start(ServerOptions options, Router router) {
  const std::string listen = options.listen;
  const int threads = options.threads;
  auto running = std::make_unique<Running>(std::move(options), std::move(router));
  CONVOY_ASSIGN_OR_RETURN(running->tls, MakeTls(running->shared.options));
  CONVOY_RETURN_IF_ERROR(Listen(listen, running->acceptor, running->io));
  const int port = running->acceptor.local_endpoint().port();
  asio::co_spawn(running->io, running->Accept(), asio::detached);
  for (int i = 0; i < threads; ++i) {
    running->threads.emplace_back(
        [&io = running->io, guard = asio::make_work_guard(running->io)] { io.run(); });
  }
  return std::unique_ptr<Server>(new Server(std::move(running), port));
}

Server::Server(std::unique_ptr<Running> running, int port)
    : running_(std::move(running)), port_(port) {}

Server::~Server() {
  Stop(absl::ZeroDuration());
  running_->io.stop();
  for (std::thread& thread : running_->threads) thread.join();
}

int Server::connections() const { return running_->shared.counts.count(); }

void Server::Stop(absl::Duration grace) {
  const Stopwatch since_asked;
  running_->StopAccepting();
  while (connections() > 0 && since_asked.Elapsed() < absl::ToDoubleSeconds(grace)) {
    absl::SleepFor(kStopPoll);
  }
  // Whatever they were doing fails at once.
  while (connections() > 0) {
    running_->shared.CloseAll(false);
    absl::SleepFor(kStopPoll);
  }
}

}  // namespace convoy::http
