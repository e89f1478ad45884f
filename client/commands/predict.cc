// `convoy predict`: pictures are sent to a model in pieces below a coordinator's limits.
// A piece that is refused is asked again picture by picture, so that the message names the file at
// fault and the others still get their answers.
#include "client/commands/commands.h"

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/commands/prediction_picture.h"
#include "client/models/model_json.h"
#include "client/models/model_source.h"
#include "client/models/model_text.h"
#include "client/names/names.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/i18n/error_text.h"
#include "common/i18n/translate.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

constexpr uint64_t kMaxPictureBytes = uint64_t{64} << 20;

// Below the limits of a coordinator's calls, of 1,024 images by default and of bytes.
constexpr size_t kPicturesInAPiece = 256;
constexpr size_t kBytesInAPiece = size_t{2} << 20;

class Predict : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositionals("FILE", &files_,
                                  "pictures (PNG or JPEG), of one digit or object each");
    arguments.Text("--figure", &figure_,
                   "also draw what the network saw and its answer (FILE.png or FILE.svg)");
    AddLangArgument(arguments, &options_);
    arguments.Flag("--as-is", &as_they_are_, "do not prepare them; they have the network's size");
  }

  std::string Details() const override {
    return Tr(
        "Pictures may be of any size and colour, dark on light or light on dark. They are "
        "brought\n"
        "to the form of the training images: digits are cut out, scaled and centred, other "
        "pictures\n"
        "scaled as a whole. The answer says what was done. One that is refused does not keep "
        "the\n"
        "others from their answers.\n\n"
        "Examples:\n"
        "  convoy predict photo.png --model runs/first\n"
        "  convoy predict photo.png --model runs/first --figure prediction.png\n"
        "  convoy predict *.png --json");
  }

  absl::Status Run(const Context& context) override {
    if (!figure_.empty() && files_.size() > 1) {
      return absl::InvalidArgumentError(Tr("--figure: shows one picture; name only one"));
    }
    CONVOY_RETURN_IF_ERROR(CheckFiles());
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel("", context));
    Answers answers;
    terminal::Activity activity(context.err, !context.json);
    CONVOY_RETURN_IF_ERROR(PredictAll(*source, &answers, &activity));
    const v1::PredictResponse& response = answers.response;
    CONVOY_ASSIGN_OR_RETURN(const v1::TrainedModel model, source->Describe());
    if (!figure_.empty()) {
      CONVOY_RETURN_IF_ERROR(WritePredictionFigure({.path = figure_,
                                                    .lang = options_.lang,
                                                    .picture = answers.last_piece[0],
                                                    .as_it_is = as_they_are_,
                                                    .model = model,
                                                    .answer = response.predictions(0)}));
    }
    activity.Clear();
    if (context.json) {
      Print(context, PredictionsToJson(answers.files, response));
    } else {
      Print(context, PredictionsText(answers.files, model, response, TableColumns(context)));
      if (!figure_.empty()) Print(context, figure_ + "\n");
    }
    return Refused(answers, context);
  }

 private:
  // People write the model among the pictures.
  absl::Status CheckFiles() const {
    for (const std::string& file : files_) {
      const ThingKind kind = FindHere(file).kind;
      if (kind != ThingKind::kRun && kind != ThingKind::kModel) continue;
      return absl::InvalidArgumentError(
          Tr("$0 is no picture (PNG or JPEG); if it is the model, give it as --model $1",
             Quoted(file), Printable(file)));
    }
    return absl::OkStatus();
  }

  // What came of the pictures.
  struct Answers {
    std::vector<std::string> files;  // those that were answered
    v1::PredictResponse response;
    std::vector<std::string> refused;  // a message each
    std::vector<Picture> last_piece;
  };

  // Asks in pieces that every coordinator takes. A picture that is refused does not keep the others
  // from their answers; the only one is an error at once.
  absl::Status PredictAll(ModelSource& source, Answers* answers,
                          terminal::Activity* activity) const {
    size_t bytes = 0;
    for (size_t i = 0; i < files_.size(); ++i) {
      if (answers->last_piece.empty() && files_.size() > 1) {
        activity->Show(Tr("Reading pictures"), static_cast<int64_t>(i),
                       static_cast<int64_t>(files_.size()));
      }
      absl::StatusOr<std::string> png = ReadFile(files_[i], kMaxPictureBytes);
      if (!png.ok() && files_.size() == 1) return png.status();
      if (!png.ok()) {
        answers->refused.push_back(i18n::InUsersLanguage(png.status()));
        continue;
      }
      if (answers->last_piece.size() == kPicturesInAPiece || bytes + png->size() > kBytesInAPiece) {
        CONVOY_RETURN_IF_ERROR(PredictPiece(source, answers));
        answers->last_piece.clear();
        bytes = 0;
      }
      bytes += png->size();
      answers->last_piece.push_back({files_[i], *std::move(png)});
    }
    return PredictPiece(source, answers);
  }

  absl::Status PredictPiece(ModelSource& source, Answers* answers) const {
    const std::vector<Picture>& pieces = answers->last_piece;
    if (pieces.empty()) return absl::OkStatus();
    if (Take(source.Predict(pieces, as_they_are_), pieces, answers).ok()) return absl::OkStatus();
    for (const Picture& picture : pieces) {
      const absl::Status status = Take(source.Predict({picture}, as_they_are_), {picture}, answers);
      if (status.ok()) continue;
      if (files_.size() == 1 || !IsAboutThePicture(status)) return AsInput(picture.name, status);
      answers->refused.push_back(Named(picture.name, status));
    }
    return absl::OkStatus();
  }

  static bool IsAboutThePicture(const absl::Status& status) {
    return absl::IsInvalidArgument(status) || absl::IsResourceExhausted(status);
  }

  // A picture that is too large is the user's to mend, like any other input. What a coordinator has
  // no room for is not.
  static absl::Status AsInput(const std::string& file, const absl::Status& status) {
    const bool names_it = absl::StartsWith(status.message(), file) ||
                          absl::StartsWith(status.message(), "images[0]: ");
    if (!absl::IsResourceExhausted(status) || !names_it) return status;
    absl::Status input(absl::StatusCode::kInvalidArgument, status.message());
    status.ForEachPayload([&input](absl::string_view type, const absl::Cord& payload) {
      input.SetPayload(type, payload);
    });
    return input;
  }

  // A coordinator counts the images of a call; people know files.
  static std::string Named(const std::string& file, const absl::Status& status) {
    const std::string said = i18n::InUsersLanguage(status);
    const std::string message(absl::StripPrefix(said, "images[0]: "));
    return absl::StartsWith(message, file) ? message : absl::StrCat(file, ": ", message);
  }

  static absl::Status Take(const absl::StatusOr<v1::PredictResponse>& response,
                           const std::vector<Picture>& pictures, Answers* answers) {
    if (!response.ok()) return response.status();
    answers->response.MergeFrom(*response);
    for (const Picture& picture : pictures) answers->files.push_back(picture.name);
    return absl::OkStatus();
  }

  absl::Status Refused(const Answers& answers, const Context& context) const {
    if (answers.refused.empty()) return absl::OkStatus();
    for (const std::string& message : answers.refused) {
      PrintNote(context, message);
    }
    return absl::InvalidArgumentError(
        Tr("$0 of $1 pictures have no answer; see above", answers.refused.size(), files_.size()));
  }

  std::vector<std::string> files_;
  std::string figure_;
  PictureOptions options_;
  bool as_they_are_ = false;
};

}  // namespace

std::unique_ptr<Command> NewPredict() { return std::make_unique<Predict>(); }

}  // namespace convoy::client
