#include "client/commands/commands.h"

#include <string>
#include <vector>

#include "client/commands/output.h"
#include "client/commands/picture_options.h"
#include "client/commands/prediction_picture.h"
#include "client/models/model_json.h"
#include "client/models/model_source.h"
#include "client/models/model_text.h"
#include "common/base/files.h"
#include "common/base/status.h"

namespace convoy::client {
namespace {

constexpr uint64_t kMaxPictureBytes = uint64_t{64} << 20;

class Predict : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositionals("FILE", &files_, "pictures of one digit each (PNG)");
    arguments.Text("--figure", &figure_,
                   "also draw what the network saw and its answer (FILE.png or FILE.svg)");
    AddLangArgument(arguments, &options_);
    arguments.Flag("--as-is", &as_they_are_, "do not prepare them; they have the network's size");
  }

  std::string Details() const override {
    return "Pictures may be of any size and colour, dark on light or light on dark. They are "
           "brought\n"
           "to the form of the training images (cut out, scaled, centred), and the answer says "
           "what\n"
           "was done.\n\n"
           "Examples:\n"
           "  convoy predict photo.png --model runs/first\n"
           "  convoy predict photo.png --model runs/first --figure prediction.png\n"
           "  convoy predict *.png --json";
  }

  absl::Status Run(const Context& context) override {
    if (!figure_.empty() && files_.size() > 1) {
      return absl::InvalidArgumentError("--figure: shows one picture; name only one");
    }
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel("", context));
    std::vector<Picture> pictures;
    for (const std::string& file : files_) {
      CONVOY_ASSIGN_OR_RETURN(std::string png, ReadFile(file, kMaxPictureBytes));
      pictures.push_back({file, std::move(png)});
    }
    CONVOY_ASSIGN_OR_RETURN(const v1::PredictResponse response,
                            source->Predict(pictures, as_they_are_));
    if (!figure_.empty()) {
      CONVOY_ASSIGN_OR_RETURN(const v1::TrainedModel model, source->Describe());
      CONVOY_RETURN_IF_ERROR(WritePredictionFigure({.path = figure_,
                                                    .lang = options_.lang,
                                                    .picture = pictures[0],
                                                    .as_it_is = as_they_are_,
                                                    .model = model,
                                                    .answer = response.predictions(0)}));
    }
    if (context.json) {
      Print(context, PredictionsToJson(files_, response));
    } else {
      Print(context, PredictionsText(files_, response));
    }
    return absl::OkStatus();
  }

 private:
  std::vector<std::string> files_;
  std::string figure_;
  PictureOptions options_;
  bool as_they_are_ = false;
};

}  // namespace

std::unique_ptr<Command> NewPredict() { return std::make_unique<Predict>(); }

}  // namespace convoy::client
