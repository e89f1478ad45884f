// The gRPC server, made of grpc::ServerBuilder with every limit that it knows, and of the
// AcceptLoop for the one that it does not. An acceptor of gRPC ("external connections") takes what
// the loop hands on, with TLS or without.
#include "coordinator/server/server.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/health_check_service_interface.h>
#include <grpcpp/resource_quota.h>
#include <grpcpp/security/server_credentials.h>
#include <grpcpp/security/tls_certificate_verifier.h>
#include <grpcpp/security/tls_credentials_options.h>

#include <chrono>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/rpc/address.h"
#include "common/rpc/library_log.h"
#include "convoy/v1/job_service.grpc.pb.h"
#include "convoy/v1/model_service.grpc.pb.h"
#include "convoy/worker/v1/worker_service.grpc.pb.h"
#include "grpc/health/v1/health.pb.h"
#include "inference/grpc_service.grpc.pb.h"

namespace convoy::coordinator {
namespace {

// Those that health and reflection speak of.
std::vector<std::string> ServiceNames() {
  return {v1::JobService::service_full_name(), v1::ModelService::service_full_name(),
          inference::GRPCInferenceService::service_full_name(),
          worker::v1::WorkerService::service_full_name()};
}

std::vector<std::string> ReflectedNames() {
  std::vector<std::string> names = ServiceNames();
  names.emplace_back("grpc.health.v1.Health");
  return names;
}

constexpr int kIdleMs = 600'000;  // without a call; clients connect again by themselves

std::shared_ptr<grpc::ServerCredentials> Credentials(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return grpc::InsecureServerCredentials();
  grpc::SslServerCredentialsOptions ssl(
      options.tls_client_ca.empty() ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  ssl.pem_key_cert_pairs.push_back({options.tls_key, options.tls_certificate});
  ssl.pem_root_certs = options.tls_client_ca;
  return grpc::SslServerCredentials(ssl);
}

// gRPC does not say whether an acceptor's credentials can be used, only whether a port's can.
absl::Status CheckTls(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return absl::OkStatus();
  int port = 0;
  Reflection any({}, options.reflection);  // a server without a service does not start
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", Credentials(options), &port);
  any.RegisterAt(builder);
  if (builder.BuildAndStart() != nullptr) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "tls_cert: `tls_cert`, `tls_key` and `tls_client_ca` are no PEM files, or do not fit");
}

// To call the server from its own process: there is nobody between whom a certificate would keep
// out.
std::shared_ptr<grpc::ChannelCredentials> OwnCredentials(const ServerOptions& options) {
  if (options.tls_certificate.empty()) return grpc::InsecureChannelCredentials();
  if (!options.tls_client_ca.empty()) return nullptr;
  grpc::experimental::TlsChannelCredentialsOptions tls;
  tls.set_verify_server_certs(false);
  tls.set_check_call_host(false);
  tls.set_certificate_verifier(std::make_shared<grpc::experimental::NoOpCertificateVerifier>());
  return grpc::experimental::TlsCredentials(tls);
}

// Servers that listen on all of a machine's addresses are reached by loopback.
rpc::Address LoopbackOf(rpc::Address address) {
  if (address.host == "0.0.0.0") address.host = "127.0.0.1";
  if (address.host == "::") address.host = "::1";
  return address;
}

void SetLimits(const ServerOptions& options, grpc::ServerBuilder& builder) {
  builder.SetResourceQuota(grpc::ResourceQuota("calls").SetMaxThreads(options.max_threads));
  builder.SetMaxReceiveMessageSize(options.max_message_bytes);
  builder.AddChannelArgument(GRPC_ARG_MAX_CONCURRENT_STREAMS, options.max_streams);
  for (const auto algorithm : {GRPC_COMPRESS_DEFLATE, GRPC_COMPRESS_GZIP}) {
    builder.SetCompressionAlgorithmSupportStatus(algorithm, false);
  }
  // Until TLS and HTTP/2 have both begun.
  builder.AddChannelArgument(GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS,
                             static_cast<int>(absl::ToInt64Milliseconds(options.handshake_time)));
  builder.AddChannelArgument(GRPC_ARG_MAX_CONNECTION_IDLE_MS, kIdleMs);
  // Finds readers that are gone without a word.
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIME_MS, 20'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  builder.AddChannelArgument(GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 5'000);
  builder.AddChannelArgument(GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const ServerOptions& options,
                                                      const std::vector<grpc::Service*>& services) {
  rpc::SilenceLibraries();
  grpc::EnableDefaultHealthCheckService(true);
  // gRPC's health service comes without its description, which reflection needs.
  CONVOY_CHECK(grpc::health::v1::HealthCheckRequest::descriptor() != nullptr);

  const absl::StatusOr<rpc::Address> address = rpc::ParseAddress(options.listen, /*least_port=*/0);
  if (!address.ok()) return Annotate(address.status(), "listen");
  CONVOY_RETURN_IF_ERROR(CheckTls(options));
  absl::StatusOr<rpc::ListeningSockets> listening = rpc::Listen(*address);
  if (!listening.ok()) return Annotate(listening.status(), "listen");
  grpc::ServerBuilder builder;
  Acceptor acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      Credentials(options));
  SetLimits(options, builder);
  auto reflection = std::make_unique<Reflection>(ReflectedNames(), options.reflection);
  reflection->RegisterAt(builder);
  for (grpc::Service* service : services) builder.RegisterService(service);
  std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  CONVOY_CHECK(server != nullptr);
  auto started =
      std::unique_ptr<Server>(new Server(std::move(acceptor), std::move(reflection),
                                         std::move(server), *std::move(listening), options));
  started->SetServing(true);
  return started;
}

void Server::SetServing(bool serving) {
  grpc::HealthCheckServiceInterface& health = *server_->GetHealthCheckService();
  health.SetServingStatus("", serving);
  for (const std::string& name : ServiceNames()) health.SetServingStatus(name, serving);
}

Server::Server(Acceptor acceptor, std::unique_ptr<Reflection> reflection,
               std::unique_ptr<grpc::Server> server, rpc::ListeningSockets listening,
               const ServerOptions& options)
    : address_(ToString(listening.address)),
      own_credentials_(OwnCredentials(options)),
      acceptor_(std::move(acceptor)),
      reflection_(std::move(reflection)),
      server_(std::move(server)),
      loop_(std::make_unique<AcceptLoop>(std::move(listening), options.connections, [this](int fd) {
        grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
        connection.fd = fd;
        acceptor_->HandleNewConnection(&connection);
      })) {}

std::shared_ptr<grpc::Channel> Server::InProcessChannel() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(-1);  // what the services send is bounded by themselves
  return server_->InProcessChannel(arguments);
}

std::shared_ptr<grpc::Channel> Server::LoopbackChannel() const {
  const absl::StatusOr<rpc::Address> address = rpc::ParseAddress(address_, /*least_port=*/1);
  if (own_credentials_ == nullptr || !address.ok()) return nullptr;
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1'000);
  return grpc::CreateCustomChannel(ToString(LoopbackOf(*address)), own_credentials_, arguments);
}

void Server::Stop(absl::Duration grace) {
  server_->GetHealthCheckService()->Shutdown();
  loop_.reset();
  server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  server_->Wait();
}

}  // namespace convoy::coordinator
