// Each check compares two parts of a job by their own words (shapes, counts, hashes), before
// anything is built on them; what a file says is bounded here, so that training need not look
// again.
#include "worker/train/job_checks.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "common/base/cpus.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/data/sampler.h"
#include "common/evaluate/evaluation.h"
#include "common/evaluate/model_network.h"
#include "common/formats/model_file.h"
#include "common/formats/sections.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/cost.h"
#include "common/nn/network.h"
#include "common/optim/optimizer.h"
#include "worker/step/range_optimizer.h"

namespace convoy::train {
namespace {

constexpr double kArrays = 3;  // the weights, those of the next step and the gradient, at least
constexpr double kGigabyte = 1e9;

// Says what to type for these kernels, on a machine that can run them.
std::string HowToHave(const formats::KernelFamily& family) {
  const absl::StatusOr<kernels::Isa> isa = kernels::ParseIsa(family.isa);
  if (isa.ok() && kernels::BlasCoreFor(*isa) == family.blas_core) {
    return absl::StrCat("set `isa` to ", family.isa);
  }
  return "that was another build of Convoy, so train anew with this one";
}

}  // namespace

absl::Status CheckNetworkFitsMemory(const Recipe& recipe) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(recipe.model));
  const double needed = kArrays * sizeof(float) * static_cast<double>(network.num_parameters());
  const auto memory = static_cast<double>(UsableMemoryBytes());
  if (needed <= memory) return absl::OkStatus();
  return InvalidArgumentTextError(
      "network '$0': its $1 parameters need $2 GB of memory or more, and this computer has $3; "
      "make its layers smaller",
      recipe.model.name, network.num_parameters(), std::ceil(needed / kGigabyte),
      std::floor(memory / kGigabyte));
}

absl::Status CheckPassesFitMemory(const Recipe& recipe, int threads, int ranks_on_host) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(recipe.model));
  const int images = std::max(recipe.micro_batch, evaluate::kChunkImages);
  // A thread keeps all outputs, a gradient of each, and the gradient of the parameters.
  const double thread =
      sizeof(float) * (2.0 * static_cast<double>(nn::OutputElems(network)) * images +
                       static_cast<double>(network.num_parameters()));
  const double rank = kArrays * sizeof(float) * static_cast<double>(network.num_parameters());
  const double needed = ranks_on_host * (rank + threads * thread);
  const auto memory = static_cast<double>(UsableMemoryBytes());
  if (needed <= memory) return absl::OkStatus();
  return InvalidArgumentTextError(
      "`micro_batch` and `threads`: $0 threads with $1 images at a time need $2 GB of memory or "
      "more on $3, and there are $4; take fewer of either",
      threads, recipe.micro_batch, std::ceil(needed / kGigabyte), HostName(),
      std::floor(memory / kGigabyte));
}

// Of the arrays, which begin with their layers' names.
absl::Status CheckNames(const nn::Network& network) {
  const std::vector<nn::Parameter> parameters = network.Parameters();
  std::vector<std::string_view> names;
  for (const nn::Parameter& parameter : parameters) names.emplace_back(parameter.name);
  return Annotate(formats::CheckNames(names, "layers"),
                  absl::StrCat("network '", network.spec().name, "'"));
}

// The weights, the optimizer's slots, and the best weights so far.
absl::Status CheckCheckpointsCanBeRead(const Recipe& recipe) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(recipe.model));
  CONVOY_RETURN_IF_ERROR(CheckNames(network));
  CONVOY_ASSIGN_OR_RETURN(const auto optimizer, optim::Optimizer::Create(recipe.optimizer));
  const size_t arrays = 1 + step::SlotNames(*optimizer, recipe.options.exchange).size() +
                        (recipe.options.early_stopping.has_value() ? 1 : 0);
  const uint64_t bytes = arrays * sizeof(float) * static_cast<uint64_t>(network.num_parameters());
  if (bytes <= formats::kMaxFileBytes) return absl::OkStatus();
  return InvalidArgumentTextError(
      "network '$0': a checkpoint of it would have $1 MB, and at most $2 can be read back; make "
      "its layers smaller, or take an optimizer with fewer arrays",
      recipe.model.name, bytes >> 20, formats::kMaxFileBytes >> 20);
}

absl::Status CheckNetworkFitsData(const Recipe& recipe, const data::DataSource& source) {
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(recipe.model));
  const data::Dataset& train = source.train;
  const Shape images = {train.height, train.width, train.channels};
  if (network.input_shape() != images) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "network '$0': its input is $1, but the images of $2 are $3; set `input` in "
                     "the model's file",
                     recipe.model.name, ShapeToString(network.input_shape()), source.where,
                     ShapeToString(images));
  }
  if (network.num_classes() < train.num_classes) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "network '$0': it tells $1 classes apart, but the labels of $2 have $3; set "
                     "`units` of its last layer",
                     recipe.model.name, network.num_classes(), source.where, train.num_classes);
  }
  return absl::OkStatus();
}

absl::Status CheckMonitorsHaveImages(const Recipe& recipe, int64_t validation_images) {
  const RecipeOptions& options = recipe.options;
  const auto watches = [](const auto& callback) {
    return callback && absl::StartsWith(callback->monitor, "val_");
  };
  if (validation_images > 0) return absl::OkStatus();
  if (!watches(options.reduce_on_plateau) && !watches(options.early_stopping)) {
    return absl::OkStatus();
  }
  return InvalidArgumentTextError(
      "validation_split: leaves no validation images, which the recipe's callbacks monitor; give a "
      "larger part, or monitor loss");
}

bool StoppedEarly(const Recipe& recipe, const formats::Checkpoint& checkpoint) {
  Callbacks callbacks(recipe.options.reduce_on_plateau, recipe.options.early_stopping,
                      recipe.optimizer.learning_rate);
  return callbacks.Load(checkpoint.callbacks).ok() && callbacks.stopped();
}

absl::Status CheckArraysFit(const formats::Checkpoint& checkpoint, const Recipe& recipe,
                            int64_t train_images) {
  const auto refuse = [](const std::string& what) {
    return TextError(absl::StatusCode::kDataLoss,
                     "the checkpoint contradicts itself: $0; remove it", what);
  };
  CONVOY_ASSIGN_OR_RETURN(const nn::Network network, nn::Network::Create(recipe.model));
  const absl::Status fits = evaluate::CheckFits(checkpoint.model.tensors, network);
  if (!fits.ok()) return refuse(std::string(fits.message()));
  CONVOY_ASSIGN_OR_RETURN(const auto optimizer, optim::Optimizer::Create(recipe.optimizer));
  std::vector<std::string> slots;
  for (const formats::OptimizerSlot& slot : checkpoint.optimizer.slots) slots.push_back(slot.name);
  if (slots != step::SlotNames(*optimizer, recipe.options.exchange)) {
    return refuse("its state is not that of its optimizer");
  }
  const int64_t steps = data::StepsPerEpoch(train_images, recipe.batch_size);
  const formats::Position& position = checkpoint.position;
  if (position.step_in_epoch > steps) return refuse("its step is beyond its epoch");
  // The history has as many epochs as are finished, so none of these can overflow.
  const int64_t done = position.epoch * steps + position.step_in_epoch;
  if (position.global_step != done || checkpoint.optimizer.step_count > done) {
    return refuse("its steps are not those of its epochs");
  }
  if (checkpoint.best && checkpoint.best->epoch >= position.epoch) {
    return refuse("its best epoch is not finished");
  }
  return absl::OkStatus();
}

absl::Status CheckCheckpointFits(const formats::Checkpoint& checkpoint,
                                 const std::string& data_sha256, const std::string& data_where) {
  const formats::KernelFamily family{.isa = std::string(IsaName(kernels::CurrentIsa())),
                                     .blas_core = kernels::BlasCore()};
  const formats::KernelFamily& was = checkpoint.model.kernel_family;
  if (!(was == family)) {
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "the run was computed with $0 kernels and OpenBLAS for $1, this would be with "
                     "$2 and $3, to other bits; $4, or go on where it was started",
                     was.isa, was.blas_core, family.isa, family.blas_core, HowToHave(was));
  }
  if (checkpoint.model.data_sha256 != data_sha256) {
    return TextError(
        absl::StatusCode::kFailedPrecondition,
        "data: these are not the images that the run was started with ($0); name those",
        data_where);
  }
  return absl::OkStatus();
}

i18n::Message NoteOnBlas(const formats::Checkpoint& checkpoint) {
  const std::string& was = checkpoint.run.blas_config;
  const std::string is = kernels::BlasConfig();
  if (was.empty() || was == is) return {};
  return i18n::MakeMessage(
      "the run was computed with '$0', this is '$1': its bits may differ from those of a run "
      "without a break",
      was, is);
}

}  // namespace convoy::train
