#include "worker/train/job_description.h"

#include <algorithm>
#include <utility>
#include <variant>

#include "common/base/printable.h"
#include "common/data/sampler.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "common/recipes/exchange.h"

namespace convoy::train {
namespace {

// The linear scaling rule (Goyal et al. 2017) or its square root.
i18n::Message ScaledLearningRate(const Job& job) {
  if (job.recipe.options.learning_rate_factor == 1) return {};
  return i18n::MakeMessage("note: learning rate $0 for batches of 128 is $1 for $2 ($3)",
                           job.recipe_proto.optimizer().learning_rate(),
                           job.recipe.optimizer.learning_rate, job.recipe.batch_size,
                           job.recipe_proto.learning_rate_scaling());
}

i18n::Message SmallMicroBatches(const Job& job, const nn::Network& network) {
  constexpr int kFewImages = 16;
  const auto& layers = network.layers();
  const bool normalizes = std::any_of(layers.begin(), layers.end(), [](const nn::Layer& layer) {
    return std::holds_alternative<nn::BatchNormalizationSpec>(layer.kind);
  });
  const int images = std::min(job.recipe.micro_batch, job.recipe.batch_size);
  if (!normalizes || images >= kFewImages) return {};
  return i18n::MakeMessage(
      "note: batch normalization takes its statistics from micro-batches; below $0 images they are "
      "rough, these have $1: a larger micro-batch would train better",
      kFewImages, images);
}

}  // namespace

run::JobFacts FactsOf(const Job& job, const nn::Network& network) {
  const Recipe& recipe = job.recipe;
  std::vector<std::string> class_names;
  for (const std::string& name : job.class_names) {
    class_names.push_back(Printable(name, kMaxQuoted));
  }
  return {.isa = std::string(IsaName(kernels::CurrentIsa())),
          .blas_core = kernels::BlasCore(),
          .data_kind = job.data_kind,
          .data_where = job.data_where,
          .data_sha256 = job.data_sha256,
          .class_names = std::move(class_names),
          .model_name = recipe.model.name,
          .model_summary = nn::SummaryTable(network),
          .parameters = network.num_parameters(),
          .train_images = job.train.count,
          .validation_images = job.validation.count,
          .test_images = job.test.count,
          .epochs = recipe.epochs,
          .steps_per_epoch = data::StepsPerEpoch(job.train.count, recipe.batch_size),
          .batch_size = recipe.batch_size,
          .micro_batch = recipe.micro_batch,
          .reduce = recipe.exact_reduce ? "exact" : "mpi",
          .exchange = std::string(recipes::ExchangeName(recipe.options.exchange)),
          .seed = recipe.seed};
}

std::vector<i18n::Message> NotesOn(const Job& job, const nn::Network& network) {
  std::vector<i18n::Message> notes = {ScaledLearningRate(job), SmallMicroBatches(job, network)};
  std::erase_if(notes, [](const i18n::Message& note) { return note.empty(); });
  return notes;
}

}  // namespace convoy::train
