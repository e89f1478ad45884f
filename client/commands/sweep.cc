// `convoy sweep`: one training for each combination of values and seeds. Each is a trainer of its
// own with a run directory of its own below the sweep's, started with --resume: so the same command
// goes on where it was stopped, and what is finished is not done again. With --halving they train
// in rounds, each to the end of an epoch; who goes on is decided by what the runs' histories say,
// so the same command decides the same again.
#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <google/protobuf/text_format.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "client/cli/shared_options.h"
#include "client/commands/commands.h"
#include "client/commands/description.h"
#include "client/commands/output.h"
#include "client/jobs/local_job.h"
#include "client/process/child.h"
#include "client/process/trainer.h"
#include "client/sweep/halving.h"
#include "client/sweep/results.h"
#include "client/sweep/trainings.h"
#include "client/sweep/trials.h"
#include "client/view/text.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text.h"
#include "common/i18n/translate.h"
#include "common/nn/builtin_models.h"
#include "common/recipes/builtin_recipes.h"
#include "common/recipes/default_recipe.h"

namespace convoy::client {
namespace {

constexpr int kUsage = static_cast<int>(ExitCode::kUsage);
constexpr int kStopped = static_cast<int>(ExitCode::kStopped);
constexpr int kEnd = 0;  // in place of an epoch: train to the end
constexpr uint64_t kMaxLogBytes = 1 << 20;
constexpr char kRecipes[] = "recipes";
constexpr char kLogs[] = "logs";

absl::Status UnknownRecipe(const std::string& named) {
  const std::vector<std::string> recipes = recipes::BuiltinRecipeNames();
  const std::vector<std::string> networks = nn::BuiltinModelNames();
  std::vector<std::string> known = recipes;
  known.insert(known.end(), networks.begin(), networks.end());
  const std::string near = NearestName(named, known);
  const std::string recipe_list = absl::StrJoin(recipes, ", ");
  const std::string network_list = absl::StrJoin(networks, ", ");
  return absl::NotFoundError(
      near.empty()
          ? Tr("no recipe or network is called $0 (recipes: $1; networks: $2; or the path of a "
               ".textproto file)",
               Quoted(named), recipe_list, network_list)
          : Tr("no recipe or network is called $0; did you mean $1? (recipes: $2; networks: $3; or "
               "the path of a .textproto file)",
               Quoted(named), Quoted(near), recipe_list, network_list));
}

// A recipe, or a network with everything else as it is by default.
absl::StatusOr<v1::Recipe> ReadRecipe(const std::string& named, const Context& context) {
  const std::vector<std::string> names = recipes::BuiltinRecipeNames();
  if (std::find(names.begin(), names.end(), named) != names.end()) {
    return recipes::LoadRecipe(named);
  }
  if (!IsDescription(named, context)) return UnknownRecipe(named);
  CONVOY_ASSIGN_OR_RETURN(const Description description, ReadDescription(named));
  if (description.is_recipe) return description.recipe;
  v1::Recipe recipe;
  recipe.set_model_name(named);
  return recipe;
}

// What the trainer said, without its name.
std::string ErrorOf(const std::string& log) {
  const absl::StatusOr<std::string> text = ReadFile(log, kMaxLogBytes);
  for (const absl::string_view line : absl::StrSplit(text.value_or(""), '\n')) {
    absl::string_view error = line;
    if (absl::ConsumePrefix(&error, "trainer: error: ")) return Printable(std::string(error));
  }
  return Tr("ended without a word; $0 may tell more", log);
}

std::vector<std::string> InEnglish(std::vector<std::string> environment) {
  std::erase_if(environment, [](const std::string& variable) {
    return absl::StartsWith(variable, "LC_ALL=") || absl::StartsWith(variable, "LANGUAGE=");
  });
  environment.emplace_back("LC_ALL=C.UTF-8");
  return environment;
}

class Sweep : public Command {
 public:
  void AddArguments(Arguments& arguments) override {
    arguments.RequiredPositional("RECIPE", &recipe_,
                                 "a recipe or a network: FILE.textproto, or one of Convoy's own");
    arguments.Text("--seeds", &seeds_, "such as 1..5 or 1,2,7 (42)");
    arguments.Texts("--set", &settings_,
                    "FIELD=VALUE,VALUE,...: a training with each; again for another field");
    arguments.Text("--directory", &directory_, "where the runs go (sweeps/RECIPE)");
    arguments.WholeNumber("--jobs", &jobs_, 1, 1024,
                          "trainings side by side, which share the cores (as many as cores)");
    arguments.Flag("--halving", &halving_,
                   "end the worse half of the combinations early, again and again");
    arguments.Texts("--tag", &tags_, "of all its runs, as the trainer's --tag; again for another");
    arguments.Text("--data", &data_, "the images, as the trainer's --data");
  }

  std::string Details() const override {
    return Tr(
        "Trains once with each seed and each combination of values, and ends in a table: mean\n"
        "and deviation over the seeds, and the best run, judged by validation accuracy. The\n"
        "same command goes on with what was stopped; nothing is trained twice. Each run is a\n"
        "directory as any other: convoy compare, jobs, report work on it.\n\n"
        "--halving saves time where there are many combinations: all train for a few epochs, then\n"
        "only the better half by the mean over their seeds, and so on until one is left, which\n"
        "trains to the end. What starts slowly and would have won in the end is missed. Those "
        "that\n"
        "were ended keep their checkpoints; the same command without --halving trains them on.\n\n"
        "Examples:\n"
        "  convoy sweep notebook --seeds 1..5\n"
        "  convoy sweep lenet5 --seeds 1..3 --set learning_rate=0.001,0.002 --set epochs=3\n"
        "  convoy sweep lenet5 --set learning_rate=0.0005,0.001,0.002,0.004 --halving\n"
        "  convoy sweep my_recipe.textproto --set optimizer=adam,sgd --json");
  }

  absl::Status Run(const Context& context) override {
    CONVOY_ASSIGN_OR_RETURN(const std::vector<Trial> trials, Trials(context));
    CONVOY_RETURN_IF_ERROR(PlanRounds(trials));
    CONVOY_RETURN_IF_ERROR(Begin(trials));
    CONVOY_RETURN_IF_ERROR(Train(trials, context));
    if (context.json) {
      nlohmann::ordered_json json = {{"directory", directory_}};
      json.update(ResultsJson(results_, rounds_));
      Print(context, json);
    } else {
      Print(context, absl::StrCat("\n", ResultsText(results_, TableColumns(context))));
    }
    return Verdict();
  }

 private:
  absl::StatusOr<std::vector<Trial>> Trials(const Context& context) {
    absl::StatusOr<v1::Recipe> recipe = ReadRecipe(recipe_, context);
    if (!recipe.ok()) return Annotate(recipe.status(), "RECIPE");
    absl::StatusOr<std::vector<uint64_t>> seeds = ReadSeeds(seeds_);
    if (!seeds.ok()) return Annotate(seeds.status(), "--seeds");
    std::vector<Choice> choices;
    for (const std::string& setting : settings_) {
      absl::StatusOr<Choice> choice = ReadChoice(setting);
      if (!choice.ok()) return Annotate(choice.status(), "--set");
      if (choice->field == "seed") {
        return absl::InvalidArgumentError(Tr("--set seed: give seeds with --seeds"));
      }
      choices.push_back(*std::move(choice));
    }
    absl::StatusOr<std::vector<Trial>> trials = MakeTrials(*recipe, choices, *seeds);
    if (!trials.ok()) return Annotate(trials.status(), "--set");
    return trials;
  }

  // Finds after which epochs the combinations are halved.
  absl::Status PlanRounds(const std::vector<Trial>& trials) {
    if (!halving_) return absl::OkStatus();
    std::set<int> epochs;
    std::set<std::vector<std::pair<std::string, std::string>>> combinations;
    for (const Trial& trial : trials) {
      v1::Recipe recipe = recipes::DefaultRecipe();
      recipe.MergeFrom(trial.recipe);
      epochs.insert(recipe.epochs());
      combinations.insert(trial.settings);
    }
    if (epochs.size() > 1) {
      return absl::InvalidArgumentError(
          Tr("--halving: all combinations must have the same number of epochs to be compared"));
    }
    halved_after_ = HalvingEpochs(static_cast<int>(combinations.size()), *epochs.begin());
    if (!halved_after_.empty()) return absl::OkStatus();
    return absl::InvalidArgumentError(
        combinations.size() < 2
            ? Tr("--halving: there is only one combination; give several values with --set")
            : Tr("--halving: needs trainings of at least two epochs"));
  }

  // Writes the recipes; a directory that holds runs of another sweep is refused.
  absl::Status Begin(const std::vector<Trial>& trials) {
    if (directory_.empty()) {
      directory_ = absl::StrCat("sweeps/", std::filesystem::path(recipe_).stem().string());
    }
    for (const char* folder : {kRecipes, kLogs}) {
      CONVOY_RETURN_IF_ERROR(CreateDirectories(absl::StrCat(directory_, "/", folder)));
    }
    for (const Trial& trial : trials) {
      const std::string path = RecipePath(trial);
      std::string text;
      google::protobuf::TextFormat::PrintToString(trial.recipe, &text);
      const absl::StatusOr<std::string> before = ReadFile(path, kMaxLogBytes);
      if (before.ok() && *before != text && PathExists(RunPath(trial))) {
        return absl::FailedPreconditionError(
            Tr("$0: is of another sweep, with another recipe; give a --directory of its own to "
               "this one",
               path));
      }
      CONVOY_RETURN_IF_ERROR(WriteFileAtomically(path, text));
    }
    return absl::OkStatus();
  }

  absl::Status Train(const std::vector<Trial>& trials, const Context& context) {
    for (const Trial& trial : trials) {
      results_.push_back({.trial = trial, .directory = RunPath(trial), .job = {}, .error = ""});
      ReadResult(results_.back());
    }
    for (const int epoch : halved_after_) {
      CONVOY_RETURN_IF_ERROR(TrainTo(epoch, context));
      rounds_.push_back(HalveCombinations(epoch, &results_));
      TellRound(rounds_.back(), context);
    }
    return TrainTo(kEnd, context);
  }

  // Whether the training has come so far, to the end of an epoch or of all.
  static bool HasReached(int epoch, const TrialResult& result) {
    if (result.job.state() == v1::Job::SUCCEEDED) return true;
    return epoch != kEnd && result.job.completed_epochs() >= epoch;
  }

  // Trains all that are not ended and have not come so far.
  absl::Status TrainTo(int epoch, const Context& context) {
    std::vector<size_t> waiting;
    for (size_t i = 0; i < results_.size(); ++i) {
      const TrialResult& result = results_[i];
      const bool left_out = result.ending || !result.error.empty();
      if (!left_out && !HasReached(epoch, result)) waiting.push_back(i);
    }
    const int cores = UsableCores();
    const int at_once = std::clamp(jobs_ > 0 ? static_cast<int>(jobs_) : cores, 1,
                                   std::max(1, static_cast<int>(waiting.size())));
    const int threads = std::max(1, cores / at_once);
    TellPlan(epoch, waiting.size(), at_once, threads, context);
    std::vector<Training> trainings;
    for (const size_t number : waiting) {
      trainings.push_back(TrainingOf(results_[number].trial, epoch, threads, context));
    }
    const absl::Status ran = RunTrainings(trainings, at_once, [&](size_t i, int code) {
      return Ended(&results_[waiting[i]], epoch, code, context);
    });
    if (!absl::IsAborted(ran)) return ran;
    return absl::AbortedError(
        Tr("stopped, with a checkpoint of each training; the same command goes on"));
  }

  void TellPlan(int epoch, size_t waiting, int at_once, int threads, const Context& context) const {
    const auto all = static_cast<int64_t>(results_.size());
    const std::string trainings = TrPlural("$0 training", "$0 trainings", all, all);
    const std::string each = TrPlural("$0 thread", "$0 threads", threads, threads);
    if (halved_after_.empty()) {
      PrintNote(context, Tr("$0 into $1, $2 of them finished before; $3 at a time with $4 each",
                            trainings, directory_, results_.size() - waiting, at_once, each));
    } else {
      PrintNote(context, epoch == kEnd
                             ? Tr("$0 of $1 to train to the end; $2 at a time with $3 each",
                                  waiting, trainings, at_once, each)
                             : Tr("$0 of $1 to train up to epoch $2; $3 at a time with $4 each",
                                  waiting, trainings, epoch, at_once, each));
    }
  }

  static void TellRound(const Round& round, const Context& context) {
    if (round.kept == round.combinations) return;
    PrintNote(context, Tr("after epoch $0 the better $1 of $2 combinations go on, from $3 $4 up",
                          round.epoch, round.kept, round.combinations, round.metric,
                          PercentText(round.least_kept)));
  }

  Training TrainingOf(const Trial& trial, int epoch, int threads, const Context& context) const {
    Training training{
        .command = {TrainerProgram(), "--recipe", RecipePath(trial), "--run-dir", RunPath(trial),
                    "--resume", "--threads", absl::StrCat(threads), "--verbose", "0"},
        .environment = OwnEnvironment(),
        .log = LogPath(trial)};
    // What a training says of its failure is a value of the JSON.
    if (context.json) training.environment = InEnglish(std::move(training.environment));
    if (epoch != kEnd) {
      training.command.insert(training.command.end(), {"--stop-after-epoch", absl::StrCat(epoch)});
    }
    for (const std::string& tag : tags_) {
      training.command.insert(training.command.end(), {"--tag", tag});
    }
    if (!data_.empty()) training.command.insert(training.command.end(), {"--data", data_});
    if (context.coordinator_named) AddConnectionFlags(context.connection, &training.command);
    return training;
  }

  // Reads what the run directory tells.
  static void ReadResult(TrialResult& result) {
    const std::unique_ptr<JobSource> source = NewLocalJob(result.directory);
    absl::StatusOr<v1::Job> job = source->Get();
    absl::StatusOr<std::vector<v1::MetricSample>> epochs = source->Epochs();
    if (!job.ok() || !epochs.ok()) return;
    result.job = *std::move(job);
    result.epochs = *std::move(epochs);
  }

  // Wrong input is wrong for all that would follow; other failures are one training's own.
  absl::Status Ended(TrialResult* result, int epoch, int code, const Context& context) const {
    ReadResult(*result);
    const bool reached = HasReached(epoch, *result);
    if (code == kStopped && !reached) return absl::AbortedError(Tr("stopped"));
    if (code != 0 && code != kStopped) result->error = ErrorOf(LogPath(result->trial));
    if (code == kUsage) {
      return absl::InvalidArgumentError(absl::StrCat(result->trial.name, ": ", result->error));
    }
    if (!context.json) Print(context, EndedLine(*result, epoch, reached));
    std::fflush(context.out);
    return absl::OkStatus();
  }

  std::string EndedLine(const TrialResult& result, int epoch, bool reached) const {
    const auto ended =
        std::count_if(results_.begin(), results_.end(), [epoch](const TrialResult& one) {
          return one.ending || !one.error.empty() || HasReached(epoch, one);
        });
    std::string line = Tr("[$0/$1] $2: ", ended, results_.size(), result.trial.name);
    if (!reached) absl::StrAppend(&line, Tr("failed: $0", result.error));
    for (const v1::Metric& metric : result.job.metrics()) {
      if (!reached || !absl::EndsWith(metric.name(), "accuracy")) continue;
      absl::StrAppend(&line, metric.name(), " ", PercentText(metric.value()), "  ");
    }
    return absl::StrCat(absl::StripTrailingAsciiWhitespace(line), "\n");
  }

  absl::Status Verdict() const {
    const auto failed = std::count_if(results_.begin(), results_.end(), [](const TrialResult& one) {
      return one.job.state() != v1::Job::SUCCEEDED && !one.ending;
    });
    if (failed == 0) return absl::OkStatus();
    return absl::AbortedError(Tr("$0 of $1 trainings failed; the same command tries them again",
                                 failed, results_.size()));
  }

  std::string RecipePath(const Trial& trial) const {
    return absl::StrCat(directory_, "/", kRecipes, "/", trial.name, ".textproto");
  }
  std::string LogPath(const Trial& trial) const {
    return absl::StrCat(directory_, "/", kLogs, "/", trial.name, ".txt");
  }
  std::string RunPath(const Trial& trial) const {
    return absl::StrCat(directory_, "/", trial.name);
  }

  std::string recipe_;
  std::string seeds_ = "42";
  std::vector<std::string> settings_;
  std::string directory_;
  std::string data_;
  int64_t jobs_ = 0;
  bool halving_ = false;
  std::vector<std::string> tags_;
  std::vector<int> halved_after_;  // epochs; empty without --halving
  std::vector<TrialResult> results_;
  std::vector<Round> rounds_;
};

}  // namespace

std::unique_ptr<Command> NewSweep() { return std::make_unique<Sweep>(); }

}  // namespace convoy::client
