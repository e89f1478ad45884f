#include "client/commands/picture_options.h"

#include "client/models/model_data.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {

void AddLangArgument(Arguments& arguments, PictureOptions* options) {
  arguments.Choice("--lang", &options->lang, {"en", "fr"},
                   Tr("language of titles and labels (that of the locale)"));
}

void AddDataArgument(Arguments& arguments, PictureOptions* options) {
  arguments.Text("--data", &options->data,
                 "directory of the four IDX files, or 'generated' (searched: $CONVOY_DATA, "
                 "./data/mnist, ~/.cache/convoy/mnist)");
}

std::string NoteOnImages(const evaluate::LoadedModel* model, const data::DataSource& source,
                         figures::Language language) {
  const figures::Texts& texts = figures::TextsIn(language);
  if (model != nullptr && !TrainedOn(*model, source)) return texts.other_images_note;
  return source.kind == data::kKindGenerated ? texts.generated_note : "";
}

absl::Status WritePicture(const figures::Canvas& canvas, const std::string& path,
                          const std::string& flag) {
  const absl::StatusOr<figures::ImageFormat> format = figures::FormatOfPath(path);
  if (!format.ok()) return Annotate(format.status(), flag);
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, canvas.Encode(*format));
  return Annotate(WriteFileAtomically(path, bytes), flag);
}

}  // namespace convoy::client
