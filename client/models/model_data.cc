#include "client/models/model_data.h"

#include "common/api/image_options.h"
#include "common/base/status.h"
#include "common/data/load_data.h"
#include "common/i18n/translate.h"

namespace convoy::client {

bool TrainedOn(const evaluate::LoadedModel& model, const data::DataSource& source) {
  const std::string& trained_on = model.description().data_sha256;
  return trained_on.empty() || trained_on == source.sha256;
}

absl::StatusOr<data::DataSource> LoadDataFor(const evaluate::LoadedModel* model,
                                             const std::string& data) {
  data::LoadOptions images;
  if (model != nullptr) {
    CONVOY_ASSIGN_OR_RETURN(images, api::ImageOptionsOf(*model));
  }
  CONVOY_ASSIGN_OR_RETURN(data::DataSource source, data::LoadData(data, images));
  const bool drawn_unasked = source.kind == data::kKindGenerated && data.empty();
  if (drawn_unasked && model != nullptr && !TrainedOn(*model, source)) {
    return absl::FailedPreconditionError(
        Tr("data: $0, and the model was not trained on digits that are drawn; name its images "
           "(deploy/get-mnist.sh fetches MNIST)",
           source.where));
  }
  return source;
}

}  // namespace convoy::client
