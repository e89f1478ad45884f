#include "client/cli/shared_options.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

std::string Environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

void Choose(const std::optional<std::string>& near, const std::optional<std::string>& general,
            std::string* value) {
  if (near) {
    *value = *near;
  } else if (general) {
    *value = *general;
  }
}

}  // namespace

void AddModelArgument(Arguments& arguments, std::string* model) {
  arguments.Positional("MODEL", model,
                       "FILE.convoy, run directory, or name at the coordinator (its newest)");
}

void AddSharedOptions(Arguments& arguments, SharedOptions* options) {
  arguments.Group("Options that every command takes");
  arguments.Text("--coordinator", &options->coordinator,
                 absl::StrCat("HOST:PORT ($CONVOY_COORDINATOR, ", kDefaultCoordinator, ")"));
  arguments.Text("--tls-ca", &options->tls_ca, "speak TLS and trust these certificates (PEM)");
  arguments.Text("--tls-cert", &options->tls_cert,
                 "this client's certificate, where it is asked for");
  arguments.Text("--tls-key", &options->tls_key, "its key");
  arguments.Text("--token-file", &options->token_file,
                 "file with the token for calls that change something");
  arguments.Text("--model", &options->model,
                 "FILE.convoy, a run directory, or a name at the coordinator");
  arguments.Flag("--json", &options->json, "print JSON, for programs");
}

void ApplyEnvironment(const cli::CommandLine& line, SharedOptions* options) {
  const std::string named = Environment("CONVOY_COORDINATOR");
  if (!named.empty() && !line.Typed("--coordinator")) options->coordinator = named;
}

void ApplySharedOptions(const SharedOptions& near, const SharedOptions& general, Context* context) {
  Choose(near.coordinator, general.coordinator, &context->connection.address);
  context->coordinator_named = near.coordinator || general.coordinator;
  Choose(near.tls_ca, general.tls_ca, &context->connection.tls_ca);
  Choose(near.tls_cert, general.tls_cert, &context->connection.tls_cert);
  Choose(near.tls_key, general.tls_key, &context->connection.tls_key);
  Choose(near.token_file, general.token_file, &context->connection.token_file);
  Choose(near.model, general.model, &context->model);
  context->json = near.json || general.json;
}

std::string DefaultConfigFile() {
  const std::string xdg = Environment("XDG_CONFIG_HOME");
  if (!xdg.empty()) return absl::StrCat(xdg, "/convoy/config");
  const std::string home = Environment("HOME");
  return home.empty() ? "" : absl::StrCat(home, "/.config/convoy/config");
}

}  // namespace convoy::client
