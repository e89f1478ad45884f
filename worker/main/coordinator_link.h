// The trainer's side of --coordinator: rank 0 alone has one.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "common/metrics/history.h"
#include "common/rpc/client_channel.h"
#include "worker/main/flags.h"
#include "worker/report/coordinator_client.h"
#include "worker/report/run_directory.h"
#include "worker/train/job.h"

namespace convoy::trainer {

// How rank 0 reaches its coordinator; nothing on other ranks and without --coordinator.
using CoordinatorChannel = std::optional<rpc::ClientChannel>;

// Returns the errors of rpc::ClientChannel::Create.
absl::StatusOr<CoordinatorChannel> OpenCoordinatorChannel(const Flags& flags);

// Starts to report to the coordinator, null if there is none. Its notes go to standard
// error and the log of `directory`, which must outlive the client; a cancellation there becomes a
// request to stop.
absl::StatusOr<std::unique_ptr<report::CoordinatorClient>> StartCoordinatorClient(
    const CoordinatorChannel& channel, const train::Job& job, metrics::History finished_epochs,
    report::RunDirectory& directory);

// Tells the coordinator, if there is one, of a run that was finished before.
absl::Status TellOfFinishedRun(const CoordinatorChannel& channel, const train::Job& job,
                               report::RunDirectory& directory);

// Tells the coordinator, if there is one, how the run in `run_directory` has ended, whichever way;
// changes nothing there. Returns UNAVAILABLE if it was not told all.
absl::Status TellOfEndedRun(const CoordinatorChannel& channel, const std::string& run_directory);

}  // namespace convoy::trainer
