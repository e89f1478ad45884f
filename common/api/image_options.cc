#include "common/api/image_options.h"

#include <string>

#include "common/base/cpus.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/base/text_error.h"
#include "common/textproto/text_proto.h"

namespace convoy::api {
namespace {

absl::Status ReadSize(const std::string& text, data::LoadOptions* options) {
  if (ReadHeightWidth(text, data::kMaxPictureSide, &options->height, &options->width)) {
    return absl::OkStatus();
  }
  return InvalidArgumentTextError(
      "images.image_size: must be HEIGHTxWIDTH, each from 1 to $0, such as 64x64, not $1",
      data::kMaxPictureSide, Quoted(text));
}

}  // namespace

absl::StatusOr<data::LoadOptions> ImageOptionsOf(const v1::Recipe& recipe) {
  const v1::ImagesRecipe& images = recipe.images();
  data::LoadOptions options{
      .skip_bad = images.skip_bad(), .transpose = images.transpose(), .threads = UsableCores()};
  if (images.has_image_size()) CONVOY_RETURN_IF_ERROR(ReadSize(images.image_size(), &options));
  if (images.has_image_fit()) {
    const absl::StatusOr<images::ImageFit> fit = images::ParseImageFit(images.image_fit());
    if (!fit.ok()) return Annotate(fit.status(), "images.image_fit");
    options.fit = *fit;
  }
  return options;
}

absl::StatusOr<data::LoadOptions> ImageOptionsOf(const evaluate::LoadedModel& model) {
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(
      ParseTextProto(model.description().recipe_textproto, "the model's recipe", &recipe));
  CONVOY_ASSIGN_OR_RETURN(data::LoadOptions options, ImageOptionsOf(recipe));
  const nn::ModelSpec& spec = model.network().spec();
  options.height = spec.height;
  options.width = spec.width;
  options.channels = spec.channels;
  return options;
}

}  // namespace convoy::api
