// `convoy import`: a model that Keras saved becomes a model file. The reader refuses what Convoy
// does not have; what is left to decide is which values the network was trained on. That is found
// by trying: the scale under which most labelled images at hand are classified correctly is built
// into the network.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_join.h"
#include "client/commands/commands.h"
#include "client/commands/output.h"
#include "common/base/cpus.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text.h"
#include "common/data/data_directory.h"
#include "common/data/load_data.h"
#include "common/exports/input_scale.h"
#include "common/exports/keras/keras_reader.h"
#include "common/exports/keras/keras_weights.h"
#include "common/formats/model_file.h"
#include "common/i18n/translate.h"
#include "common/images/digit.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

// Enough to tell scales apart by a hundredth; a second or two for most networks.
constexpr int64_t kImagesToTry = 1000;
constexpr int kMaxSide = 1 << 15;  // far beyond what any network takes

// Which values the network is given, and why.
struct InputValues {
  exports::InputScale scale;
  std::string because;  // for people
  formats::ImageForm form = formats::ImageForm::kUnknown;
};

absl::StatusOr<exports::KerasImageSize> ParseImageSize(const std::string& text) {
  exports::KerasImageSize size;
  if (text.empty() || ReadHeightWidth(text, kMaxSide, &size.height, &size.width)) return size;
  return absl::InvalidArgumentError(
      Tr("--input-shape: must be HEIGHTxWIDTH, such as 28x28, not $0", Quoted(text)));
}

class Import : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("FILE", &input_, "a model that Keras saved: .keras or .h5");
    arguments.Text("--output", &output_, "the file to write, such as model.convoy");
    arguments.Flag("--force", &force_, "replace the file if it exists");
    arguments.Text("--input-shape", &input_shape_,
                   "HEIGHTxWIDTH of a network that takes an image as one row of numbers; a square "
                   "unless given");
    arguments.Text(
        "--input-scale", &input_scale_,
        "values that the network was trained on: auto, 0..1, 0..255, -1..1, standardised "
        "or inverted");
    arguments.Text("--data", &data_,
                   "labelled images, as for the trainer, on whose test part auto tries all scales");
  }

  std::string Details() const override {
    return Tr(
        "Takes a Sequential model, or a Functional one that is a chain, with its weights and, "
        "where\n"
        "the file has them, the optimizer's settings. What Convoy has not is refused by its "
        "name;\n"
        "what was made to fit, and what only further training would use, is noted. For a file "
        "of\n"
        "weights alone, --model names their network: a built-in one or a file.\n\n"
        "Convoy gives networks values from 0 to 1. Many were trained on others: --input-scale "
        "auto\n"
        "tries which fit, on images at hand, and builds the scale into the network.\n\n"
        "Examples:\n"
        "  convoy import mnist_cnn_model.keras --output model.convoy\n"
        "  convoy import mnist.weights.h5 --model lenet5 --output model.convoy\n"
        "  convoy import model.h5 --input-scale 0..255 --output model.convoy\n"
        "  trainer --initial-weights model.convoy    (trains it further)");
  }

  absl::Status Run(const Context& context) override {
    if (output_.empty()) {
      return absl::InvalidArgumentError(Tr("--output: is missing; name the file to write"));
    }
    CONVOY_RETURN_IF_ERROR(CheckNewFile(output_, force_));
    exports::KerasReadOptions options{.network = context.model, .image_size = {}};
    CONVOY_ASSIGN_OR_RETURN(options.image_size, ParseImageSize(input_shape_));
    exports::Notes notes;
    CONVOY_ASSIGN_OR_RETURN(const exports::KerasModel file,
                            exports::ReadKeras(input_, options, &notes));
    CONVOY_ASSIGN_OR_RETURN(const InputValues values, ChooseValues(file));
    CONVOY_ASSIGN_OR_RETURN(formats::ModelFile model, exports::WithInputScale(file, values.scale));
    model.image_form = values.form;
    CONVOY_ASSIGN_OR_RETURN(const nn::Network network, exports::NetworkOfModel(model));
    CONVOY_RETURN_IF_ERROR(formats::WriteModel(output_, model));
    for (const std::string& note : notes) {
      PrintNote(context, note);
    }
    if (context.json) {
      Print(context, AsJson(network, model, values, notes));
    } else {
      Print(context, AsText(network, model, values));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<InputValues> ChooseValues(const exports::KerasModel& file) const {
    if (input_scale_ != "auto") {
      absl::StatusOr<exports::InputScale> scale = exports::FindInputScale(input_scale_);
      if (!scale.ok()) return Annotate(scale.status(), "--input-scale");
      return InputValues{.scale = *scale, .because = Tr("as told")};
    }
    const data::DataChoice choice = data::FindDataDirectory(data_);
    if (choice.directory.empty())
      return Usual(file, Tr("no labelled images at hand to try others on"));
    CONVOY_ASSIGN_OR_RETURN(const nn::Network network, exports::NetworkOfModel(file.model));
    const nn::ModelSpec& spec = network.spec();
    const absl::StatusOr<data::DataSource> source =
        data::LoadData(data_, {.height = spec.height,
                               .width = spec.width,
                               .channels = spec.channels,
                               .threads = UsableCores()});
    if (!source.ok()) return Annotate(source.status(), choice.reason);
    return TryOn(file, network, *source);
  }

  absl::StatusOr<InputValues> TryOn(const exports::KerasModel& file, const nn::Network& network,
                                    const data::DataSource& source) const {
    const data::DatasetView all = source.test.View();
    const data::DatasetView images = all.Slice({0, std::min(all.count, kImagesToTry)});
    if (network.input_shape() != Shape{images.height, images.width, images.channels}) {
      return Usual(
          file, Tr("the images of $0 are of another size, so no others were tried", source.where));
    }
    CONVOY_ASSIGN_OR_RETURN(const exports::ScaleChoice choice,
                            exports::ChooseInputScale(file, images));
    std::vector<std::string> shares;
    for (const auto& [name, accuracy] : choice.accuracies) {
      shares.push_back(absl::StrFormat("%s %.1f%%", name, 100 * accuracy));
    }
    std::string tried = Tr("right of $0 test images of $1: $2", images.count, source.where,
                           absl::StrJoin(shares, ", "));
    if (!choice.knows_the_images) tried = Tr("$0; it was trained on other images", tried);
    return InputValues{choice.scale, tried, FormOf(images, choice.knows_the_images)};
  }

  // A network that knows images of digits was trained on such ones.
  static formats::ImageForm FormOf(const data::DatasetView& images, bool knows_them) {
    const bool digits =
        knows_them && images.channels == 1 &&
        images::AreCentredDigits(images.pixels, images.count, images.height, images.width);
    return digits ? formats::ImageForm::kCentredDigits : formats::ImageForm::kWholePictures;
  }

  static InputValues Usual(const exports::KerasModel& file, const std::string& because) {
    return {exports::UsualScale(file), because, formats::ImageForm::kUnknown};
  }

  std::string AsText(const nn::Network& network, const formats::ModelFile& model,
                     const InputValues& values) const {
    return absl::StrCat(
        nn::SummaryTable(network),
        Tr("\nInput values: $0 ($1)\n", values.scale.name, values.because),
        Tr("Wrote $0, weights SHA-256 $1\n", output_, formats::WeightsSha256(model.tensors)));
  }

  Json AsJson(const nn::Network& network, const formats::ModelFile& model,
              const InputValues& values, const exports::Notes& notes) const {
    return {{"output", output_},
            {"name", network.spec().name},
            {"layers", network.layers().size()},
            {"parameters", network.num_parameters()},
            {"weights_sha256", formats::WeightsSha256(model.tensors)},
            {"input_scale", values.scale.name},
            {"input_scale_reason", values.because},
            {"notes", notes}};
  }

  std::string input_;
  std::string output_;
  std::string input_shape_;
  std::string input_scale_ = "auto";
  bool force_ = false;
  std::string data_;
};

}  // namespace

std::unique_ptr<Command> NewImport() { return std::make_unique<Import>(); }

}  // namespace convoy::client
