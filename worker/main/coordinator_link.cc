#include "worker/main/coordinator_link.h"

#include <chrono>
#include <cstdio>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "worker/report/finished_run.h"
#include "worker/train/stop_request.h"

namespace convoy::trainer {
namespace {

constexpr uint64_t kMaxSecretBytes = 1 << 20;
constexpr std::chrono::seconds kDeliveryTimeout{10};

absl::StatusOr<std::string> ReadNamed(const std::string& flag, const std::string& path) {
  if (path.empty()) return std::string();
  const absl::StatusOr<std::string> content = ReadFile(path, kMaxSecretBytes);
  if (!content.ok()) return Annotate(content.status(), flag);
  const std::string stripped(absl::StripAsciiWhitespace(*content));
  if (!stripped.empty()) return stripped;
  return absl::InvalidArgumentError(absl::StrCat(flag, ": ", path, " is empty"));
}

void Note(report::RunDirectory& directory, const std::string& line) {
  std::fprintf(stderr, "trainer: note: %s\n", line.c_str());
  directory.Log("note: " + line);
}

}  // namespace

absl::StatusOr<CoordinatorSecrets> ReadCoordinatorSecrets(const Flags& flags) {
  CoordinatorSecrets secrets;
  CONVOY_ASSIGN_OR_RETURN(secrets.tls_ca, ReadNamed("--tls-ca", flags.tls_ca));
  CONVOY_ASSIGN_OR_RETURN(secrets.tls_cert, ReadNamed("--tls-cert", flags.tls_cert));
  CONVOY_ASSIGN_OR_RETURN(secrets.tls_key, ReadNamed("--tls-key", flags.tls_key));
  CONVOY_ASSIGN_OR_RETURN(secrets.token, ReadNamed("--token-file", flags.token_file));
  return secrets;
}

absl::StatusOr<std::unique_ptr<report::CoordinatorClient>> StartCoordinatorClient(
    const Flags& flags, const CoordinatorSecrets& secrets, const train::Job& job,
    metrics::History finished_epochs, report::RunDirectory& directory) {
  if (flags.coordinator.empty()) return std::unique_ptr<report::CoordinatorClient>();
  return report::CoordinatorClient::Start({
      .address = flags.coordinator,
      .tls_ca = secrets.tls_ca,
      .tls_cert = secrets.tls_cert,
      .tls_key = secrets.tls_key,
      .token = secrets.token,
      .run_directory = directory.path(),
      .recipe = job.recipe_proto,
      .finished_epochs = std::move(finished_epochs),
      .on_cancel = &train::RequestCancel,
      .on_note = [&directory](const std::string& line) { Note(directory, line); },
  });
}

void FinishReporting(report::CoordinatorClient* client, const Flags& flags,
                     report::RunDirectory& directory) {
  if (client == nullptr || client->Finish(kDeliveryTimeout)) return;
  Note(directory, absl::StrCat("the coordinator ", flags.coordinator,
                               " was not told all of this run; the run directory has it"));
}

absl::Status TellOfFinishedRun(const Flags& flags, const CoordinatorSecrets& secrets,
                               const train::Job& job, report::RunDirectory& directory) {
  if (flags.coordinator.empty()) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const report::FinishedRun run, report::ReadFinishedRun(directory.path()));
  CONVOY_ASSIGN_OR_RETURN(const auto client,
                          StartCoordinatorClient(flags, secrets, job, run.history, directory));
  client->OnStart(run.facts);
  client->OnFinished(run.result);
  FinishReporting(client.get(), flags, directory);
  return absl::OkStatus();
}

}  // namespace convoy::trainer
