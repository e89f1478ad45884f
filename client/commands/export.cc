// `convoy export`: checks what is asked for before anything is read or written, and with --verify
// reads back what was written and compares its answers with the model's.
#include "client/commands/commands.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "client/cli/shared_options.h"
#include "client/commands/output.h"
#include "client/models/model_source.h"
#include "client/models/sample_images.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/exports/export.h"
#include "common/exports/keras/keras_names.h"
#include "common/exports/keras/keras_weights.h"
#include "common/i18n/translate.h"
#include "common/log/log.h"
#include "common/terminal/activity.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

// Enough to notice any wrong order of weights; a second or two for most networks.
constexpr int64_t kImagesToVerify = 100;

std::string VerifiedLine(const exports::ExportCheck& check, const std::string& images) {
  return Tr(
      "Verified: read back and run over $0 images ($1); the largest difference of a probability is "
      "$2\n",
      check.images, images, absl::StrFormat("%.1e", check.largest_difference));
}

class Export : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    AddModelArgument(arguments, &model_);
    arguments.Text("--format", &format_,
                   "keras (an .h5 or .keras file), tfjs (a folder) or onnx (a file); by the "
                   "output's ending where not given");
    arguments.Text("--output", &output_, "the file or folder to write; one there is replaced");
    arguments.Flag("--verify", &verify_, "read it back and compare probabilities");
    arguments.Text("--data", &data_,
                   "with --verify: directory of the IDX files whose test images are used, or "
                   "'generated'");
  }

  std::string Details() const override {
    return Tr(
        "Writes the model so that other programs open it: Keras (load_model), TensorFlow.js\n"
        "(loadLayersModel) or ONNX Runtime. All take images [N, height, width, channels] with\n"
        "values from 0 to 1. --verify runs test images through what was written.\n\n"
        "Examples:\n"
        "  convoy export runs/first --format keras --output mnist_cnn_model.h5 --verify\n"
        "  convoy export runs/first --output mnist_cnn_model.keras\n"
        "  convoy export runs/first --format tfjs --output web_model\n"
        "  convoy export --model model.convoy --format onnx --output model.onnx");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const exports::ExportFormat format, CheckArguments());
    terminal::Activity activity(context.err, !context.json);
    CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, ReadModel(context));
    std::optional<SampleImages> images;
    if (verify_) {
      CONVOY_ASSIGN_OR_RETURN(const nn::Network network, exports::NetworkOfModel(model));
      CONVOY_ASSIGN_OR_RETURN(images, FindSampleImages(data_, network, kImagesToVerify));
    }
    activity.Show(Tr("Writing $0", output_));
    CONVOY_RETURN_IF_ERROR(exports::WriteExport(format, output_, model));
    std::optional<exports::ExportCheck> check;
    if (images) {
      activity.Show(Tr("Reading back $0", output_));
      CONVOY_ASSIGN_OR_RETURN(
          check, exports::VerifyExport(format, output_, model, images->dataset.View()));
    }
    activity.Clear();
    if (format != exports::ExportFormat::kOnnx) CONVOY_RETURN_IF_ERROR(NoteRenames(model));
    if (context.json) {
      Print(context, AsJson(format, check));
    } else {
      Print(context, AsText(check, images));
    }
    return absl::OkStatus();
  }

 private:
  absl::StatusOr<exports::ExportFormat> CheckArguments() const {
    if (output_.empty()) {
      return absl::InvalidArgumentError(
          Tr("--output: is missing; name the file or folder to write"));
    }
    CONVOY_ASSIGN_OR_RETURN(const exports::ExportFormat format, ChooseFormat());
    if (!data_.empty() && !verify_) {
      return absl::InvalidArgumentError(
          Tr("--data: is for --verify alone; add that or leave it out"));
    }
    return format;
  }

  // What is asked for must be what the output's ending says.
  absl::StatusOr<exports::ExportFormat> ChooseFormat() const {
    const std::optional<exports::ExportFormat> by_ending = exports::FormatOfPath(output_);
    if (format_.empty() && by_ending) return *by_ending;
    if (format_.empty()) {
      return absl::InvalidArgumentError(
          Tr("--format: is missing; give keras, tfjs or onnx, or an output that ends in .h5, "
             ".keras or .onnx"));
    }
    absl::StatusOr<exports::ExportFormat> format = exports::ParseExportFormat(format_);
    if (!format.ok()) return Annotate(format.status(), "--format");
    if (!by_ending || *by_ending == *format) return format;
    return absl::InvalidArgumentError(
        Tr("--output: $0 has the ending of another format than $1; change one of them", output_,
           format_));
  }

  absl::StatusOr<formats::ModelFile> ReadModel(const Context& context) const {
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(model_, context));
    CONVOY_ASSIGN_OR_RETURN(std::string bytes, source->ReadBytes());
    CONVOY_ASSIGN_OR_RETURN(const formats::ContainerReader container,
                            formats::ContainerReader::Parse(std::move(bytes), source->Where()));
    return formats::DecodeModel(container);
  }

  static absl::Status NoteRenames(const formats::ModelFile& model) {
    CONVOY_ASSIGN_OR_RETURN(const nn::ModelSpec spec,
                            nn::ParseModelSpec(model.model_textproto, "the model"));
    for (const auto& [ours, keras] : exports::KerasRenames(spec)) {
      log::Note(Tr("Keras takes no such name as $0; it is called $1 there", Quoted(ours), keras));
    }
    return absl::OkStatus();
  }

  std::string AsText(const std::optional<exports::ExportCheck>& check,
                     const std::optional<SampleImages>& images) const {
    std::string text = Tr("Wrote $0\n", output_);
    if (check) absl::StrAppend(&text, VerifiedLine(*check, images->where));
    return text;
  }

  Json AsJson(exports::ExportFormat format,
              const std::optional<exports::ExportCheck>& check) const {
    Json json = {
        {"format", exports::FormatName(format)}, {"output", output_}, {"verified", nullptr}};
    if (check) {
      json["verified"] = {{"images", check->images},
                          {"largest_difference", check->largest_difference},
                          {"other_answers", check->other_answers}};
    }
    return json;
  }

  std::string model_;
  std::string format_;
  std::string output_;
  std::string data_;
  bool verify_ = false;
};

}  // namespace

std::unique_ptr<Command> NewExport() { return std::make_unique<Export>(); }

}  // namespace convoy::client
