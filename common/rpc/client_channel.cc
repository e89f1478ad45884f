#include "common/rpc/client_channel.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/rpc/address.h"
#include "common/rpc/library_log.h"
#include "common/rpc/secret_file.h"

namespace convoy::rpc {
namespace {

constexpr int kMaxMessageBytes = 64 << 20;

absl::Status CheckTogether(const ClientOptions& options) {
  if (options.tls_cert.empty() != options.tls_key.empty()) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "`tls_cert` and `tls_key`: give both, or neither");
  }
  if (!options.tls_cert.empty() && options.tls_ca.empty()) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "tls_cert: needs `tls_ca`, the authority to trust");
  }
  return absl::OkStatus();
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(
    const ClientOptions& options) {
  CONVOY_RETURN_IF_ERROR(CheckTogether(options));
  grpc::SslCredentialsOptions ssl;
  CONVOY_ASSIGN_OR_RETURN(ssl.pem_root_certs, ReadSecretFile("tls_ca", options.tls_ca));
  CONVOY_ASSIGN_OR_RETURN(ssl.pem_cert_chain, ReadSecretFile("tls_cert", options.tls_cert));
  CONVOY_ASSIGN_OR_RETURN(ssl.pem_private_key, ReadPrivateFile("tls_key", options.tls_key));
  return options.tls_ca.empty() ? grpc::InsecureChannelCredentials() : grpc::SslCredentials(ssl);
}

grpc::ChannelArguments Arguments() {
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A coordinator is near; a proxy for the web is not the way to it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  arguments.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5000);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return arguments;
}

}  // namespace

absl::StatusOr<ClientChannel> ClientChannel::Create(const ClientOptions& options) {
  SilenceLibraries();
  const absl::StatusOr<Address> address = ParseAddress(options.address, /*least_port=*/1);
  if (!address.ok()) return Annotate(address.status(), "coordinator");
  CONVOY_ASSIGN_OR_RETURN(const auto credentials, Credentials(options));
  ClientChannel channel;
  CONVOY_ASSIGN_OR_RETURN(channel.token_, ReadPrivateFile("token_file", options.token_file));
  channel.token_file_ = options.token_file;
  channel.address_ = ToString(*address);
  channel.uses_tls_ = !options.tls_ca.empty();
  channel.channel_ = grpc::CreateCustomChannel(channel.address_, credentials, Arguments());
  return channel;
}

void ClientChannel::Prepare(grpc::ClientContext* call, std::chrono::milliseconds timeout) const {
  call->set_deadline(std::chrono::system_clock::now() + timeout);
  if (token_file_.empty()) return;
  const std::string token = ReadSecretFile("token_file", token_file_).value_or(token_);
  call->AddMetadata("authorization", "Bearer " + token);
}

}  // namespace convoy::rpc
