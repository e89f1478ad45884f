#include "client/commands/commands.h"

#include <nlohmann/json.hpp>
#include <string>

#include "absl/strings/str_cat.h"
#include "client/commands/output.h"
#include "common/base/status.h"
#include "common/exports/keras/keras_h5.h"
#include "common/exports/keras/keras_weights.h"
#include "common/formats/model_file.h"

namespace convoy::client {
namespace {

using Json = nlohmann::ordered_json;

class Import : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("FILE", &input_,
                                 "a model that Keras saved whole: model.save(\"model.h5\")");
    arguments.Text("--output", &output_, "the file to write, such as model.convoy");
  }

  std::string Details() const override {
    return "Takes a Sequential model with its weights and, where the file has them, the "
           "optimizer's\n"
           "settings. What Convoy has not is refused by its name; what only further training "
           "would\n"
           "use and cannot be taken is noted.\n\n"
           "Examples:\n"
           "  convoy import mnist_cnn_model.h5 --output model.convoy\n"
           "  trainer --initial-weights model.convoy    (trains it further)";
  }

  absl::Status Run(const Context& context) override {
    if (output_.empty()) {
      return absl::InvalidArgumentError("--output: is missing; name the file to write");
    }
    exports::Notes notes;
    CONVOY_ASSIGN_OR_RETURN(const formats::ModelFile model, exports::ReadKerasH5(input_, &notes));
    CONVOY_ASSIGN_OR_RETURN(const nn::Network network, exports::NetworkOfModel(model));
    CONVOY_RETURN_IF_ERROR(formats::WriteModel(output_, model));
    for (const std::string& note : notes) {
      std::fprintf(context.err, "convoy: note: %s\n", note.c_str());
    }
    if (context.json) {
      Print(context, AsJson(network, model, notes));
    } else {
      Print(context, AsText(network, model));
    }
    return absl::OkStatus();
  }

 private:
  std::string AsText(const nn::Network& network, const formats::ModelFile& model) const {
    return absl::StrCat(nn::SummaryTable(network), "\nWrote ", output_, ", weights SHA-256 ",
                        formats::WeightsSha256(model.tensors), "\n");
  }

  Json AsJson(const nn::Network& network, const formats::ModelFile& model,
              const exports::Notes& notes) const {
    return {{"output", output_},
            {"name", network.spec().name},
            {"layers", network.layers().size()},
            {"parameters", network.num_parameters()},
            {"weights_sha256", formats::WeightsSha256(model.tensors)},
            {"notes", notes}};
  }

  std::string input_;
  std::string output_;
};

}  // namespace

std::unique_ptr<Command> NewImport() { return std::make_unique<Import>(); }

}  // namespace convoy::client
