#include "coordinator/http/http_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/status.h"
#include "common/rpc/address.h"
#include "coordinator/http/metrics_page.h"

namespace convoy::coordinator {
namespace {

constexpr int kThreads = 2;
constexpr char kPrometheusText[] = "text/plain; version=0.0.4; charset=utf-8";

absl::StatusOr<rpc::Address> ParseListen(const std::string& listen) {
  absl::StatusOr<rpc::Address> address = rpc::ParseAddress(listen, /*least_port=*/0);
  if (!address.ok()) return Annotate(address.status(), "http");
  if (!address->is_unix()) return address;
  return absl::InvalidArgumentError("http: HTTP is served on HOST:PORT only, not on a Unix socket");
}

// The library's own choice shares a port among servers; a second coordinator must be refused.
void DoNotSharePorts(socket_t socket) {
  const int yes = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
}

void Serve(JobRegistry& registry, Store& store, httplib::Response& response) {
  const auto counts = store.CountJobs();
  if (!counts.ok()) {
    response.status = 503;
    response.set_content(std::string(counts.status().message()) + "\n", "text/plain");
    return;
  }
  response.set_content(MetricsPage(registry.RunningJobs(), *counts), kPrometheusText);
}

}  // namespace

struct HttpServer::Running {
  httplib::Server server;
  std::thread thread;
};

absl::StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(const std::string& listen,
                                                              JobRegistry& registry, Store& store) {
  CONVOY_ASSIGN_OR_RETURN(const rpc::Address address, ParseListen(listen));
  auto running = std::make_unique<Running>();
  httplib::Server& server = running->server;
  server.new_task_queue = [] { return new httplib::ThreadPool(kThreads); };
  server.set_socket_options(&DoNotSharePorts);
  server.set_payload_max_length(0);
  server.Get("/metrics", [&](const httplib::Request&, httplib::Response& response) {
    Serve(registry, store, response);
  });
  server.Get("/healthz", [&](const httplib::Request&, httplib::Response& response) {
    const absl::Status readable = store.CountJobs().status();
    response.status = readable.ok() ? 200 : 503;
    response.set_content(readable.ok() ? "ok\n" : std::string(readable.message()) + "\n",
                         "text/plain");
  });
  const char* host = address.host.c_str();
  const int port = address.port == 0                         ? server.bind_to_any_port(host)
                   : server.bind_to_port(host, address.port) ? address.port
                                                             : -1;
  if (port < 0) {
    return absl::FailedPreconditionError(
        absl::StrCat("http: cannot listen on ", listen, ": another program, such as a second ",
                     "coordinator, has the port, or the address is not this machine's"));
  }
  running->thread = std::thread([&server] { server.listen_after_bind(); });
  // Stopping a server that does not run yet would not stop it.
  while (!server.is_running()) absl::SleepFor(absl::Milliseconds(1));
  return std::unique_ptr<HttpServer>(new HttpServer(std::move(running), port));
}

HttpServer::HttpServer(std::unique_ptr<Running> running, int port)
    : running_(std::move(running)), port_(port) {}

HttpServer::~HttpServer() {
  running_->server.stop();
  running_->thread.join();
}

}  // namespace convoy::coordinator
