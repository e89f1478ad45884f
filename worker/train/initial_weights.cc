#include "worker/train/initial_weights.h"

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/evaluate/model_network.h"
#include "common/nn/network.h"
#include "common/textproto/text_proto.h"

namespace convoy::train {
namespace {

constexpr char kField[] = "initial_weights";

// The optimizer of the file, with the settings that are asked for.
void MergeOptimizer(const v1::OptimizerRecipe& file, v1::Recipe* asked) {
  const v1::OptimizerRecipe wanted = asked->optimizer();
  if (file.name().empty() || (wanted.has_name() && wanted.name() != file.name())) return;
  *asked->mutable_optimizer() = file;
  asked->mutable_optimizer()->MergeFrom(wanted);
}

absl::Status Complete(const formats::ModelFile& model, v1::Recipe* asked) {
  if (!asked->has_model() && !asked->has_model_name()) {
    CONVOY_RETURN_IF_ERROR(
        ParseTextProto(model.model_textproto, "its network", asked->mutable_model()));
  }
  v1::Recipe recipe;
  CONVOY_RETURN_IF_ERROR(ParseTextProto(model.recipe_textproto, "its recipe", &recipe));
  MergeOptimizer(recipe.optimizer(), asked);
  const std::string digest = formats::WeightsSha256(model.tensors);
  if (asked->has_initial_weights_sha256() && asked->initial_weights_sha256() != digest) {
    return InvalidArgumentTextError(
        "the recipe begins with weights of SHA-256 $0, these have $1; name the file that it was "
        "made with",
        asked->initial_weights_sha256(), digest);
  }
  asked->set_initial_weights_sha256(digest);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<formats::ModelFile> ReadInitialWeights(const std::string& path, v1::Recipe* asked) {
  absl::StatusOr<formats::ModelFile> model = formats::ReadModel(path);
  if (!model.ok()) return Annotate(model.status(), kField);
  CONVOY_RETURN_IF_ERROR(Annotate(Complete(*model, asked), absl::StrCat(kField, ": ", path)));
  return model;
}

absl::StatusOr<std::vector<float>> WeightsFor(const nn::ModelSpec& spec,
                                              const formats::ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(spec));
  const absl::Status fits = evaluate::CheckFits(model.tensors, network);
  if (!fits.ok()) {
    return InvalidArgumentTextError("$0: $1; leave `model` out to train the file's own network",
                                    kField, fits.message());
  }
  std::vector<float> weights;
  for (const formats::NamedTensor& tensor : model.tensors) {
    weights.insert(weights.end(), tensor.data.begin(), tensor.data.end());
  }
  return weights;
}

}  // namespace convoy::train
