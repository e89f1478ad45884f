#include "client/models/remote_source.h"

#include <utility>

#include "common/base/status.h"
#include "common/data/data_directory.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

class RemoteSource : public ModelSource {
 public:
  RemoteSource(std::unique_ptr<Coordinator> coordinator, std::string name)
      : coordinator_(std::move(coordinator)), name_(std::move(name)) {}

  std::string Where() const override { return Tr("$0 at $1", name_, coordinator_->address()); }

  absl::StatusOr<v1::TrainedModel> Describe() override { return coordinator_->GetModel(name_); }

  absl::StatusOr<v1::EvaluateModelResponse> Evaluate(const EvaluationRequest& request) override {
    if (!request.data.empty() && request.data != data::kGeneratedFlag) {
      return absl::InvalidArgumentError(
          Tr("`data` $0: a coordinator evaluates on its own images or 'generated'; for others "
             "download the model and give its file",
             request.data));
    }
    return coordinator_->EvaluateModel(ToMessage(request, name_));
  }

  absl::StatusOr<v1::PredictResponse> Predict(const std::vector<Picture>& pictures,
                                              bool as_they_are) override {
    v1::PredictRequest request;
    request.set_name(name_);
    request.set_preparation(as_they_are ? v1::NONE : v1::AUTOMATIC);
    request.set_include_prepared_images(pictures.size() == 1);
    for (const Picture& picture : pictures) request.add_images()->set_png(picture.png);
    CONVOY_ASSIGN_OR_RETURN(v1::PredictResponse response, coordinator_->Predict(request));
    if (response.predictions_size() != request.images_size()) {
      return absl::InternalError(Tr("the coordinator at $0 answered $1 of $2 pictures",
                                    coordinator_->address(), response.predictions_size(),
                                    request.images_size()));
    }
    return response;
  }

  absl::StatusOr<std::string> ReadBytes() override {
    CONVOY_ASSIGN_OR_RETURN(DownloadedModel downloaded, coordinator_->DownloadModel(name_));
    return std::move(downloaded.bytes);
  }

 private:
  std::unique_ptr<Coordinator> coordinator_;
  std::string name_;
};

}  // namespace

std::unique_ptr<ModelSource> OpenRemoteModel(std::unique_ptr<Coordinator> coordinator,
                                             const std::string& name) {
  return std::make_unique<RemoteSource>(std::move(coordinator), name);
}

}  // namespace convoy::client
