#include "worker/main/coordinator_link.h"

#include <chrono>
#include <utility>

#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/log/log.h"
#include "common/run/run_files.h"
#include "common/textproto/text_proto.h"
#include "worker/report/finished_run.h"
#include "worker/report/reporting.h"
#include "worker/train/stop_request.h"

namespace convoy::trainer {
namespace {

constexpr std::chrono::seconds kEndTimeout{10};

}  // namespace

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
      .on_note = [&directory](const i18n::Message& line) { report::Note(directory, line); },
  });
}

absl::Status TellOfFinishedRun(const CoordinatorChannel& channel, const train::Job& job,
                               report::RunDirectory& directory) {
  if (!channel) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const report::EndedRun run, report::ReadEndedRun(directory.path()));
  CONVOY_ASSIGN_OR_RETURN(const auto client,
                          StartCoordinatorClient(channel, job, run.history, directory));
  report::Retell(run, *client);
  report::DeliverReports(client.get(), directory);
  return absl::OkStatus();
}

absl::Status TellOfEndedRun(const CoordinatorChannel& channel, const std::string& run_directory) {
  if (!channel) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const report::EndedRun run, report::ReadEndedRun(run_directory));
  CONVOY_ASSIGN_OR_RETURN(const std::string recipe_text, run::ReadRecipe(run_directory));
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(
      ParseTextProto(recipe_text, run::PathIn(run_directory, run::kRecipeFile), &recipe));
  CONVOY_ASSIGN_OR_RETURN(
      const auto client,
      report::CoordinatorClient::Start(
          {.channel = *channel,
           .run_directory = run_directory,
           .recipe = std::move(recipe),
           .finished_epochs = run.history,
           .on_cancel = [] {},
           .on_note = [](const i18n::Message& line) { log::Note(line.shown); }}));
  report::Retell(run, *client);
  if (client->Finish(kEndTimeout, kEndTimeout)) return absl::OkStatus();
  return TextError(absl::StatusCode::kUnavailable, "the coordinator $0 was not told how $1 ended",
                   client->address(), run_directory);
}

}  // namespace convoy::trainer
