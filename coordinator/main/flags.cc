#include "coordinator/main/flags.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/cli/command_line.h"
#include "common/i18n/translate.h"
#include "common/rpc/address.h"
#include "common/system/user.h"

namespace convoy::coordinator {
namespace {

constexpr const char* kDescription = Marked(
    "Shows training jobs, their metrics and their models to anybody who asks: convoy, gRPC "
    "clients,\n"
    "Triton's clients, Prometheus. Trainers report to it with --coordinator HOST:PORT.");

constexpr const char* kExitCodes =
    Marked("Exit codes: 0 stopped by SIGTERM or SIGINT; 1 failed; 2 wrong usage or input.");

std::string DefaultStore() {
  const std::string home = HomeDirectory();
  return home.empty() ? "" : absl::StrCat(home, "/.local/state/convoy/coordinator");
}

void AddFlags(cli::Arguments& arguments, Flags& flags) {
  arguments.Group("Addresses and data");
  arguments.Text("--listen", &flags.listen, "address of the gRPC services (127.0.0.1:50051)");
  arguments.TextOrNone("--http", &flags.http,
                       "address of HTTP: the page, Connect and REST, /metrics, /healthz; '' for "
                       "none "
                       "(127.0.0.1:8080)");
  arguments.Texts("--http-name", &flags.http_names,
                  "a name by which clients call the HTTP address, beside localhost and addresses; "
                  "repeat it for more");
  arguments.Text("--store", &flags.store,
                 "directory of all that is remembered (~/.local/state/convoy/coordinator)");
  arguments.Text("--data", &flags.data,
                 "directory of the four IDX files, or 'generated', for evaluations (searched "
                 "as by the trainer)");
  arguments.Group("Safety; PEM files");
  arguments.Text("--tls-cert", &flags.tls_cert, "certificate of this server: TLS");
  arguments.Text("--tls-key", &flags.tls_key, "its key");
  arguments.Text("--tls-client-ca", &flags.tls_client_ca,
                 "only clients with a certificate of this authority: mutual TLS");
  arguments.Text("--token-file", &flags.token_file,
                 "file of the token that calls which change something must bring");
  arguments.Flag("--http-plain", &flags.http_plain,
                 "HTTP beyond this machine without TLS: anybody on the way can read and change it");
  arguments.Group("Predictions");
  arguments.WholeNumber("--threads", &flags.threads, 1, 1024,
                        "threads that compute (the usable cores)");
  arguments.WholeNumber("--batch-delay-ms", &flags.batch_delay_ms, 0, 1000,
                        "how long an image waits for others to be computed with (0)");
  arguments.Group("Limits");
  arguments.WholeNumber("--max-message-mb", &flags.max_message_mb, 1, 1024, "of one request (16)");
  arguments.WholeNumber("--max-model-mb", &flags.max_model_mb, 1, 4096,
                        "of one published model (256)");
  arguments.WholeNumber("--max-versions-mb", &flags.max_versions_mb, 0, 1 << 20,
                        "models of earlier epochs, of all jobs together (1024)");
  arguments.WholeNumber("--max-streams", &flags.max_streams, 1, 65536,
                        "calls at a time of one connection (256)");
  arguments.WholeNumber("--max-connections", &flags.max_connections, 2, 65536,
                        "connections at a time of each port, half of them from one address (1024)");
  arguments.WholeNumber("--max-images", &flags.max_images, 1, 65536,
                        "images of one request for predictions (1024)");
  arguments.WholeNumber("--max-queued-images", &flags.max_queued_images, 1, 1 << 20,
                        "images that may wait for their prediction (4096)");
  arguments.WholeNumber("--max-watches", &flags.max_watches, 1, 10000,
                        "WatchJob calls at a time (100)");
}

// Returns the address, unless anybody who reaches it could change jobs.
absl::StatusOr<rpc::Address> CheckStrangers(const std::string& flag, const std::string& text,
                                            const Flags& flags) {
  absl::StatusOr<rpc::Address> address = rpc::ParseAddress(text, /*least_port=*/0);
  if (!address.ok()) return Annotate(address.status(), flag);
  if (IsLoopback(*address) || !flags.token_file.empty() || !flags.tls_client_ca.empty()) {
    return address;
  }
  return absl::InvalidArgumentError(
      absl::StrCat(flag, ": anybody who reaches ", text,
                   " could cancel and delete jobs; add --token-file, or --tls-client-ca"));
}

absl::Status CheckTogether(const Flags& flags) {
  if (flags.tls_cert.empty() != flags.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key: give both or none");
  }
  if (!flags.tls_client_ca.empty() && flags.tls_cert.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca: needs --tls-cert and --tls-key");
  }
  CONVOY_RETURN_IF_ERROR(CheckStrangers("--listen", flags.listen, flags).status());
  if (flags.http.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const rpc::Address http, CheckStrangers("--http", flags.http, flags));
  if (!IsLoopback(http) && flags.tls_cert.empty() && !flags.http_plain) {
    return absl::InvalidArgumentError(
        absl::StrCat("--http: ", flags.http,
                     " is reached from elsewhere; add --tls-cert and --tls-key, or --http-plain "
                     "to do without TLS"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  flags.store = DefaultStore();
  cli::CommandLine line("coordinator", Tr(kDescription), Tr(kExitCodes));
  AddFlags(line.arguments(), flags);
  CONVOY_ASSIGN_OR_RETURN(const cli::CommandLine::Asked asked, line.Parse(argc, argv));
  if (!asked.text.empty()) {
    flags.print_and_exit = asked.text;
    return flags;
  }
  if (flags.store.empty()) {
    return absl::InvalidArgumentError("--store: name a directory; there is no home directory");
  }
  CONVOY_RETURN_IF_ERROR(CheckTogether(flags));
  return flags;
}

}  // namespace convoy::coordinator
