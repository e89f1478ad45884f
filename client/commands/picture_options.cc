#include "client/commands/picture_options.h"

#include "absl/strings/str_cat.h"
#include "common/api/image_options.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/load_data.h"

namespace convoy::client {

void AddLangArgument(Arguments& arguments, PictureOptions* options) {
  arguments.Choice("--lang", &options->lang, {"en", "fr"},
                   "language of titles and labels (that of the locale)");
}

void AddDataArgument(Arguments& arguments, PictureOptions* options) {
  arguments.Text("--data", &options->data,
                 "directory of the four IDX files, or 'generated' (searched: $CONVOY_DATA, "
                 "./data/mnist, ~/.cache/convoy/mnist)");
}

absl::StatusOr<data::DataSource> LoadPictureData(const PictureOptions& options,
                                                 const evaluate::LoadedModel* model) {
  data::LoadOptions images;
  if (model != nullptr) {
    CONVOY_ASSIGN_OR_RETURN(images, api::ImageOptionsOf(*model));
  }
  CONVOY_ASSIGN_OR_RETURN(data::DataSource source, data::LoadData(options.data, images));
  const bool drawn_unasked = source.kind == data::kKindGenerated && options.data.empty();
  if (drawn_unasked && model != nullptr && !TrainedOn(*model, source)) {
    return absl::FailedPreconditionError(
        absl::StrCat("--data: ", source.where, ", and the model was not trained on digits that ",
                     "are drawn; name its images (deploy/get-mnist.sh fetches MNIST)"));
  }
  return source;
}

absl::Status WritePicture(const figures::Canvas& canvas, const std::string& path,
                          const std::string& flag) {
  const absl::StatusOr<figures::ImageFormat> format = figures::FormatOfPath(path);
  if (!format.ok()) return Annotate(format.status(), flag);
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, canvas.Encode(*format));
  return Annotate(WriteFileAtomically(path, bytes), flag);
}

bool TrainedOn(const evaluate::LoadedModel& model, const data::DataSource& source) {
  const std::string& trained_on = model.description().data_sha256;
  return trained_on.empty() || trained_on == source.sha256;
}

}  // namespace convoy::client
