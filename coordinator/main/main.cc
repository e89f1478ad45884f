// The coordinator: one service for a lab or cluster.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "common/api/resource_names.h"
#include "common/base/cpus.h"
#include "common/base/status.h"
#include "common/cli/flag_names.h"
#include "common/kernels/blas/gemm.h"
#include "common/log/log.h"
#include "common/rpc/secret_file.h"
#include "common/system/process_start.h"
#include "common/system/ticker.h"
#include "common/terminal/output.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/main/flags.h"
#include "coordinator/main/gateway.h"
#include "coordinator/main/stop_signals.h"
#include "coordinator/server/health.h"
#include "coordinator/server/server.h"
#include "coordinator/service/call_gate.h"
#include "coordinator/service/inference_service.h"
#include "coordinator/service/job_service.h"
#include "coordinator/service/model_service.h"
#include "coordinator/service/serving.h"
#include "coordinator/service/token_authenticator.h"
#include "coordinator/service/worker_service.h"
#include "coordinator/store/store.h"
#include "web/page_files.h"

namespace convoy::coordinator {
namespace {

constexpr absl::Duration kTickInterval = absl::Milliseconds(500);  // of the registry
constexpr absl::Duration kHealthInterval = absl::Milliseconds(250);
// Calls under way get so long when the coordinator stops.
constexpr absl::Duration kGrace = absl::Seconds(3);
// After which it ends in any case.
constexpr absl::Duration kTimeToStop = absl::Seconds(5);
constexpr int kSpareThreads = 32;        // to refuse what is too much
constexpr int64_t kOwnDescriptors = 64;  // for the store, models, libraries
constexpr int64_t kLeastConnections = 16;

// Returns the address with the port that was taken in fact.
std::string At(const std::string& address, int port) {
  return absl::StrCat(address.substr(0, address.rfind(':')), ":", port);
}

// Of each port. Fewer than wanted where the process may open few files: then they would find none.
ConnectionLimits LimitsFor(int wanted, int64_t descriptors) {
  const int64_t possible = std::max(kLeastConnections, (descriptors - kOwnDescriptors) / 2);
  const int in_all = static_cast<int>(std::min(int64_t{wanted}, possible));
  if (in_all < wanted) {
    log::Note(absl::StrCat("at most ", in_all, " connections at a time of each port instead of ",
                           wanted, ": this process may open ", descriptors, " files (ulimit -n)"));
  }
  return {.in_all = in_all, .per_address = (in_all + 1) / 2};
}

absl::StatusOr<ServerOptions> ReadServerOptions(const Flags& flags) {
  ServerOptions options{.listen = flags.listen,
                        .tls_certificate = {},
                        .tls_key = {},
                        .tls_client_ca = {},
                        .max_message_bytes = flags.max_message_mb << 20,
                        .max_streams = flags.max_streams,
                        .connections = LimitsFor(flags.max_connections, RaiseDescriptorLimit())};
  CONVOY_ASSIGN_OR_RETURN(options.tls_certificate, rpc::ReadSecretFile("tls_cert", flags.tls_cert));
  CONVOY_ASSIGN_OR_RETURN(options.tls_key, rpc::ReadPrivateFile("tls_key", flags.tls_key));
  CONVOY_ASSIGN_OR_RETURN(options.tls_client_ca,
                          rpc::ReadSecretFile("tls_client_ca", flags.tls_client_ca));
  return options;
}

absl::StatusOr<std::unique_ptr<Gateway>> StartGateway(const Flags& flags, const ServerOptions& grpc,
                                                      Server& server,
                                                      const monitoring::Sources& sources) {
  GatewayOptions options{.http = {.listen = flags.http,
                                  .tls_certificate = grpc.tls_certificate,
                                  .tls_key = grpc.tls_key,
                                  .tls_client_ca = grpc.tls_client_ca,
                                  .names = flags.http_names,
                                  .max_connections = grpc.connections.in_all,
                                  .max_connections_per_address = grpc.connections.per_address},
                         .max_message_bytes = static_cast<uint64_t>(grpc.max_message_bytes),
                         .files = web::PageFiles(),
                         .grpc_port = server.address().substr(server.address().rfind(':') + 1)};
  return Gateway::Start(std::move(options), server.InProcessChannel(), server.LoopbackChannel(),
                        sources);
}

ServingOptions ReadServingOptions(const Flags& flags) {
  ServingOptions options;
  options.batcher.threads = flags.threads == 0 ? UsableCores() : flags.threads;
  options.batcher.max_delay = absl::Milliseconds(flags.batch_delay_ms);
  options.batcher.max_queued_images = std::max(flags.max_queued_images, flags.max_images);
  options.max_images = flags.max_images;
  options.data = flags.data;
  return options;
}

v1::ListJobsRequest OneJob() {
  v1::ListJobsRequest request;
  request.set_page_size(1);
  return request;
}

absl::Status Serve(const Flags& flags, const StopSignals& signals) {
  CONVOY_ASSIGN_OR_RETURN(ServerOptions options, ReadServerOptions(flags));
  CONVOY_ASSIGN_OR_RETURN(const std::string token,
                          rpc::ReadPrivateFile("token_file", flags.token_file));
  CONVOY_ASSIGN_OR_RETURN(
      const std::unique_ptr<Store> store,
      Store::Open(flags.store, kStandardPatience, int64_t{flags.max_versions_mb} << 20));
  RegistryOptions registry_options;
  registry_options.on_event = [](const std::string& job, const v1::Event& event) {
    log::Info(absl::StrCat(api::JobName(job), " ", event.message()));
  };
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<JobRegistry> registry,
                          JobRegistry::Open(*store, std::move(registry_options)));

  const TokenAuthenticator authenticator(token);
  const CallLimits calls{.watches = flags.max_watches};
  CallGate gate(authenticator, calls);
  Health health([&registry] { return registry->List(OneJob()).status(); });
  JobService jobs(*registry, gate);
  WorkerService workers(*registry, authenticator, int64_t{flags.max_model_mb} << 20);
  Serving serving(*store, ReadServingOptions(flags));
  // Data that are named but cannot be read are better known now than at the first evaluation.
  if (!flags.data.empty()) {
    CONVOY_RETURN_IF_ERROR(Annotate(serving.data.Check(), "--data"));
  }
  ModelService models(serving, gate);
  InferenceService inference(serving, gate, [&health] { return health.serving(); });
  options.max_threads = calls.in_all() + kSpareThreads;
  CONVOY_ASSIGN_OR_RETURN(const std::unique_ptr<Server> server,
                          Server::Start(options, {&jobs, &workers, &models, &inference}));
  const Ticker health_watch(kHealthInterval, [&] { server->SetServing(health.Look()); });
  std::unique_ptr<Gateway> gateway;
  if (!flags.http.empty()) {
    CONVOY_ASSIGN_OR_RETURN(gateway,
                            StartGateway(flags, options, *server,
                                         {*registry, *store, serving.models, serving.batcher}));
  }
  const Ticker ticker(kTickInterval, [&registry] { registry->Tick(); });
  const std::string page =
      gateway == nullptr
          ? ""
          : absl::StrCat(", page on ", options.tls_certificate.empty() ? "http" : "https", "://",
                         At(flags.http, gateway->port()), "/");
  log::Info(
      absl::StrCat("coordinator listens on ", server->address(), page, ", store ", flags.store));

  signals.Await();
  log::Info("coordinator stops");
  registry->Stop();
  server->Stop(kGrace);
  return absl::OkStatus();
}

ExitCode Main(int argc, char** argv) {
  PrepareProcess();
  // Debian's Abseil, and with it gRPC, would otherwise look for deadlocks at every lock.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
  log::Start("coordinator");
  const absl::StatusOr<Flags> flags = ParseFlags(argc, argv);
  absl::Status status = flags.status();
  if (flags.ok() && flags->print_and_exit) {
    terminal::Print(*flags->print_and_exit, stdout);
    status = terminal::Flush(stdout);
  } else if (flags.ok()) {
    const StopSignals signals(kTimeToStop);
    log::StartRecords(STDOUT_FILENO);
    status = kernels::UseKernels(std::nullopt);
    if (status.ok()) status = Serve(*flags, signals);
    log::Stop();
  }
  if (status.ok()) return ExitCode::kOk;
  const cli::FlagNames names = cli::FlagsLikeFields(
      {"listen", "http", "store", "data", "tls_cert", "tls_key", "tls_client_ca", "token_file"});
  log::Error(cli::NameFlags(std::string(status.message()), names));
  return ExitCodeFor(status);
}

}  // namespace
}  // namespace convoy::coordinator

int main(int argc, char** argv) { return static_cast<int>(convoy::coordinator::Main(argc, argv)); }
