#include "client/remote/connection.h"

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <grpcpp/support/channel_arguments.h>

#include <cstdlib>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr int kMaxMessageBytes = 64 << 20;

// Returns the content of the file that `flag` names, "" where it names none.
absl::StatusOr<std::string> ReadFlagFile(const char* flag, const std::string& path) {
  if (path.empty()) return "";
  absl::StatusOr<std::string> text = ReadFile(path, kMaxFileBytes);
  if (!text.ok()) return Annotate(text.status(), flag);
  if (absl::StripAsciiWhitespace(*text).empty()) {
    return absl::InvalidArgumentError(absl::StrCat(flag, ": ", path, " is empty"));
  }
  return text;
}

absl::StatusOr<std::shared_ptr<grpc::ChannelCredentials>> Credentials(const Context& context) {
  grpc::SslCredentialsOptions options;
  CONVOY_ASSIGN_OR_RETURN(options.pem_root_certs, ReadFlagFile("--tls-ca", context.tls_ca));
  CONVOY_ASSIGN_OR_RETURN(options.pem_cert_chain, ReadFlagFile("--tls-cert", context.tls_cert));
  CONVOY_ASSIGN_OR_RETURN(options.pem_private_key, ReadFlagFile("--tls-key", context.tls_key));
  if (context.tls_cert.empty() != context.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key: give both, or neither");
  }
  if (!context.tls_cert.empty() && context.tls_ca.empty()) {
    return absl::InvalidArgumentError("--tls-cert: needs --tls-ca, the authority to trust");
  }
  return context.tls_ca.empty() ? grpc::InsecureChannelCredentials()
                                : grpc::SslCredentials(options);
}

}  // namespace

Connection::Connection(std::string address, bool tls, std::string token,
                       std::shared_ptr<grpc::Channel> channel)
    : address_(std::move(address)),
      tls_(tls),
      token_(std::move(token)),
      channel_(std::move(channel)) {}

absl::StatusOr<Connection> Connection::Open(const Context& context) {
  // gRPC's own log would stand between our lines; errors come as status anyway.
  ::setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
  CONVOY_ASSIGN_OR_RETURN(const std::string token,
                          ReadFlagFile("--token-file", context.token_file));
  grpc::ChannelArguments arguments;
  arguments.SetMaxReceiveMessageSize(kMaxMessageBytes);
  // A coordinator is near; a proxy for the web is not the way to it.
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  CONVOY_ASSIGN_OR_RETURN(const auto credentials, Credentials(context));
  return Connection(context.coordinator, !context.tls_ca.empty(),
                    std::string(absl::StripAsciiWhitespace(token)),
                    grpc::CreateCustomChannel(context.coordinator, credentials, arguments));
}

void Connection::Prepare(grpc::ClientContext* call, std::chrono::seconds limit) const {
  call->set_deadline(std::chrono::system_clock::now() + limit);
  if (!token_.empty()) call->AddMetadata("authorization", "Bearer " + token_);
}

std::string Connection::Unavailable(const std::string& message) const {
  if (channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY) {
    return absl::StrCat("the coordinator at ", address_, ": ", message);
  }
  // A wrong kind of connection shows only as one that breaks.
  const char* advice = absl::StrContains(message, "refused") ? "start one ('coordinator --help')"
                       : tls_
                           ? "check that it speaks TLS with a certificate that --tls-ca vouches for"
                           : "check the address; if it speaks TLS, give --tls-ca FILE";
  return absl::StrCat("no coordinator answers at ", address_, " (", message, "); ", advice,
                      ", name another with --coordinator HOST:PORT, or give a run directory or a ",
                      "model file to work without one");
}

absl::Status Connection::ToStatus(const grpc::Status& status, std::chrono::seconds limit) const {
  const std::string& message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::UNAVAILABLE:
      return absl::UnavailableError(Unavailable(message));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError(
          absl::StrCat("the coordinator at ", address_, " did not answer within ", limit.count(),
                       " s; is it overloaded, or something else than a coordinator?"));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(absl::StrCat(
          "what answers at ", address_, " does not know this call: it is no coordinator, or one ",
          "of another version (", message, ")"));
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(absl::StrCat("the coordinator at ", address_,
                                                      " refuses: ", message,
                                                      "; give its token with --token-file FILE"));
    default:
      return absl::Status(static_cast<absl::StatusCode>(status.error_code()), message);
  }
}

}  // namespace convoy::client
