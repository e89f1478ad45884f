// The trainer's flags. Those of the recipe are only set in the message where they were given, so
// that a recipe file, the run that is resumed and the defaults can fill in the rest, in this order.
#include "worker/main/flags.h"

#include <CLI/CLI.hpp>
#include <limits>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/version.h"
#include "common/kernels/simd/isa.h"
#include "common/nn/builtin_models.h"
#include "common/optim/optimizer.h"
#include "common/rpc/address.h"
#include "worker/train/builtin_recipes.h"
#include "worker/train/recipe.h"

namespace convoy::trainer {
namespace {

constexpr char kDescription[] =
    "Trains a convolutional network on all ranks: mpirun -np 4 trainer. Alone it is one rank;\n"
    "--local-ranks N makes N ranks of threads. Defaults are the Keras teaching notebook's.";

constexpr char kExitCodes[] =
    "Exit codes: 0 done; 1 failed; 2 wrong usage or input; 75 stopped on request (SIGTERM, or\n"
    "SIGUSR1 under mpirun) with a checkpoint, run again with --resume; 76 cancelled.";

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
  std::optional<std::string> isa;
  std::string recipe_file;
};

// Refuses what CLI11 would take for something else: "" for nothing given, -1 for a huge number.
template <typename T>
CLI::Validator WholeNumber(T least = std::numeric_limits<T>::lowest(),
                           T most = std::numeric_limits<T>::max()) {
  const auto check = [least, most](const std::string& text) -> std::string {
    T value = 0;
    if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return "";
    return absl::StrCat("must be a whole number from ", least, " to ", most, ", not '", text, "'");
  };
  return CLI::Validator(check, "");
}

CLI::Validator RealNumber() {
  const auto check = [](const std::string& text) -> std::string {
    double value = 0;
    return absl::SimpleAtod(text, &value) ? "" : absl::StrCat("must be a number, not '", text, "'");
  };
  return CLI::Validator(check, "");
}

void AddRecipeFlags(CLI::App& app, RawFlags& raw, Flags& flags) {
  const std::string group = "The recipe: shapes the trained weights";
  app.add_option("--model", raw.model,
                 absl::StrCat("network: ", absl::StrJoin(nn::BuiltinModelNames(), ", "),
                              ", or a .textproto file (notebook)"))
      ->group(group);
  app.add_option("--batch-size", raw.batch_size, "images of a step, all ranks together (128)")
      ->check(WholeNumber<int>())
      ->group(group);
  app.add_option("--micro-batch", raw.micro_batch, "images that a thread takes at a time (16)")
      ->check(WholeNumber<int>())
      ->group(group);
  app.add_option("--epochs", raw.epochs, "times through the images (5); may grow on resume")
      ->check(WholeNumber<int>())
      ->group(group);
  app.add_option("--seed", raw.seed, "seed of weights, order and dropout (42)")
      ->check(WholeNumber<uint64_t>())
      ->group(group);
  app.add_option("--validation-split", raw.validation_split,
                 "last part of the training images that is held out (0.2)")
      ->check(RealNumber())
      ->group(group);
  app.add_option("--train-limit", raw.train_limit,
                 "only the first N training images, before the split (0: all)")
      ->check(WholeNumber<int64_t>())
      ->group(group);
  app.add_option("--optimizer", raw.optimizer,
                 absl::StrCat(absl::StrJoin(optim::OptimizerNames(), ", "), " (adam)"))
      ->group(group);
  app.add_option("--learning-rate", raw.learning_rate, "step size (0.001)")
      ->check(RealNumber())
      ->group(group);
  app.add_option("--scale-learning-rate", raw.learning_rate_scaling,
                 "linear or sqrt: the learning rate is for batches of 128 and follows the batch "
                 "size (none)")
      ->group(group);
  app.add_option("--momentum", raw.momentum, "of sgd and rmsprop (0)")
      ->check(RealNumber())
      ->group(group);
  app.add_flag("--nesterov", raw.nesterov, "Nesterov's momentum for sgd")->group(group);
  app.add_option("--reduce", raw.reduce,
                 "exact: same bits at any number of ranks; mpi: MPI_Iallreduce (exact)")
      ->group(group);
  app.add_option("--initial-weights", flags.initial_weights,
                 "model file to go on from, such as convoy import writes; also gives network and "
                 "optimizer (drawn from the seed)")
      ->group(group);
  app.add_option("--isa", raw.isa, "avx512, avx2 or baseline (the best that the CPU has)")
      ->group(group);
}

void AddFreeFlags(CLI::App& app, RawFlags& raw, Flags& flags) {
  const std::string group = "The rest: never shapes the weights";
  app.add_option("--recipe", raw.recipe_file,
                 absl::StrCat("recipe: ", absl::StrJoin(train::BuiltinRecipeNames(), ", "),
                              ", or a .textproto file; flags override it"))
      ->group(group);
  app.add_option("--data", flags.data,
                 "directory of the four IDX files, or 'generated' (searched: $CONVOY_DATA, "
                 "./data/mnist, ~/.cache/convoy/mnist)")
      ->group(group);
  app.add_option("--threads", flags.threads, "of each rank (its share of the cores)")
      ->check(WholeNumber(1, 1024))
      ->group(group);
  app.add_option("--local-ranks", flags.local_ranks,
                 "single-node test mode: that many ranks as threads, without mpirun")
      ->check(WholeNumber(1, 1024))
      ->group(group);
  app.add_option("--run-dir", flags.run_dir, "where the results go (runs/<time>-<id>)")
      ->group(group);
  app.add_flag("--resume", flags.resume, "go on from the newest checkpoint of --run-dir")
      ->group(group);
  app.add_option("--checkpoint-every", flags.checkpoint_every,
                 "steps between checkpoints, besides one each epoch (0: none)")
      ->check(WholeNumber<int64_t>(0))
      ->group(group);
  app.add_option("--keep-checkpoints", flags.keep_checkpoints, "newest ones that are kept (3)")
      ->check(WholeNumber(1, 1000000))
      ->group(group);
  app.add_option("--coordinator", flags.coordinator,
                 "HOST:PORT of a coordinator to report to; training goes on without it")
      ->group(group);
  app.add_option("--tls-ca", flags.tls_ca, "PEM file of the coordinator's authority: TLS")
      ->group(group);
  app.add_option("--tls-cert", flags.tls_cert, "PEM file of this client's certificate: mutual TLS")
      ->group(group);
  app.add_option("--tls-key", flags.tls_key, "PEM file of its key")->group(group);
  app.add_option("--token-file", flags.token_file, "file of the coordinator's token")->group(group);
  app.add_option("--verbose", flags.verbose, "0 silent, 1 progress bar, 2 a line an epoch (1)")
      ->check(WholeNumber(0, 2))
      ->group(group);
  app.add_flag("--figures", flags.figures,
               "at the end, draw all figures and report.html into the run directory")
      ->group(group);
  app.add_flag("--explain-plan", flags.explain_plan,
               "print how each layer will be computed, then train")
      ->group(group);
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
  if (raw.isa) recipe.set_isa(*raw.isa);
  return recipe;
}

std::vector<std::string> KnownFlags(const CLI::App& app) {
  std::vector<std::string> known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) known.push_back("--" + name);
  }
  return known;
}

// Returns the words for arguments that no flag takes.
absl::Status UnknownArgument(const CLI::App& app) {
  const std::vector<std::string> extras = app.remaining();
  const std::string first =
      extras.empty() ? "" : extras.front().substr(0, extras.front().find('='));
  const std::string what = first.rfind('-', 0) == 0 ? "unknown flag" : "unexpected argument";
  return absl::InvalidArgumentError(absl::StrCat(what, " '", first, "'",
                                                 DidYouMean(first, KnownFlags(app)),
                                                 "; trainer --help lists all flags"));
}

absl::Status CheckCoordinator(const Flags& flags) {
  if (flags.coordinator.empty()) {
    const char* flag = !flags.tls_ca.empty()       ? "--tls-ca"
                       : !flags.tls_cert.empty()   ? "--tls-cert"
                       : !flags.token_file.empty() ? "--token-file"
                                                   : nullptr;
    if (flag == nullptr) return absl::OkStatus();
    return absl::InvalidArgumentError(absl::StrCat(flag, ": needs --coordinator HOST:PORT"));
  }
  if (flags.tls_cert.empty() != flags.tls_key.empty() ||
      (!flags.tls_cert.empty() && flags.tls_ca.empty())) {
    return absl::InvalidArgumentError("--tls-cert and --tls-key: go together, and with --tls-ca");
  }
  return Annotate(rpc::ParseAddress(flags.coordinator, /*least_port=*/1).status(), "--coordinator");
}

absl::StatusOr<v1::Recipe> ReadRecipe(const std::string& path) {
  absl::StatusOr<v1::Recipe> recipe = train::LoadRecipe(path);
  if (!recipe.ok()) return Annotate(recipe.status(), "--recipe");
  return recipe;
}

}  // namespace

const cli::FlagNames& FlagsOfFields() {
  static const auto* names = [] {
    auto* flags = new cli::FlagNames(cli::FlagsLikeFields(
        {"batch_size", "micro_batch", "epochs", "seed", "validation_split", "train_limit", "model",
         "reduce", "isa", "recipe", "data", "run_dir", "resume", "initial_weights", "tls_ca",
         "tls_cert", "tls_key", "token_file", "coordinator"}));
    flags->insert({{"model_name", "--model"},
                   {"initial_weights_sha256", "--initial-weights"},
                   {"learning_rate_scaling", "--scale-learning-rate"},
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
  CLI::App app(kDescription, "trainer");
  app.footer(kExitCodes);
  app.set_version_flag("--version",
                       absl::StrCat("convoy trainer ", Version(), " (", GitCommit(), ")"));
  AddRecipeFlags(app, raw, flags);
  AddFreeFlags(app, raw, flags);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    flags.print_and_exit = app.help();
    return flags;
  } catch (const CLI::CallForVersion& version) {
    flags.print_and_exit = std::string(version.what()) + "\n";
    return flags;
  } catch (const CLI::ExtrasError&) {
    return UnknownArgument(app);
  } catch (const CLI::ParseError& error) {
    return absl::InvalidArgumentError(error.what());
  }
  if (!raw.recipe_file.empty()) {
    CONVOY_ASSIGN_OR_RETURN(flags.asked, ReadRecipe(raw.recipe_file));
  }
  flags.asked.MergeFrom(ToRecipe(raw));
  CONVOY_RETURN_IF_ERROR(cli::NameFlags(train::ResolveModel(&flags.asked), FlagsOfFields()));
  if (flags.asked.has_isa()) {
    CONVOY_RETURN_IF_ERROR(Annotate(kernels::ParseIsa(flags.asked.isa()).status(), "--isa"));
  }
  if (flags.resume && flags.run_dir.empty()) {
    return absl::InvalidArgumentError("--resume: needs --run-dir, the run to go on with");
  }
  CONVOY_RETURN_IF_ERROR(CheckCoordinator(flags));
  return flags;
}

}  // namespace convoy::trainer
