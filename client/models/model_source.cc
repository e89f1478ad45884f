#include "client/models/model_source.h"

#include "client/models/local_source.h"
#include "client/models/remote_source.h"
#include "client/names/names.h"
#include "common/api/resource_names.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

// Returns `named`, or the newest model where it is empty; in both cases the coordinator has it.
absl::StatusOr<std::string> FindModel(Coordinator& coordinator, const std::string& named) {
  if (!named.empty()) {
    CONVOY_ASSIGN_OR_RETURN(const v1::TrainedModel model,
                            coordinator.GetModel(api::WholeModelName(named)));
    return model.name();
  }
  CONVOY_ASSIGN_OR_RETURN(const std::vector<v1::TrainedModel> models, coordinator.ListModels(1));
  if (models.empty()) {
    return absl::NotFoundError(
        Tr("the coordinator at $0 has no models yet; a training publishes one after each epoch "
           "(trainer --coordinator $0)",
           coordinator.address()));
  }
  return models.front().name();
}

}  // namespace

v1::EvaluateModelRequest ToMessage(const EvaluationRequest& request, const std::string& name) {
  v1::EvaluateModelRequest message;
  message.set_name(name);
  message.set_data_set(request.data);
  message.set_split(request.split);
  message.set_noise_level(request.noise_level);
  message.set_noise_seed(request.noise_seed);
  message.set_max_mistakes(request.max_mistakes);
  return message;
}

absl::StatusOr<std::unique_ptr<ModelSource>> OpenModel(const std::string& argument,
                                                       const Context& context) {
  if (!argument.empty() && !context.model.empty() && argument != context.model) {
    return absl::InvalidArgumentError(
        Tr("two models are named, '$0' and '$1'; give one of them", argument, context.model));
  }
  const std::string& named = argument.empty() ? context.model : argument;
  CONVOY_ASSIGN_OR_RETURN(const Place place, FindPlace(named, WantedThing::kModel, context));
  if (place.here) return OpenLocalModel(place.name);
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<Coordinator> coordinator,
                          Coordinator::Open(context.connection, context.verbose));
  const absl::StatusOr<std::string> name = FindModel(*coordinator, place.name);
  if (!name.ok()) return ExplainMissing(name.status(), place.name, context);
  return OpenRemoteModel(std::move(coordinator), *name);
}

}  // namespace convoy::client
