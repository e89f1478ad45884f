// The trainer's side of --coordinator: rank 0 alone has one.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"
#include "worker/main/flags.h"
#include "worker/report/coordinator_client.h"
#include "worker/report/run_directory.h"
#include "worker/train/job.h"

namespace convoy::trainer {

// What the flags' files hold; empty without the flags.
struct CoordinatorSecrets {
  std::string tls_ca;  // this and the next two: PEM
  std::string tls_cert;
  std::string tls_key;
  std::string token;
};

// Returns what ReadFile says, naming the flag, or INVALID_ARGUMENT for an empty file.
absl::StatusOr<CoordinatorSecrets> ReadCoordinatorSecrets(const Flags& flags);

// Starts to report to the flags' coordinator, null if they name none. Its notes go to standard
// error and the log of `directory`, which must outlive the client; a cancellation there becomes a
// request to stop.
absl::StatusOr<std::unique_ptr<report::CoordinatorClient>> StartCoordinatorClient(
    const Flags& flags, const CoordinatorSecrets& secrets, const train::Job& job,
    metrics::History finished_epochs, report::RunDirectory& directory);

// Waits a moment until the coordinator knows all, and says so where it does not. `client` may be
// null.
void FinishReporting(report::CoordinatorClient* client, const Flags& flags,
                     report::RunDirectory& directory);

// Tells the flags' coordinator, if they name one, of a run that was finished before.
absl::Status TellOfFinishedRun(const Flags& flags, const CoordinatorSecrets& secrets,
                               const train::Job& job, report::RunDirectory& directory);

}  // namespace convoy::trainer
