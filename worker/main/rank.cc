#include "worker/main/rank.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/version.h"
#include "common/figures/report/report.h"
#include "common/figures/texts.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "worker/main/coordinator_link.h"
#include "worker/report/console.h"
#include "worker/report/event_recorder.h"
#include "worker/report/run_directory.h"
#include "worker/report/run_recorder.h"
#include "worker/train/job.h"
#include "worker/train/trainer.h"

namespace convoy::trainer {
namespace {

// Only rank 0 has any of this.
struct Reporting {
  std::unique_ptr<report::RunDirectory> directory;
  std::unique_ptr<formats::CheckpointStore> store;
  std::unique_ptr<report::RunRecorder> recorder;
  std::unique_ptr<report::EventRecorder> events;
  std::unique_ptr<report::Console> console;
  std::unique_ptr<report::CoordinatorClient> coordinator;  // null without --coordinator
};

// What must be the same on all ranks, a line each: a name, a tab, a value.
std::string Fingerprint(const Flags& flags) {
  const v1::Recipe& recipe = flags.asked;
  return absl::StrCat("build of the program\t", BuildId(), "\ninstruction set\t",
                      std::string(IsaName(kernels::CurrentIsa())), "\nOpenBLAS core\t",
                      kernels::BlasCore(), "\nOpenBLAS\t", kernels::BlasConfig(),
                      "\nwish for --help or --version\t", flags.print_and_exit.has_value(),
                      "\nset of recipe flags\t", recipe.ShortDebugString(), "\n--run-dir\t",
                      flags.run_dir, "\n--initial-weights\t", flags.initial_weights, "\n--resume\t",
                      flags.resume, "\n--checkpoint-every\t", flags.checkpoint_every,
                      "\n--figures\t", flags.figures);
}

// Compares this rank's fingerprint with rank 0's.
absl::Status CompareWithRankZero(const std::string& mine, const std::string& rank_zero) {
  const std::vector<std::string> my_lines = absl::StrSplit(mine, '\n');
  const std::vector<std::string> its_lines = absl::StrSplit(rank_zero, '\n');
  for (size_t i = 0; i < my_lines.size(); ++i) {
    if (i < its_lines.size() && my_lines[i] == its_lines[i]) continue;
    const std::pair<std::string, std::string> me =
        absl::StrSplit(my_lines[i], absl::MaxSplits('\t', 1));
    const std::pair<std::string, std::string> it =
        absl::StrSplit(i < its_lines.size() ? its_lines[i] : "", absl::MaxSplits('\t', 1));
    return absl::FailedPreconditionError(absl::StrCat("on ", HostName(), " has another ", me.first,
                                                      " than rank 0: '", me.second, "', not '",
                                                      it.second, "'; all ranks must be the same"));
  }
  return absl::OkStatus();
}

absl::Status AgreeOnFingerprint(comm::Communicator& communicator, const Flags& flags) {
  const std::string mine = Fingerprint(flags);
  CONVOY_ASSIGN_OR_RETURN(const std::string rank_zero,
                          comm::BroadcastString(communicator, mine, 0));
  return comm::Agree(communicator, CompareWithRankZero(mine, rank_zero));
}

// The cores of this host divided by the ranks on it, but no more than this process may use.
int DefaultThreads(const comm::Communicator& communicator) {
  const auto host_cores = static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN));
  const int share = host_cores / std::max(communicator.local_size(), 1);
  return std::max(1, std::min(share, UsableCores()));
}

std::vector<double> EpochSecondsSoFar(const train::Job& job) {
  return job.checkpoint ? job.checkpoint->run.epoch_train_seconds : std::vector<double>();
}

metrics::History HistorySoFar(const train::Job& job) {
  metrics::History history;
  if (!job.checkpoint) return history;
  for (const auto& epoch : job.checkpoint->history) {
    metrics::EpochMetrics& metrics = history.emplace_back();
    for (const formats::NamedValue& metric : epoch) metrics.emplace_back(metric.name, metric.value);
  }
  return history;
}

// Runs `make` on rank 0 only; an error there is the error of all.
template <typename Make>
auto OnRankZero(comm::Communicator& communicator, Make make) -> decltype(make()) {
  decltype(make()) made = typename decltype(make())::value_type();
  if (communicator.rank() == 0) made = make();
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, made.status()));
  return made;
}

// Takes an existing run directory, so that no two trainers go on from one checkpoint, or refuses it
// before anything large is read. Null if there is none yet: wrong input shall not leave one behind.
absl::StatusOr<std::unique_ptr<report::RunDirectory>> ClaimRunDirectory(const Flags& flags) {
  if (flags.run_dir.empty() || !PathExists(flags.run_dir)) {
    return std::unique_ptr<report::RunDirectory>();
  }
  return report::RunDirectory::Open(flags.run_dir, flags.resume);
}

absl::StatusOr<Reporting> OpenReporting(const Flags& flags, const train::Job& job,
                                        const CoordinatorChannel& channel,
                                        std::unique_ptr<report::RunDirectory> claimed) {
  Reporting reporting{.directory = std::move(claimed),
                      .store = {},
                      .recorder = {},
                      .events = {},
                      .console = {},
                      .coordinator = {}};
  if (reporting.directory == nullptr) {
    const std::string path =
        flags.run_dir.empty() ? report::RunDirectory::DefaultPath() : flags.run_dir;
    CONVOY_ASSIGN_OR_RETURN(reporting.directory, report::RunDirectory::Open(path, flags.resume));
  }
  CONVOY_ASSIGN_OR_RETURN(
      formats::CheckpointStore store,
      formats::CheckpointStore::Open(reporting.directory->checkpoints(), flags.keep_checkpoints));
  reporting.store = std::make_unique<formats::CheckpointStore>(std::move(store));
  reporting.recorder = std::make_unique<report::RunRecorder>(
      *reporting.directory, train::RecipeToText(job.recipe_proto), HistorySoFar(job),
      EpochSecondsSoFar(job));
  reporting.events = std::make_unique<report::EventRecorder>(
      *reporting.directory, HistorySoFar(job), job.recipe.optimizer.learning_rate);
  reporting.console =
      std::make_unique<report::Console>(stdout, flags.verbose, reporting.directory->path());
  CONVOY_ASSIGN_OR_RETURN(
      reporting.coordinator,
      StartCoordinatorClient(channel, job, HistorySoFar(job), *reporting.directory));
  for (const std::string& skipped : job.skipped_checkpoints) {
    std::fprintf(stderr, "trainer: note: %s\n", skipped.c_str());
    reporting.directory->Log("note: " + skipped);
  }
  return reporting;
}

// Rank 0: writes the model and tells everybody the result.
absl::Status Conclude(const train::Trainer& trainer, Reporting& reporting) {
  const formats::ModelFile model = trainer.Model();
  CONVOY_RETURN_IF_ERROR(
      formats::WriteModel(reporting.directory->FilePath(run::kModelFile), model));
  report::FinalReport report = trainer.final_report();
  report.weights_sha256 = formats::WeightsSha256(model.tensors);
  reporting.recorder->OnFinished(report);
  CONVOY_RETURN_IF_ERROR(reporting.directory->Flush());
  reporting.console->OnFinished(report);
  if (reporting.coordinator) reporting.coordinator->OnFinished(report);
  return absl::OkStatus();
}

absl::StatusOr<train::Outcome> Train(comm::Communicator& communicator, const Flags& flags,
                                     const train::Job& job, Reporting& reporting) {
  train::TrainerOptions options{
      .threads = flags.threads > 0 ? flags.threads : DefaultThreads(communicator),
      .checkpoint_every = flags.checkpoint_every};
  const bool root = communicator.rank() == 0;
  if (root) {
    options.run_id = std::filesystem::path(reporting.directory->path()).filename().string();
    options.store = reporting.store.get();
    options.observers = {reporting.recorder.get(), reporting.events.get(), reporting.console.get()};
    if (reporting.coordinator) options.observers.push_back(reporting.coordinator.get());
  }
  CONVOY_ASSIGN_OR_RETURN(auto trainer,
                          train::Trainer::Create(communicator, job, std::move(options)));
  if (root && flags.explain_plan) std::fputs(trainer->ExplainPlan().c_str(), stdout);
  CONVOY_ASSIGN_OR_RETURN(const train::Outcome outcome, trainer->Run());
  absl::Status concluded;
  if (root && outcome == train::Outcome::kFinished) concluded = Conclude(*trainer, reporting);
  if (root && outcome != train::Outcome::kFinished) concluded = reporting.directory->Flush();
  if (root && concluded.ok()) {
    FinishReporting(reporting.coordinator.get(), *reporting.directory);
  }
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, concluded));
  return outcome;
}

// Returns the error, with that of noting it where there is one.
absl::Status RecordFailure(const absl::Status& error, const Flags& flags, Reporting& reporting) {
  reporting.recorder->OnFailed(std::string(error.message()));
  if (reporting.coordinator) reporting.coordinator->OnFailed(std::string(error.message()));
  FinishReporting(reporting.coordinator.get(), *reporting.directory);
  const absl::Status noted = reporting.directory->Flush();
  if (noted.ok()) return error;
  return absl::Status(error.code(), absl::StrCat(error.message(), "; and ", noted.message()));
}

ExitCode ExitCodeOf(train::Outcome outcome) {
  switch (outcome) {
    case train::Outcome::kStopped:
      return ExitCode::kStopped;
    case train::Outcome::kCancelled:
      return ExitCode::kCancelled;
    default:
      return ExitCode::kOk;
  }
}

// Rank 0: draws the figures and the report of the run, whose own files are complete.
absl::Status WriteFigures(const Flags& flags, const train::Job& job, Reporting& reporting) {
  const std::string& directory = reporting.directory->path();
  CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(""));
  const absl::Status written = gallery::WriteReport(
      directory, job.train, job.test,
      {.language = language, .threads = flags.threads > 0 ? flags.threads : UsableCores()});
  if (!written.ok()) {
    return Annotate(written, "--figures: the training is complete, its report is not");
  }
  CONVOY_RETURN_IF_ERROR(reporting.events->AddFigures(reporting.directory->FilePath("figures")));
  CONVOY_RETURN_IF_ERROR(reporting.directory->Flush());
  if (flags.verbose > 0) std::printf("The report is %s/report.html\n", directory.c_str());
  return absl::OkStatus();
}

absl::StatusOr<ExitCode> RunJob(comm::Communicator& communicator,
                                const absl::StatusOr<Flags>& parsed) {
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, parsed.status()));
  const Flags& flags = *parsed;
  CONVOY_RETURN_IF_ERROR(AgreeOnFingerprint(communicator, flags));
  const bool root = communicator.rank() == 0;
  if (flags.print_and_exit) {
    if (root) std::fputs(flags.print_and_exit->c_str(), stdout);
    return ExitCode::kOk;
  }
  CONVOY_ASSIGN_OR_RETURN(const CoordinatorChannel channel,
                          OnRankZero(communicator, [&] { return OpenCoordinatorChannel(flags); }));
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<report::RunDirectory> claimed,
                          OnRankZero(communicator, [&] { return ClaimRunDirectory(flags); }));
  CONVOY_ASSIGN_OR_RETURN(const train::Job job,
                          train::PrepareJob(communicator, {.asked = flags.asked,
                                                           .data = flags.data,
                                                           .run_dir = flags.run_dir,
                                                           .initial_weights = flags.initial_weights,
                                                           .resume = flags.resume}));
  if (job.finished_before) {
    if (root && flags.verbose > 0) {
      std::printf("%s: this run is finished; its results are there%s\n", flags.run_dir.c_str(),
                  flags.figures ? " (convoy report draws its figures)" : "");
    }
    const absl::Status told = root ? TellOfFinishedRun(channel, job, *claimed) : absl::OkStatus();
    CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, told));
    return ExitCode::kOk;
  }
  CONVOY_ASSIGN_OR_RETURN(Reporting reporting, OnRankZero(communicator, [&] {
                            return OpenReporting(flags, job, channel, std::move(claimed));
                          }));
  const absl::StatusOr<train::Outcome> outcome = Train(communicator, flags, job, reporting);
  if (!outcome.ok()) {
    return root ? RecordFailure(outcome.status(), flags, reporting) : outcome.status();
  }
  if (*outcome == train::Outcome::kFinished && flags.figures) {
    CONVOY_RETURN_IF_ERROR(
        comm::Agree(communicator, root ? WriteFigures(flags, job, reporting) : absl::OkStatus()));
  }
  return ExitCodeOf(*outcome);
}

}  // namespace

ExitCode RunRank(comm::Communicator& communicator, const absl::StatusOr<Flags>& flags) {
  const absl::StatusOr<ExitCode> code = RunJob(communicator, flags);
  if (code.ok()) return *code;
  if (communicator.rank() == 0) {
    std::fflush(stdout);
    std::fprintf(stderr, "trainer: error: %s\n",
                 cli::NameFlags(std::string(code.status().message()), FlagsOfFields()).c_str());
  }
  return ExitCodeFor(code.status());
}

}  // namespace convoy::trainer
