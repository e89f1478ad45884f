// The order of a rank's start and end. What can fail on one rank alone is agreed on by all before
// anybody acts on it, because a rank that returns early would leave the others in a collective.
// Rank 0 alone has files, terminal and coordinator; the others train and keep quiet.
#include "worker/main/rank.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/check.h"
#include "common/base/cpus.h"
#include "common/base/failpoint.h"
#include "common/base/files.h"
#include "common/base/text.h"
#include "common/base/text_error.h"
#include "common/base/version.h"
#include "common/data/data_directory.h"
#include "common/data/dataset.h"
#include "common/figures/report/report.h"
#include "common/figures/texts.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/i18n/message.h"
#include "common/i18n/translate.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "common/log/log.h"
#include "common/run/run_files.h"
#include "common/run/run_id.h"
#include "common/run/start_file.h"
#include "common/system/secret_digits.h"
#include "common/terminal/activity.h"
#include "common/terminal/fit.h"
#include "common/terminal/output.h"
#include "common/terminal/terminal.h"
#include "worker/main/coordinator_link.h"
#include "worker/main/dry_run.h"
#include "worker/main/run_labels.h"
#include "worker/replicate/data_keeper.h"
#include "worker/replicate/fetch.h"
#include "worker/replicate/replication.h"
#include "worker/report/reporting.h"
#include "worker/report/run_directory.h"
#include "worker/train/checkpointer.h"
#include "worker/train/data_copy.h"
#include "worker/train/job.h"
#include "worker/train/job_checks.h"
#include "worker/train/trainer.h"
#include "worker/watch/last_words.h"

namespace convoy::trainer {
namespace {

// Seconds: reading the data again is then not what a start after a fault should wait for.
constexpr double kLongRead = 1;

// What rank 0 alone has.
struct RankZero {
  std::unique_ptr<report::Reporting> reporting;
  std::unique_ptr<formats::CheckpointStore> store;
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
                      flags.resume, "\n--dry-run\t", flags.dry_run, "\n--checkpoint-every\t",
                      flags.checkpoint_every, "\n--stop-after-epoch\t", flags.stop_after_epoch,
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
    return TextError(absl::StatusCode::kFailedPrecondition,
                     "on $0 has another $1 than rank 0: '$2', not '$3'; all ranks must be the same",
                     HostName(), me.first, me.second, it.second);
  }
  return absl::OkStatus();
}

absl::Status AgreeOnFingerprint(comm::Communicator& communicator, const Flags& flags) {
  const std::string mine = Fingerprint(flags);
  CONVOY_ASSIGN_OR_RETURN(const std::string rank_zero,
                          comm::BroadcastString(communicator, mine, 0));
  return comm::Agree(communicator, CompareWithRankZero(mine, rank_zero));
}

// The cores of this host, or what a quota leaves of them, divided by the ranks on it, but no more
// than this process may use.
int ThreadsOf(const Flags& flags, const comm::Communicator& communicator) {
  if (flags.threads > 0) return flags.threads;
  const int host_cores = std::min(static_cast<int>(::sysconf(_SC_NPROCESSORS_ONLN)), QuotaCores());
  const int share = host_cores / std::max(communicator.local_size(), 1);
  return std::max(1, std::min(share, UsableCores()));
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

// Whether there is nothing where the data would be looked for.
bool LacksData(const Flags& flags) {
  if (flags.data == data::kGeneratedFlag) return false;
  const std::string directory = data::FindDataDirectory(flags.data).directory;
  return directory.empty() || !PathExists(directory);
}

// COLLECTIVE. Where a run goes on its newest checkpoint, and its data, may lie on another host.
// Returns, on rank 0, notes on it.
absl::StatusOr<std::vector<std::string>> Fetch(comm::Communicator& communicator,
                                               const Flags& flags) {
  std::vector<std::string> notes;
  if (!flags.resume || flags.dry_run || communicator.on_one_host()) return notes;
  CONVOY_ASSIGN_OR_RETURN(notes.emplace_back(),
                          replicate::FetchNewestCheckpoint(communicator, flags.run_dir));
  const bool wanted = communicator.rank() == 0 && LacksData(flags);
  CONVOY_ASSIGN_OR_RETURN(notes.emplace_back(),
                          replicate::FetchDataCopy(communicator, flags.run_dir, wanted));
  std::erase(notes, "");
  return notes;
}

// Gives the run the identity by which copies of it are known.
absl::Status Identify(const std::string& directory) {
  const std::string known = run::KnownRunId(directory);
  if (!known.empty()) return run::SetRunId(directory, known);
  return ReadOrDrawSecretDigits(run::PathIn(directory, run::kRunIdFile)).status();
}

report::Reporting::Run RunSoFar(const train::Job& job) {
  report::Reporting::Run run = {.recipe_text = train::RecipeToText(job.recipe_proto),
                                .learning_rate = job.recipe.optimizer.learning_rate};
  if (!job.checkpoint) return run;
  run.finished_epochs = job.checkpoint->history;
  run.epoch_seconds = job.checkpoint->run.epoch_train_seconds;
  return run;
}

absl::StatusOr<RankZero> OpenRankZero(const Flags& flags, const train::Job& job, bool on_one_host,
                                      const CoordinatorChannel& channel,
                                      std::unique_ptr<report::RunDirectory> directory) {
  if (directory == nullptr) {
    const std::string path = flags.run_dir.empty() ? run::NewRunPath() : flags.run_dir;
    CONVOY_ASSIGN_OR_RETURN(directory, report::RunDirectory::Open(path, flags.resume));
  }
  if (!on_one_host) CONVOY_RETURN_IF_ERROR(Identify(directory->path()));
  CONVOY_RETURN_IF_ERROR(LabelRun(flags.labels, *directory));
  CONVOY_ASSIGN_OR_RETURN(
      formats::CheckpointStore store,
      formats::CheckpointStore::Open(directory->checkpoints(), flags.keep_checkpoints));
  const report::Reporting::Run run = RunSoFar(job);
  CONVOY_ASSIGN_OR_RETURN(auto client,
                          StartCoordinatorClient(channel, job, run.finished_epochs, *directory));
  auto reporting =
      std::make_unique<report::Reporting>(std::move(directory), run, stdout, flags.verbose);
  if (client != nullptr) reporting->Add(std::move(client));
  for (const i18n::Message& note : job.notes) {
    report::Note(reporting->directory(), note);
  }
  return RankZero{.reporting = std::move(reporting),
                  .store = std::make_unique<formats::CheckpointStore>(std::move(store))};
}

// COLLECTIVE. As rank 0 names it; each rank's own where hosts share none.
absl::StatusOr<std::string> RunDirectoryOfAll(comm::Communicator& communicator,
                                              const RankZero& mine) {
  return comm::BroadcastString(
      communicator, communicator.rank() == 0 ? mine.reporting->directory().path() : "", 0);
}

// COLLECTIVE.
absl::StatusOr<std::unique_ptr<replicate::Replication>> StartReplication(
    comm::Communicator& communicator, const Flags& flags, const std::string& directory,
    const RankZero& mine) {
  replicate::ReplicationOptions options{
      .run_directory = directory, .keep = flags.keep_checkpoints, .on_note = nullptr};
  if (communicator.rank() == 0) {
    options.on_note = [&mine](const std::string& line) {
      report::Note(mine.reporting->directory(), i18n::AsItIs(line));
    };
  }
  return replicate::Replication::Start(communicator, std::move(options));
}

// A copy of the data that is to be had at the next start: on the rank that keeps it for the second
// host, or on rank 0 of a supervised run where reading them took long. Null elsewhere.
std::unique_ptr<replicate::DataKeeper> StartDataKeeper(const replicate::Replication& replication,
                                                       const std::string& directory,
                                                       const train::JobRequest& request,
                                                       const train::Job& job) {
  replicate::DataKeeperOptions options{
      .run_directory = directory,
      .num_bytes = train::DataCopyBytes(job),
      .write = [&job](const std::string& path) { return train::WriteDataCopy(path, job); }};
  if (replication.keeps_here() && job.data_kind != data::kKindGenerated) {
    options.file = run::kDataCopyFile;
    options.has_data = [&request, &job, path = run::PathIn(directory, run::kDataCopyFile)] {
      return train::ReadDataCopy(path, job.data_sha256).ok() || train::FindsData(request, job);
    };
    options.on_note = [](const std::string& line) { log::Note(line); };
  } else if (job.read_seconds > kLongRead && !run::OwnStartName().empty()) {
    options.file = run::kDataCacheFile;
    options.has_data = [] { return false; };
    options.on_note = [](const std::string&) {};  // the next start is as long as this, no more
  } else {
    return nullptr;
  }
  return std::make_unique<replicate::DataKeeper>(std::move(options));
}

// Rank 0: writes the model and tells everybody how the training ended.
absl::Status Conclude(const train::Trainer& trainer, train::Outcome outcome,
                      report::Reporting& reporting) {
  if (outcome != train::Outcome::kFinished) return reporting.Stop();
  const formats::ModelFile model = trainer.Model();
  CONVOY_RETURN_IF_ERROR(
      formats::WriteModel(reporting.directory().FilePath(run::kModelFile), model));
  report::FinalReport report = trainer.final_report();
  report.weights_sha256 = formats::WeightsSha256(model.tensors);
  return reporting.Succeed(report);
}

absl::StatusOr<train::Outcome> Train(watch::Watch& watch, const Flags& flags, int threads,
                                     const train::JobRequest& request, const train::Job& job,
                                     const std::string& directory, RankZero& mine) {
  comm::Communicator& communicator = watch.communicator();
  CONVOY_ASSIGN_OR_RETURN(const auto replication,
                          StartReplication(communicator, flags, directory, mine));
  const auto data_keeper = StartDataKeeper(*replication, directory, request, job);
  train::TrainerOptions options{.threads = threads,
                                .checkpoint_every = flags.checkpoint_every,
                                .stop_after_epoch = flags.stop_after_epoch,
                                .store = mine.store.get(),
                                .watch = &watch};
  const bool root = communicator.rank() == 0;
  if (root) {
    options.run_id = std::filesystem::path(mine.reporting->directory().path()).filename().string();
    options.observers = mine.reporting->observers();
    options.on_checkpoint = [&replication](int64_t global_step, const std::string& path) {
      replication->Copy(global_step, path);
    };
  }
  CONVOY_ASSIGN_OR_RETURN(auto trainer,
                          train::Trainer::Create(communicator, job, std::move(options)));
  if (root && flags.explain_plan) terminal::Print(trainer->ExplainPlan(), stdout);
  if (root && !flags.coordinator.empty() && !job.checkpoint) {
    mine.reporting->PublishUntrained(trainer->UntrainedModel());
  }
  CONVOY_ASSIGN_OR_RETURN(const train::Outcome outcome, trainer->Run());
  watch.Enter(watch::Phase::kEnd);
  Failpoint("before_end", absl::StrCat("rank-", communicator.rank()));
  const absl::Status concluded =
      root ? Conclude(*trainer, outcome, *mine.reporting) : absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, concluded));
  return outcome;
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
absl::Status WriteFigures(const Flags& flags, const train::Job& job, report::Reporting& reporting) {
  const std::string& directory = reporting.directory().path();
  CONVOY_ASSIGN_OR_RETURN(const figures::Language language, figures::LanguageOf(""));
  terminal::Activity activity(stdout, flags.verbose == 1);
  gallery::ReportOptions options{.language = language,
                                 .threads = flags.threads > 0 ? flags.threads : UsableCores()};
  options.progress = [&activity](const std::string& figure, int done, int total) {
    activity.Show(Tr("Drawing $0", figure), done, total);
  };
  const absl::Status written = gallery::WriteReport(directory, job.train, job.test, options);
  activity.Clear();
  if (!written.ok()) {
    return Annotate(written, Tr("--figures: the training is complete, its report is not"));
  }
  CONVOY_RETURN_IF_ERROR(reporting.AddFigures(run::PathIn(directory, run::kFigures)));
  if (flags.verbose > 0) terminal::Print(Tr("The report is $0/report.html\n", directory), stdout);
  return absl::OkStatus();
}

// Shows on a terminal how far the pictures are decoded; the line is gone at the end.
std::function<void(int64_t, int64_t)> ShowDecoding(const Flags& flags) {
  if (flags.verbose != 1 || !terminal::TerminalOf(stdout).can_redraw) return nullptr;
  return [](int64_t done, int64_t total) {
    const double part =
        static_cast<double>(done) / static_cast<double>(std::max<int64_t>(total, 1));
    const std::string line = terminal::ProgressLine(
        Tr("Reading pictures"), part, {{Tr("$0 of $1", TrThousands(done), TrThousands(total)), 0}},
        terminal::TerminalOf(stdout).columns - 1);
    std::printf("\r%s\033[K%s", line.c_str(), done == total ? "\r\033[K" : "");
    std::fflush(stdout);
  };
}

// COLLECTIVE. There is nothing left to do for the run; whoever was not told of its end is told.
// `claimed` is rank 0's.
absl::Status EndFinishedRun(comm::Communicator& communicator, const Flags& flags,
                            const CoordinatorChannel& channel, const train::Job& job,
                            report::RunDirectory* claimed) {
  const bool root = communicator.rank() == 0;
  if (root && flags.verbose > 0) {
    const std::string said =
        flags.figures ? Tr("$0: this run is finished; its results are there (convoy report draws "
                           "its figures)\n",
                           flags.run_dir)
                      : Tr("$0: this run is finished; its results are there\n", flags.run_dir);
    terminal::Print(said, stdout);
  }
  absl::Status told = root ? LabelRun(flags.labels, *claimed) : absl::OkStatus();
  if (root && told.ok()) told = TellOfFinishedRun(channel, job, *claimed);
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, told));
  return replicate::RemoveDataCopies(communicator, flags.run_dir);
}

// COLLECTIVE. `mine` is rank 0's.
absl::StatusOr<ExitCode> TrainAndReport(watch::Watch& watch, const Flags& flags, int threads,
                                        const train::JobRequest& request, const train::Job& job,
                                        RankZero& mine) {
  comm::Communicator& communicator = watch.communicator();
  const bool root = communicator.rank() == 0;
  CONVOY_RETURN_IF_ERROR(
      watch.SetRunDirectory(root ? mine.reporting->directory().path() : std::string()));
  CONVOY_ASSIGN_OR_RETURN(const std::string directory, RunDirectoryOfAll(communicator, mine));
  const absl::StatusOr<train::Outcome> outcome =
      Train(watch, flags, threads, request, job, directory, mine);
  if (!outcome.ok()) return root ? mine.reporting->Fail(outcome.status()) : outcome.status();
  std::error_code ignored;  // it costs room, no more
  if (root) std::filesystem::remove(run::PathIn(directory, run::kDataCacheFile), ignored);
  if (*outcome != train::Outcome::kStopped) {
    CONVOY_RETURN_IF_ERROR(replicate::RemoveDataCopies(communicator, directory));
  }
  if (*outcome == train::Outcome::kFinished && flags.figures) {
    CONVOY_RETURN_IF_ERROR(comm::Agree(
        communicator, root ? WriteFigures(flags, job, *mine.reporting) : absl::OkStatus()));
  }
  return ExitCodeOf(*outcome);
}

absl::StatusOr<ExitCode> RunJob(watch::Watch& watch, const absl::StatusOr<Flags>& parsed) {
  comm::Communicator& communicator = watch.communicator();
  CONVOY_RETURN_IF_ERROR(comm::Agree(communicator, parsed.status()));
  const Flags& flags = *parsed;
  CONVOY_RETURN_IF_ERROR(AgreeOnFingerprint(communicator, flags));
  Failpoint("after_start", absl::StrCat("rank-", communicator.rank()));
  const bool root = communicator.rank() == 0;
  if (flags.print_and_exit) {
    if (root) terminal::Print(*flags.print_and_exit, stdout);
    CONVOY_RETURN_IF_ERROR(
        comm::Agree(communicator, root ? terminal::Flush(stdout) : absl::OkStatus()));
    return ExitCode::kOk;
  }
  CONVOY_ASSIGN_OR_RETURN(const CoordinatorChannel channel,
                          OnRankZero(communicator, [&] { return OpenCoordinatorChannel(flags); }));
  if (flags.report_only) {
    CONVOY_RETURN_IF_ERROR(comm::Agree(
        communicator, root ? TellOfEndedRun(channel, flags.run_dir) : absl::OkStatus()));
    return ExitCode::kOk;
  }
  CONVOY_ASSIGN_OR_RETURN(std::unique_ptr<report::RunDirectory> claimed,
                          OnRankZero(communicator, [&] { return ClaimRunDirectory(flags); }));
  const train::JobRequest request{.asked = flags.asked,
                                  .data = flags.data,
                                  .run_dir = flags.run_dir,
                                  .initial_weights = flags.initial_weights,
                                  .resume = flags.resume,
                                  .network_follows_data = flags.network_follows_data,
                                  .progress = ShowDecoding(flags)};
  CONVOY_ASSIGN_OR_RETURN(const std::vector<std::string> fetched, Fetch(communicator, flags));
  CONVOY_ASSIGN_OR_RETURN(train::Job job, train::PrepareJob(communicator, request));
  const int threads = ThreadsOf(flags, communicator);
  if (!job.finished_before) {
    CONVOY_RETURN_IF_ERROR(comm::Agree(
        communicator, train::CheckPassesFitMemory(job.recipe, threads, communicator.local_size())));
  }
  for (const std::string& note : fetched) job.notes.push_back(i18n::AsItIs(note));
  if (flags.dry_run) {
    CONVOY_RETURN_IF_ERROR(
        DryRun(watch, {.threads = threads, .preview = flags.preview}, std::move(job)));
    return ExitCode::kOk;
  }
  if (job.finished_before) {
    CONVOY_RETURN_IF_ERROR(EndFinishedRun(communicator, flags, channel, job, claimed.get()));
    return ExitCode::kOk;
  }
  CONVOY_ASSIGN_OR_RETURN(RankZero mine, OnRankZero(communicator, [&] {
                            return OpenRankZero(flags, job, communicator.on_one_host(), channel,
                                                std::move(claimed));
                          }));
  const absl::StatusOr<ExitCode> code = TrainAndReport(watch, flags, threads, request, job, mine);
  // What is left is to wait for a terminal that somebody stopped.
  watch.Enter(watch::Phase::kGone);
  return code;
}

}  // namespace

ExitCode RunRank(watch::Watch& watch, const absl::StatusOr<Flags>& flags) {
  const absl::StatusOr<ExitCode> code = RunJob(watch, flags);
  if (code.ok()) return *code;
  if (watch.communicator().rank() == 0) {
    std::fflush(stdout);
    const i18n::Message error = i18n::MessageOf(code.status());
    const std::string shown = cli::NameFlags(error.shown, FlagsOfFields());
    log::Error(shown);
    const std::string kind = absl::StrCat(absl::StatusCodeToString(code.status().code()), ": ");
    watch::LeaveLastWords(
        {.english = kind + cli::NameFlags(error.english, FlagsOfFields()), .shown = kind + shown});
  }
  return ExitCodeFor(code.status());
}

}  // namespace convoy::trainer
