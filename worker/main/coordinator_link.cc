#include "worker/main/coordinator_link.h"

#include <utility>

#include "common/base/status.h"
#include "worker/report/finished_run.h"
#include "worker/report/reporting.h"
#include "worker/train/stop_request.h"

namespace convoy::trainer {
absl::StatusOr<CoordinatorChannel> OpenCoordinatorChannel(const Flags& flags) {
  if (flags.coordinator.empty()) return CoordinatorChannel();
  CONVOY_ASSIGN_OR_RETURN(rpc::ClientChannel channel,
                          rpc::ClientChannel::Create({.address = flags.coordinator,
                                                      .tls_ca = flags.tls_ca,
                                                      .tls_cert = flags.tls_cert,
                                                      .tls_key = flags.tls_key,
                                                      .token_file = flags.token_file}));
  return CoordinatorChannel(std::move(channel));
}

absl::StatusOr<std::unique_ptr<report::CoordinatorClient>> StartCoordinatorClient(
    const CoordinatorChannel& channel, const train::Job& job, metrics::History finished_epochs,
    report::RunDirectory& directory) {
  if (!channel) return std::unique_ptr<report::CoordinatorClient>();
  return report::CoordinatorClient::Start({
      .channel = *channel,
      .run_directory = directory.path(),
      .recipe = job.recipe_proto,
      .finished_epochs = std::move(finished_epochs),
      .on_cancel = &train::RequestCancel,
      .on_note = [&directory](const std::string& line) { report::Note(directory, line); },
  });
}

absl::Status TellOfFinishedRun(const CoordinatorChannel& channel, const train::Job& job,
                               report::RunDirectory& directory) {
  if (!channel) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const report::FinishedRun run, report::ReadFinishedRun(directory.path()));
  CONVOY_ASSIGN_OR_RETURN(const auto client,
                          StartCoordinatorClient(channel, job, run.history, directory));
  client->OnStart(run.facts);
  client->OnFinished(run.result);
  report::DeliverReports(client.get(), directory);
  return absl::OkStatus();
}

}  // namespace convoy::trainer
