// The trainer's flags. Those of the recipe are only set in the message where they were given, so
// that a recipe file, the run that is resumed and the defaults can fill in the rest, in this order.
#include "worker/main/flags.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/cli/command_line.h"
#include "common/cli/user_config.h"
#include "common/figures/canvas.h"
#include "common/i18n/translate.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/builtin_models.h"
#include "common/optim/optimizer.h"
#include "common/recipes/builtin_recipes.h"
#include "common/rpc/address.h"
#include "worker/train/recipe.h"

namespace convoy::trainer {
namespace {

constexpr const char* kDescription = Marked(
    "Trains a convolutional network on all ranks: mpirun -np 4 trainer. Alone it is one rank;\n"
    "--local-ranks N makes N ranks of threads. Defaults are the Keras teaching notebook's.");

constexpr const char* kExitCodes = Marked(
    "Exit codes: 0 done; 1 failed; 2 wrong usage or input; 75 stopped on request (SIGTERM, or\n"
    "SIGUSR1 under mpirun) with a checkpoint, run again with --resume; 76 cancelled;\n"
    "77 a rank hung and was named, run again with --resume.");

constexpr int kMaxThreads = 1024;
constexpr int kMaxCheckpoints = 1'000'000;
constexpr int64_t kMaxSteps = std::numeric_limits<int64_t>::max();

// Values as the command line gives them; the recipe's are only set where a flag was.
struct RawFlags {
  std::optional<std::string> model;
  std::optional<int> batch_size;
  std::optional<int> micro_batch;
  std::optional<int> epochs;
  std::optional<uint64_t> seed;
  std::optional<double> validation_split;
  std::optional<int64_t> train_limit;
  std::optional<std::string> optimizer;
  std::optional<double> learning_rate;
  std::optional<std::string> learning_rate_scaling;
  std::optional<double> momentum;
  bool nesterov = false;
  std::optional<std::string> reduce;
  std::optional<std::string> exchange;
  std::optional<std::string> isa;
  std::optional<std::string> image_size;
  std::optional<std::string> image_fit;
  bool skip_bad = false;
  bool transpose = false;
  std::string recipe_file;
};

void AddRecipeFlags(cli::Arguments& arguments, RawFlags& raw, Flags& flags) {
  arguments.Group("The recipe: shapes the trained weights");
  arguments.Text("--model", &raw.model,
                 Tr("network: $0, or a .textproto file (notebook)",
                    absl::StrJoin(nn::BuiltinModelNames(), ", ")));
  arguments.WholeNumber("--batch-size", &raw.batch_size,
                        "images of a step, all ranks together (128)");
  arguments.WholeNumber("--micro-batch", &raw.micro_batch,
                        "images that a thread takes at a time (16)");
  arguments.WholeNumber("--epochs", &raw.epochs,
                        "times through the images (5); may grow on resume");
  arguments.WholeNumber("--seed", &raw.seed, "seed of weights, order and dropout (42)");
  arguments.Number("--validation-split", &raw.validation_split,
                   "last part of the training images that is held out (0.2)");
  arguments.WholeNumber("--train-limit", &raw.train_limit,
                        "only the first N training images, before the split (0: all)");
  arguments.Text("--optimizer", &raw.optimizer,
                 absl::StrCat(absl::StrJoin(optim::OptimizerNames(), ", "), " (adam)"));
  arguments.Number("--learning-rate", &raw.learning_rate, "step size (0.001)");
  arguments.Text("--scale-learning-rate", &raw.learning_rate_scaling,
                 "linear or sqrt: the learning rate is for batches of 128 and follows the "
                 "batch size (none)");
  arguments.Number("--momentum", &raw.momentum, "of sgd and rmsprop (0)");
  arguments.Flag("--nesterov", &raw.nesterov, "Nesterov's momentum for sgd");
  arguments.Text("--reduce", &raw.reduce,
                 "exact: same bits at any number of ranks; mpi: MPI_Iallreduce (exact)");
  arguments.Text("--exchange", &raw.exchange,
                 "float32, or bfloat16: numbers of 16 bits, half the bytes between hosts; rounded "
                 "on one, too (float32)");
  arguments.Text("--initial-weights", &flags.initial_weights,
                 "model file to go on from, such as convoy import writes; also gives network "
                 "and optimizer (drawn from the seed)");
  arguments.Text("--image-size", &raw.image_size,
                 "HEIGHTxWIDTH that pictures are brought to (their own, if all have the "
                 "same)");
  arguments.Text("--image-fit", &raw.image_fit,
                 "crop, pad or stretch: what is done to pictures of another shape (crop)");
  arguments.Flag("--skip-bad", &raw.skip_bad,
                 "leave out pictures that cannot be read, and count them");
  arguments.Flag("--transpose", &raw.transpose,
                 "swap rows and columns, as EMNIST's images need it");
  arguments.Text("--isa", &raw.isa, "avx512, avx2 or baseline (the best that the CPU has)");
}

void AddFreeFlags(cli::Arguments& arguments, RawFlags& raw, Flags& flags) {
  arguments.Group("The rest: never shapes the weights");
  arguments.Text("--recipe", &raw.recipe_file,
                 Tr("recipe: $0, or a .textproto file; flags override it",
                    absl::StrJoin(recipes::BuiltinRecipeNames(), ", ")));
  arguments.Text("--data", &flags.data,
                 "folder of IDX files, or of pictures in a folder a class, or an archive of "
                 "these, or 'generated' (searched: $CONVOY_DATA, ./data/mnist, "
                 "~/.cache/convoy/mnist)");
  arguments.WholeNumber("--threads", &flags.threads, 1, kMaxThreads,
                        "of each rank (its share of the cores)");
  arguments.WholeNumber("--local-ranks", &flags.local_ranks, 1, kMaxThreads,
                        "single-node test mode: that many ranks as threads, without mpirun");
  arguments.Text("--run-dir", &flags.run_dir, "where the results go (runs/<time>-<id>)");
  arguments.Text("--name", &flags.labels.name,
                 "what people call the run, beside its directory (convoy note changes it)");
  arguments.Texts("--tag", &flags.labels.tags,
                  "a word to find the run by (convoy jobs --tag); again for another");
  arguments.Text("--note", &flags.labels.note, "a sentence on the run, for people");
  arguments.Flag("--resume", &flags.resume, "go on from the newest checkpoint of --run-dir");
  arguments.WholeNumber("--checkpoint-every", &flags.checkpoint_every, 0, kMaxSteps,
                        "steps between checkpoints, besides one each epoch (0: none)");
  arguments.WholeNumber("--stop-after-epoch", &flags.stop_after_epoch, 0, kMaxSteps,
                        "stop there with a checkpoint, as on request; --resume goes on (0: never)");
  arguments.WholeNumber("--keep-checkpoints", &flags.keep_checkpoints, 1, kMaxCheckpoints,
                        "newest ones that are kept (3)");
  arguments.Text("--coordinator", &flags.coordinator,
                 "HOST:PORT of a coordinator to report to, or none; training goes on without "
                 "it ($CONVOY_COORDINATOR)");
  arguments.Text("--tls-ca", &flags.tls_ca, "PEM file of the coordinator's authority: TLS");
  arguments.Text("--tls-cert", &flags.tls_cert,
                 "PEM file of this client's certificate: mutual TLS");
  arguments.Text("--tls-key", &flags.tls_key, "PEM file of its key");
  arguments.Text("--token-file", &flags.token_file, "file of the coordinator's token");
  arguments.WholeNumber("--verbose", &flags.verbose, 0, 2,
                        "0 silent, 1 progress bar, 2 a line an epoch (1)");
  arguments.Flag("--figures", &flags.figures,
                 "at the end, draw all figures and report.html into the run directory");
  arguments.Flag("--dry-run", &flags.dry_run,
                 "show network, plan, memory and the time of an epoch, measured here; train and "
                 "write nothing");
  arguments.Text("--preview", &flags.preview,
                 "of --dry-run: FILE.png or FILE.svg for the first images as training sees them");
  arguments.Flag("--report-only", &flags.report_only,
                 "only tell the coordinator how the run in --run-dir has ended; train nothing");
  arguments.Flag("--explain-plan", &flags.explain_plan,
                 "print how each layer will be computed, then train");
}

v1::Recipe ToRecipe(const RawFlags& raw) {
  v1::Recipe recipe;
  if (raw.model) recipe.set_model_name(*raw.model);
  if (raw.batch_size) recipe.set_batch_size(*raw.batch_size);
  if (raw.micro_batch) recipe.set_micro_batch(*raw.micro_batch);
  if (raw.epochs) recipe.set_epochs(*raw.epochs);
  if (raw.seed) recipe.set_seed(*raw.seed);
  if (raw.validation_split) recipe.set_validation_split(*raw.validation_split);
  if (raw.train_limit) recipe.set_train_limit(*raw.train_limit);
  if (raw.optimizer) recipe.mutable_optimizer()->set_name(*raw.optimizer);
  if (raw.learning_rate) recipe.mutable_optimizer()->set_learning_rate(*raw.learning_rate);
  if (raw.learning_rate_scaling) recipe.set_learning_rate_scaling(*raw.learning_rate_scaling);
  if (raw.momentum) recipe.mutable_optimizer()->set_momentum(*raw.momentum);
  if (raw.nesterov) recipe.mutable_optimizer()->set_nesterov(true);
  if (raw.reduce) recipe.set_reduce(*raw.reduce);
  if (raw.exchange) recipe.set_exchange(*raw.exchange);
  if (raw.isa) recipe.set_isa(*raw.isa);
  if (raw.image_size) recipe.mutable_images()->set_image_size(*raw.image_size);
  if (raw.image_fit) recipe.mutable_images()->set_image_fit(*raw.image_fit);
  if (raw.skip_bad) recipe.mutable_images()->set_skip_bad(true);
  if (raw.transpose) recipe.mutable_images()->set_transpose(true);
  return recipe;
}

// What is not typed is as the environment and the file of all programs say.
absl::Status ApplyUserConfig(Flags& flags) {
  if (flags.coordinator == cli::kNoCoordinator) {
    flags.coordinator.clear();
    return absl::OkStatus();
  }
  CONVOY_ASSIGN_OR_RETURN(const cli::UserConfig config, cli::ReadUserConfig());
  if (flags.coordinator.empty()) flags.coordinator = config.coordinator;
  if (flags.coordinator.empty()) return absl::OkStatus();
  if (flags.tls_ca.empty()) flags.tls_ca = config.tls_ca;
  if (flags.tls_cert.empty()) flags.tls_cert = config.tls_cert;
  if (flags.tls_key.empty()) flags.tls_key = config.tls_key;
  if (flags.token_file.empty()) flags.token_file = config.token_file;
  return absl::OkStatus();
}

absl::Status CheckCoordinator(const Flags& flags) {
  if (flags.coordinator.empty()) {
    const char* flag = !flags.tls_ca.empty()       ? "--tls-ca"
                       : !flags.tls_cert.empty()   ? "--tls-cert"
                       : !flags.token_file.empty() ? "--token-file"
                                                   : nullptr;
    if (flag == nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(Tr("$0: needs --coordinator HOST:PORT", flag));
  }
  if (flags.tls_cert.empty() != flags.tls_key.empty() ||
      (!flags.tls_cert.empty() && flags.tls_ca.empty())) {
    return absl::InvalidArgumentError(
        Tr("--tls-cert and --tls-key: go together, and with --tls-ca"));
  }
  return Annotate(rpc::ParseAddress(flags.coordinator, /*least_port=*/1).status(), "--coordinator");
}

absl::Status CheckDryRun(const Flags& flags) {
  if (!flags.preview.empty()) {
    if (!flags.dry_run) return absl::InvalidArgumentError(Tr("--preview: needs --dry-run"));
    CONVOY_RETURN_IF_ERROR(Annotate(figures::FormatOfPath(flags.preview).status(), "--preview"));
  }
  if (flags.dry_run && flags.resume) {
    return absl::InvalidArgumentError(
        Tr("--dry-run: begins nothing that --resume could go on with"));
  }
  return absl::OkStatus();
}

// Whether the network is one of Convoy's own: the default, or one by name.
bool NamesBuiltinModel(const v1::Recipe& asked) {
  if (asked.has_model()) return false;
  const std::vector<std::string> names = nn::BuiltinModelNames();
  return !asked.has_model_name() ||
         std::find(names.begin(), names.end(), asked.model_name()) != names.end();
}

absl::StatusOr<v1::Recipe> ReadRecipe(const std::string& path) {
  absl::StatusOr<v1::Recipe> recipe = recipes::LoadRecipe(path);
  if (!recipe.ok()) return Annotate(recipe.status(), "--recipe");
  return recipe;
}

}  // namespace

const cli::FlagNames& FlagsOfFields() {
  static const auto* names = [] {
    auto* flags = new cli::FlagNames(cli::FlagsLikeFields(
        {"batch_size",  "micro_batch", "threads",         "epochs", "seed",     "validation_split",
         "train_limit", "model",       "reduce",          "isa",    "recipe",   "data",
         "run_dir",     "resume",      "initial_weights", "tls_ca", "tls_cert", "tls_key",
         "token_file",  "coordinator", "preview",         "note",   "exchange"}));
    flags->insert({{"model_name", "--model"},
                   {"initial_weights_sha256", "--initial-weights"},
                   {"learning_rate_scaling", "--scale-learning-rate"},
                   {"images.image_size", "--image-size"},
                   {"image_size", "--image-size"},
                   {"display_name", "--name"},
                   {"tags", "--tag"},
                   {"images.image_fit", "--image-fit"},
                   {"optimizer.name", "--optimizer"},
                   {"optimizer.learning_rate", "--learning-rate"},
                   {"optimizer.momentum", "--momentum"},
                   {"optimizer.nesterov", "--nesterov"}});
    return flags;
  }();
  return *names;
}

absl::StatusOr<Flags> ParseFlags(int argc, const char* const* argv) {
  Flags flags;
  RawFlags raw;
  cli::CommandLine line("trainer", Tr(kDescription), Tr(kExitCodes));
  AddRecipeFlags(line.arguments(), raw, flags);
  AddFreeFlags(line.arguments(), raw, flags);
  CONVOY_ASSIGN_OR_RETURN(const cli::CommandLine::Asked asked, line.Parse(argc, argv));
  if (!asked.text.empty()) {
    flags.print_and_exit = asked.text;
    return flags;
  }
  if (!raw.recipe_file.empty()) {
    CONVOY_ASSIGN_OR_RETURN(flags.asked, ReadRecipe(raw.recipe_file));
  }
  flags.asked.MergeFrom(ToRecipe(raw));
  flags.network_follows_data = flags.initial_weights.empty() && NamesBuiltinModel(flags.asked);
  CONVOY_RETURN_IF_ERROR(cli::NameFlags(train::ResolveModel(&flags.asked), FlagsOfFields()));
  if (flags.asked.has_isa()) {
    CONVOY_RETURN_IF_ERROR(Annotate(kernels::ParseIsa(flags.asked.isa()).status(), "--isa"));
  }
  if (flags.resume && flags.run_dir.empty()) {
    return TextError(absl::StatusCode::kInvalidArgument,
                     "--resume: needs --run-dir, the run to go on with");
  }
  if (flags.report_only && flags.run_dir.empty()) {
    return absl::InvalidArgumentError(Tr("--report-only: needs --run-dir, the run to tell of"));
  }
  CONVOY_RETURN_IF_ERROR(run::CheckLabels(flags.labels));
  CONVOY_RETURN_IF_ERROR(CheckDryRun(flags));
  CONVOY_RETURN_IF_ERROR(ApplyUserConfig(flags));
  CONVOY_RETURN_IF_ERROR(CheckCoordinator(flags));
  return flags;
}

}  // namespace convoy::trainer
