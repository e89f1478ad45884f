#include "client/remote/connection.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/i18n/translate.h"
#include "common/rpc/grpc_status.h"

namespace convoy::client {
std::string Connection::Unavailable(const std::string& message) const {
  if (channel()->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY) {
    return absl::StrCat("the coordinator at ", address(), ": ", message);
  }
  // A wrong kind of connection shows only as one that breaks.
  const char* text =
      absl::StrContains(message, "refused")
          ? Marked(
                "no coordinator answers at $0; start one ('coordinator --help'), name another with "
                "`coordinator`, or give a run directory or a model file to work without one")
      : channel_.uses_tls()
          ? Marked(
                "no coordinator answers at $0; check that it speaks TLS with a certificate that "
                "`tls_ca` vouches for, name another with `coordinator`, or give a run directory or "
                "a model file to work without one")
          : Marked(
                "no coordinator answers at $0; check the address; if it speaks TLS, give `tls_ca`, "
                "name another with `coordinator`, or give a run directory or a model file to work "
                "without one");
  return Tr(text, verbose_ ? absl::StrCat(address(), " (", message, ")") : address());
}

absl::Status Connection::ToStatus(const grpc::Status& status, std::chrono::seconds limit) const {
  const std::string& message = status.error_message();
  switch (status.error_code()) {
    case grpc::StatusCode::OK:
      return absl::OkStatus();
    case grpc::StatusCode::UNAVAILABLE:
      return absl::UnavailableError(Unavailable(message));
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return absl::DeadlineExceededError(Tr(
          "the coordinator at $0 did not answer within $1 s; is it overloaded, or something else "
          "than a coordinator?",
          address(), limit.count()));
    case grpc::StatusCode::UNIMPLEMENTED:
      return absl::UnimplementedError(
          Tr("what answers at $0 does not know this call: it is no coordinator, or one of another "
             "version",
             verbose_ ? absl::StrCat(address(), " (", message, ")") : address()));
    case grpc::StatusCode::UNAUTHENTICATED:
    case grpc::StatusCode::PERMISSION_DENIED:
      return absl::PermissionDeniedError(
          Tr("the coordinator at $0 refuses: $1; give its token with `token_file`", address(),
             message.substr(0, message.find("; bring it as "))));  // as an HTTP client does
    default:
      return rpc::FromGrpc(status);
  }
}

}  // namespace convoy::client
