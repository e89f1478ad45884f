#include "common/cli/user_config.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/cli/command_line.h"

namespace convoy::cli {
namespace {

std::string Variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string UserConfigFile() {
  const std::string xdg = Variable("XDG_CONFIG_HOME");
  if (!xdg.empty()) return absl::StrCat(xdg, "/convoy/config");
  const std::string home = Variable("HOME");
  return home.empty() ? "" : absl::StrCat(home, "/.config/convoy/config");
}

std::string CoordinatorOfEnvironment() { return Variable("CONVOY_COORDINATOR"); }

absl::StatusOr<UserConfig> ReadUserConfig() {
  UserConfig config;
  CommandLine line("convoy", "", "");
  line.ReadsFile(UserConfigFile());
  Arguments& arguments = line.arguments();
  arguments.Text("--coordinator", &config.coordinator, "");
  arguments.Text("--tls-ca", &config.tls_ca, "");
  arguments.Text("--tls-cert", &config.tls_cert, "");
  arguments.Text("--tls-key", &config.tls_key, "");
  arguments.Text("--token-file", &config.token_file, "");
  std::string model;
  bool flag = false;
  arguments.Text("--model", &model, "");
  arguments.Flag("--json", &flag, "");
  arguments.Flag("--verbose", &flag, "");
  const char* const program[] = {"convoy"};
  CONVOY_RETURN_IF_ERROR(line.Parse(1, program).status());
  const std::string named = CoordinatorOfEnvironment();
  if (!named.empty()) config.coordinator = named;
  if (config.coordinator == kNoCoordinator) config.coordinator.clear();
  return config;
}

}  // namespace convoy::cli
