#include "client/cli/shared_options.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/cli/user_config.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

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
                       "FILE.convoy, run directory, or name at the coordinator (the newest)");
}

void AddSharedOptions(Arguments& arguments, SharedOptions* options) {
  arguments.Group("Options that every command takes");
  arguments.Text("--coordinator", &options->coordinator,
                 Tr("HOST:PORT ($$CONVOY_COORDINATOR, $0)", kDefaultCoordinator));
  arguments.Text("--tls-ca", &options->tls_ca, "speak TLS and trust these certificates (PEM)");
  arguments.Text("--tls-cert", &options->tls_cert,
                 "this client's certificate, where it is asked for");
  arguments.Text("--tls-key", &options->tls_key, "its key");
  arguments.Text("--token-file", &options->token_file,
                 "file with the token for calls that change something");
  arguments.Text("--model", &options->model,
                 "FILE.convoy, a run directory, or a name at the coordinator");
  arguments.Flag("--json", &options->json, "print JSON, for programs");
  arguments.Flag("--verbose", &options->verbose, "errors also tell what libraries say");
}

void ApplyEnvironment(const cli::CommandLine& line, SharedOptions* options) {
  const std::string named = cli::CoordinatorOfEnvironment();
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
  context->coordinator_named = (near.coordinator || general.coordinator) &&
                               context->connection.address != cli::kNoCoordinator;
  if (!context->coordinator_named) context->connection.address = kDefaultCoordinator;
  context->json = near.json || general.json;
  context->verbose = near.verbose || general.verbose;
}

void AddConnectionFlags(const rpc::ClientOptions& connection, std::vector<std::string>* flags) {
  const auto add = [flags](const std::string& flag, const std::string& value) {
    const bool given = std::any_of(flags->begin(), flags->end(), [&](const std::string& word) {
      return word == flag || absl::StartsWith(word, absl::StrCat(flag, "="));
    });
    if (!given && !value.empty()) flags->insert(flags->end(), {flag, value});
  };
  add("--coordinator", connection.address);
  add("--tls-ca", connection.tls_ca);
  add("--tls-cert", connection.tls_cert);
  add("--tls-key", connection.tls_key);
  add("--token-file", connection.token_file);
}

}  // namespace convoy::client
