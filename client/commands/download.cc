#include "client/commands/commands.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "client/cli/shared_options.h"
#include "client/commands/output.h"
#include "client/models/model_source.h"
#include "client/view/text.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

class Download : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    AddModelArgument(arguments, &model_);
    arguments.Text("--output", &output_, "where to write it (model.convoy)");
    arguments.Flag("--force", &force_, "replace the file if it exists");
  }

  std::string Details() const override {
    return Tr(
        "Fetches a model's file and checks its SHA-256. All commands on models take the file\n"
        "with --model.\n\n"
        "Examples:\n"
        "  convoy download first --output first.convoy\n"
        "  convoy download             the coordinator's newest model");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_RETURN_IF_ERROR(CheckNewFile(output_, force_));
    CONVOY_ASSIGN_OR_RETURN(const auto source, OpenModel(model_, context));
    CONVOY_ASSIGN_OR_RETURN(const std::string bytes, source->ReadBytes());
    CONVOY_RETURN_IF_ERROR(WriteFileAtomically(output_, bytes));
    if (context.json) {
      Print(context, nlohmann::ordered_json{{"model", source->Where()},
                                            {"output", output_},
                                            {"size_bytes", bytes.size()},
                                            {"sha256", Sha256Hex(bytes)}});
    } else {
      Print(context, Tr("$0: $1, SHA-256 $2\n", output_,
                        BytesText(static_cast<int64_t>(bytes.size())), Sha256Hex(bytes)));
    }
    return absl::OkStatus();
  }

 private:
  std::string model_;
  std::string output_ = "model.convoy";
  bool force_ = false;
};

}  // namespace

std::unique_ptr<Command> NewDownload() { return std::make_unique<Download>(); }

}  // namespace convoy::client
