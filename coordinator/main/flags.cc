#include "coordinator/main/flags.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/version.h"
#include "common/rpc/address.h"

namespace convoy::coordinator {
namespace {

constexpr char kDescription[] =
    "Shows training jobs, their metrics and their models to anybody who asks: convoy, gRPC "
    "clients,\n"
    "Triton's clients, Prometheus. Trainers report to it with --coordinator HOST:PORT.";

constexpr char kExitCodes[] =
    "Exit codes: 0 stopped by SIGTERM or SIGINT; 1 failed; 2 wrong usage or input.";

std::string DefaultStore() {
  const char* home = std::getenv("HOME");
  return absl::StrCat(home == nullptr ? "." : home, "/.local/state/convoy/coordinator");
}

void AddFlags(CLI::App& app, Flags& flags) {
  app.add_option("--listen", flags.listen, "address of the gRPC services (127.0.0.1:50051)")
      ->group("Addresses and data");
  app.add_option("--http", flags.http,
                 "address of /metrics and /healthz; '' for none (127.0.0.1:8080)")
      ->group("Addresses and data");
  app.add_option("--store", flags.store,
                 "directory of all that is remembered (~/.local/state/convoy/coordinator)")
      ->group("Addresses and data");
  app.add_option("--data", flags.data,
                 "directory of the four IDX files, or 'generated', for evaluations (searched as by "
                 "the trainer)")
      ->group("Addresses and data");
  const std::string safety = "Safety; PEM files";
  app.add_option("--tls-cert", flags.tls_cert, "certificate of this server: TLS")->group(safety);
  app.add_option("--tls-key", flags.tls_key, "its key")->group(safety);
  app.add_option("--tls-client-ca", flags.tls_client_ca,
                 "only clients with a certificate of this authority: mutual TLS")
      ->group(safety);
  app.add_option("--token-file", flags.token_file,
                 "file of the token that calls which change something must bring")
      ->group(safety);
  const std::string predictions = "Predictions";
  app.add_option("--threads", flags.threads, "threads that compute (the usable cores)")
      ->check(CLI::Range(1, 1024))
      ->group(predictions);
  app.add_option("--batch-delay-ms", flags.batch_delay_ms,
                 "how long an image waits for others to be computed with (0)")
      ->check(CLI::Range(0, 1000))
      ->group(predictions);
  const std::string limits = "Limits";
  app.add_option("--max-message-mb", flags.max_message_mb, "of one request (16)")
      ->check(CLI::Range(1, 1024))
      ->group(limits);
  app.add_option("--max-model-mb", flags.max_model_mb, "of one published model (256)")
      ->check(CLI::Range(1, 4096))
      ->group(limits);
  app.add_option("--max-streams", flags.max_streams, "calls at a time of one connection (256)")
      ->check(CLI::Range(1, 65536))
      ->group(limits);
  app.add_option("--max-images", flags.max_images, "images of one request for predictions (1024)")
      ->check(CLI::Range(1, 65536))
      ->group(limits);
  app.add_option("--max-queued-images", flags.max_queued_images,
                 "images that may wait for their prediction (4096)")
      ->check(CLI::Range(1, 1 << 20))
      ->group(limits);
  app.add_option("--max-watches", flags.max_watches, "WatchJob calls at a time (100)")
      ->check(CLI::Range(1, 10000))
      ->group(limits);
}

absl::Status Unknown(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining();
  const std::string first =
      extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return absl::InvalidArgumentError(
      absl::StrCat(first.rfind('-', 0) == 0 ? "unknown flag" : "unexpected argument", " '", first,
                   "'", DidYouMean(first, known), "; coordinator --help lists all flags"));
}

absl::Status CheckTogether(const Flags& flags) {
  if (flags.tls_cert.empty() != flags.tls_key.empty()) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key: give both or none");
  }
  if (!flags.tls_client_ca.empty() && flags.tls_cert.empty()) {
    return absl::InvalidArgumentError("--tls-client-ca: needs --tls-cert and --tls-key");
  }
  const absl::StatusOr<rpc::Address> listen = rpc::ParseAddress(flags.listen, /*least_port=*/0);
  if (!listen.ok()) return Annotate(listen.status(), "--listen");
  if (!IsLoopback(*listen) && flags.token_file.empty() && flags.tls_client_ca.empty()) {
    return absl::InvalidArgumentError(
        absl::StrCat("--listen: anybody who reaches ", flags.listen,
                     " could cancel and delete jobs; add --token-file, or --tls-client-ca"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  flags.store = DefaultStore();
  CLI::App app(kDescription, "coordinator");
  app.footer(kExitCodes);
  app.set_version_flag("--version",
                       absl::StrCat("convoy coordinator ", Version(), " (", GitCommit(), ")"));
  AddFlags(app, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.print_and_exit = app.help();
    return flags;
  } catch (const CLI::CallForVersion& version) {
    flags.print_and_exit = std::string(version.what()) + "\n";
    return flags;
  } catch (const CLI::ExtrasError&) {
    return Unknown(app);
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  CONVOY_RETURN_IF_ERROR(CheckTogether(flags));
  return flags;
}

}  // namespace convoy::coordinator
