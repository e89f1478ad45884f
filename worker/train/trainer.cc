// The loop: epochs of steps, after each the validation, the callbacks and a checkpoint, at the end
// the test. Every rank runs it and decides the same on the same metrics; rank 0 also tells the
// observers. What happens within a step is worker/step's, what is in a checkpoint Checkpointer's.
#include "worker/train/trainer.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/cpus.h"
#include "common/base/failpoint.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/data/sampler.h"
#include "common/system/user.h"
#include "worker/step/batch_cuts.h"
#include "worker/step/exact_step.h"
#include "worker/step/mpi_step.h"
#include "worker/train/evaluator.h"
#include "worker/train/job_description.h"
#include "worker/train/stop_request.h"

namespace convoy::train {
namespace {

// COLLECTIVE. Only rank 0 knows of a cancellation.
absl::StatusOr<bool> RankZeroIsCancelled(comm::Communicator& communicator) {
  CONVOY_ASSIGN_OR_RETURN(
      const std::string answer,
      comm::BroadcastString(communicator, CancelRequested() ? "cancelled" : "stopped", 0));
  return answer == "cancelled";
}

// MPI's own sums are one a rank, and those in shared memory cost next to nothing.
double ImagesPerSum(const comm::Communicator& communicator, const Job& job, const nn::Plan& plan) {
  if (communicator.on_one_host() || !job.recipe.exact_reduce) return 0;
  return step::ImagesPerSum(plan, job.recipe.batch_size, job.recipe.options.exchange);
}

// What a rank's process has used so far.
struct RankUsage {
  metrics::PhaseSeconds phases;
  int64_t peak_rss_bytes;
};

// COLLECTIVE. Returns every rank's, in order.
absl::StatusOr<std::vector<RankUsage>> GatherUsage(comm::Communicator& communicator,
                                                   const metrics::PhaseSeconds& phases) {
  const RankUsage mine = {.phases = phases, .peak_rss_bytes = PeakRssBytes()};
  std::vector<RankUsage> all(static_cast<size_t>(communicator.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator.AllGather(&mine, sizeof(mine), all.data()));
  return all;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Trainer>> Trainer::Create(comm::Communicator& communicator,
                                                         const Job& job, TrainerOptions options) {
  std::vector<int> threads(static_cast<size_t>(communicator.world_size()));
  CONVOY_RETURN_IF_ERROR(
      communicator.AllGather(&options.threads, sizeof(options.threads), threads.data()));
  CONVOY_ASSIGN_OR_RETURN(nn::Network network, nn::Network::Create(job.recipe.model));
  CONVOY_ASSIGN_OR_RETURN(auto optimizer, optim::Optimizer::Create(job.recipe.optimizer));
  CONVOY_ASSIGN_OR_RETURN(std::vector<std::string> hosts,
                          comm::AllGatherStrings(communicator, HostName()));
  std::unique_ptr<Trainer> trainer(new Trainer(communicator, job, std::move(options),
                                               nn::Plan(std::move(network)), std::move(optimizer),
                                               std::move(threads)));
  CONVOY_RETURN_IF_ERROR(trainer->Open());
  CONVOY_RETURN_IF_ERROR(trainer->MeasureHosts(hosts));
  run::JobFacts facts = FactsOf(job, trainer->plan_.network());
  facts.world_size = communicator.world_size();
  facts.threads = trainer->threads_of_rank_;
  facts.owner = absl::StrCat(UserName(), "@", hosts[0]);
  facts.hosts = std::move(hosts);
  facts.restarts = trainer->progress_.restarts;
  facts.resumed_at_step = trainer->progress_.position.global_step;
  facts.start_time = absl::Now();
  trainer->Tell([&](report::Observer& observer) { observer.OnStart(facts); });
  for (const i18n::Message& line : NotesOn(job, trainer->plan_.network())) {
    trainer->Tell([&](report::Observer& observer) { observer.OnNotice(line); });
  }
  return trainer;
}

Trainer::Trainer(comm::Communicator& communicator, const Job& job, TrainerOptions options,
                 nn::Plan plan, std::unique_ptr<optim::Optimizer> optimizer,
                 std::vector<int> threads_of_rank)
    : communicator_(communicator),
      job_(job),
      options_(std::move(options)),
      plan_(std::move(plan)),
      optimizer_(std::move(optimizer)),
      threads_of_rank_(std::move(threads_of_rank)),
      team_(options_.threads),
      batches_(step::PartitionEpoch(job.train.count, job.recipe.batch_size, job.recipe.micro_batch,
                                    threads_of_rank_, ImagesPerSum(communicator, job, plan_))),
      callbacks_(job.recipe.options.reduce_on_plateau, job.recipe.options.early_stopping,
                 job.recipe.optimizer.learning_rate) {
  const int max_images = std::max(job.recipe.micro_batch, evaluate::kChunkImages);
  for (int thread = 0; thread < team_.size(); ++thread) {
    runners_.emplace_back(plan_, job.train, max_images,
                          step::PassOptions{.label_smoothing = job.recipe.options.label_smoothing,
                                            .augmentation = job.recipe.options.augmentation});
  }
}

absl::Status Trainer::Open() {
  if (job_.recipe.exact_reduce) {
    CONVOY_ASSIGN_OR_RETURN(
        step_, step::ExactStep::Create(communicator_, team_, runners_, *optimizer_, plan_, batches_,
                                       job_.recipe.options.exchange));
  } else {
    step_ = std::make_unique<step::MpiStep>(communicator_, team_, runners_, *optimizer_, plan_,
                                            batches_);
  }
  checkpointer_ =
      std::make_unique<Checkpointer>(communicator_, job_, plan_.network(), *step_, options_.store,
                                     options_.on_checkpoint, options_.run_id);
  if (job_.checkpoint) return checkpointer_->Restore(*job_.checkpoint, &progress_, &callbacks_);
  if (!job_.initial_weights.empty()) return step_->SetWeights(job_.initial_weights.data());
  AlignedBuffer<float> initial(static_cast<size_t>(plan_.network().num_parameters()));
  nn::InitializeWeights(plan_.network(), job_.recipe.seed, initial.data());
  return step_->SetWeights(initial.data());
}

// Of MPI's own sums the model knows nothing.
absl::Status Trainer::MeasureHosts(const std::vector<std::string>& hosts) {
  if (communicator_.on_one_host() || !job_.recipe.exact_reduce) return absl::OkStatus();
  std::vector<int> host_of_rank = comm::HostOfRank(communicator_, hosts);
  if (*std::max_element(host_of_rank.begin(), host_of_rank.end()) == 0) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const comm::Link link, comm::MeasureLink(communicator_, host_of_rank));
  if (communicator_.rank() != 0) return absl::OkStatus();
  expectation_.emplace(plan_, job_.recipe, job_.train.count, threads_of_rank_,
                       std::move(host_of_rank), link);
  return absl::OkStatus();
}

Trainer::~Trainer() = default;

void Trainer::Enter(watch::Phase phase) {
  if (options_.watch != nullptr) options_.watch->Enter(phase);
}

absl::Status Trainer::SaveCheckpoint() {
  Enter(watch::Phase::kCheckpoint);
  Failpoint("before_checkpoint", absl::StrCat("rank-", communicator_.rank()));
  return checkpointer_->Save(progress_, callbacks_);
}

absl::StatusOr<Outcome> Trainer::Run() {
  const int64_t stop_after = options_.stop_after_epoch;
  while (progress_.position.epoch < job_.recipe.epochs && !callbacks_.stopped()) {
    if (stop_after > 0 && progress_.position.epoch >= stop_after) return Stop();
    CONVOY_ASSIGN_OR_RETURN(const bool finished, RunEpoch());
    if (!finished) return Stop();
  }
  CONVOY_RETURN_IF_ERROR(RestoreBestWeights());
  CONVOY_RETURN_IF_ERROR(EvaluateTestImages());
  Enter(watch::Phase::kCheckpoint);
  CONVOY_RETURN_IF_ERROR(checkpointer_->Flush());
  return Outcome::kFinished;
}

absl::StatusOr<Outcome> Trainer::Stop() {
  CONVOY_RETURN_IF_ERROR(SaveCheckpoint());
  CONVOY_RETURN_IF_ERROR(checkpointer_->Flush());
  CONVOY_ASSIGN_OR_RETURN(const bool cancelled, RankZeroIsCancelled(communicator_));
  Tell([&](report::Observer& observer) {
    observer.OnStopped(progress_.position.global_step, cancelled);
  });
  return cancelled ? Outcome::kCancelled : Outcome::kStopped;
}

// Returns whether the epoch was finished; if not, a stop was requested.
absl::StatusOr<bool> Trainer::RunEpoch() {
  const formats::Position& position = progress_.position;
  Tell([&](report::Observer& observer) {
    observer.OnEpochStart(position.epoch, position.step_in_epoch);
  });
  data::EpochOrder(job_.recipe.seed, static_cast<uint32_t>(position.epoch), job_.train.count,
                   &order_);
  const int64_t steps = StepsPerEpoch();
  while (position.step_in_epoch < steps) {
    CONVOY_ASSIGN_OR_RETURN(const bool stop_requested, RunStep());
    if (stop_requested) return false;
    const bool due =
        options_.checkpoint_every > 0 && position.global_step % options_.checkpoint_every == 0;
    if (!due || position.step_in_epoch == steps) continue;
    Stopwatch watch;
    CONVOY_RETURN_IF_ERROR(SaveCheckpoint());
    progress_.epoch_seconds.back() += watch.Lap();
  }
  CONVOY_RETURN_IF_ERROR(FinishEpoch());
  return true;
}

// Returns whether a stop was requested on any rank.
absl::StatusOr<bool> Trainer::RunStep() {
  if (options_.watch != nullptr) options_.watch->EnterStep(progress_.position.global_step + 1);
  Failpoint("before_step", absl::StrCat("rank-", communicator_.rank()));
  Stopwatch watch;
  const double penalty = nn::L2Penalty(plan_.network(), step_->weights().current());
  const formats::Position& position = progress_.position;
  const absl::StatusOr<step::StepResult> result = Step();
  if (!result.ok()) {
    return Annotate(result.status(),
                    absl::StrCat("step ", position.global_step + 1, " (epoch ", position.epoch + 1,
                                 ", batch ", position.step_in_epoch + 1, ")"));
  }
  const int64_t images =
      data::BatchRange(job_.train.count, job_.recipe.batch_size, position.step_in_epoch).size();
  progress_.AddStep(*result, images, penalty);
  progress_.epoch_seconds.back() += watch.Lap();
  const report::StepProgress step = progress_.Step();
  Tell([&](report::Observer& observer) { observer.OnStep(step); });
  if (expectation_) {
    if (const std::optional<i18n::Message> line = expectation_->AfterStep(step_->phases())) {
      Tell([&](report::Observer& observer) { observer.OnNotice(*line); });
      expectation_.reset();
    }
  }
  return result->stop_requested;
}

absl::StatusOr<step::StepResult> Trainer::Step() {
  const formats::Position& position = progress_.position;
  const data::Range images =
      data::BatchRange(job_.train.count, job_.recipe.batch_size, position.step_in_epoch);
  const bool last = position.step_in_epoch + 1 == StepsPerEpoch();
  return step_->Run({.batch = last ? step::kLastBatch : step::kFullBatch,
                     .image_index = order_.data() + images.begin,
                     .seed = job_.recipe.seed,
                     .epoch = static_cast<uint32_t>(position.epoch),
                     .hyperparameters = {.step = position.global_step + 1,
                                         .learning_rate = LearningRateOf(position.global_step),
                                         .grad_scale = 1.0f / static_cast<float>(images.size())},
                     .stop_requested = StopRequested()});
}

int64_t Trainer::StepsPerEpoch() const {
  return data::StepsPerEpoch(job_.train.count, job_.recipe.batch_size);
}

// `step` is from 0, and of the epoch in progress.
double Trainer::LearningRateOf(int64_t step) const {
  return callbacks_.learning_rate() *
         optim::ScheduleFactor(job_.recipe.options.schedule, step, StepsPerEpoch());
}

absl::Status Trainer::FinishEpoch() {
  metrics::EpochMetrics metrics = progress_.TrainingMetrics();
  Enter(watch::Phase::kValidation);
  Failpoint("before_validation", absl::StrCat("rank-", communicator_.rank()));
  Stopwatch watch;
  CONVOY_RETURN_IF_ERROR(Validate(&metrics));
  const double validation_seconds = watch.Lap();
  if (job_.recipe.options.learning_rate_changes()) {
    metrics.emplace_back("lr", LearningRateOf(progress_.position.global_step - 1));
  }
  CONVOY_RETURN_IF_ERROR(ReportEpoch(validation_seconds, metrics));
  RunCallbacks(metrics);
  progress_.FinishEpoch(std::move(metrics));
  return SaveCheckpoint();
}

absl::Status Trainer::Validate(metrics::EpochMetrics* metrics) {
  const int64_t count = job_.validation.count;
  if (count == 0) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(const evaluate::EvaluationSums sums, Evaluate(job_.validation));
  metrics->emplace_back("val_loss", Mean(sums.loss, count));
  metrics->emplace_back("val_accuracy", Mean(static_cast<double>(sums.correct), count));
  return absl::OkStatus();
}

absl::StatusOr<evaluate::EvaluationSums> Trainer::Evaluate(const data::DatasetView& images) {
  return EvaluateOnAllRanks(communicator_, team_, threads_of_rank_, runners_,
                            step_->weights().prepared(), images);
}

// Decides at the end of the epoch in progress.
void Trainer::RunCallbacks(const metrics::EpochMetrics& metrics) {
  for (const std::string& line : callbacks_.OnEpochEnd(progress_.position.epoch, metrics)) {
    Tell([&](report::Observer& observer) { observer.OnNotice(i18n::AsItIs(line)); });
  }
  if (!callbacks_.keeps_best() || callbacks_.best_epoch() != progress_.position.epoch) return;
  const float* weights = step_->weights().current();
  progress_.best = {.monitor = callbacks_.best_monitor(),
                    .value = callbacks_.best_value(),
                    .epoch = progress_.position.epoch,
                    .values = {weights, weights + plan_.network().num_parameters()}};
}

absl::Status Trainer::RestoreBestWeights() {
  if (!progress_.best || progress_.best->epoch == progress_.position.epoch - 1)
    return absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(step_->SetWeights(progress_.best->values.data()));
  final_report_.restored_epoch = progress_.best->epoch;
  const std::string line = absl::StrCat(
      "Restoring model weights from the end of the best epoch: ", progress_.best->epoch + 1, ".");
  Tell([&](report::Observer& observer) { observer.OnNotice(i18n::AsItIs(line)); });
  return absl::OkStatus();
}

absl::Status Trainer::ReportEpoch(double validation_seconds, const metrics::EpochMetrics& metrics) {
  CONVOY_ASSIGN_OR_RETURN(const std::vector<RankUsage> ranks,
                          GatherUsage(communicator_, step_->phases()));
  report::EpochReport report{.epoch = progress_.position.epoch,
                             .train_seconds = progress_.epoch_seconds.back(),
                             .validation_seconds = validation_seconds,
                             .train_images = job_.train.count,
                             .metrics = metrics};
  for (const RankUsage& rank : ranks) {
    report.phases.push_back(rank.phases);
    report.peak_rss_bytes = std::max(report.peak_rss_bytes, rank.peak_rss_bytes);
  }
  Tell([&](report::Observer& observer) { observer.OnEpoch(report); });
  return absl::OkStatus();
}

absl::Status Trainer::EvaluateTestImages() {
  Enter(watch::Phase::kTest);
  CONVOY_ASSIGN_OR_RETURN(const evaluate::EvaluationSums sums, Evaluate(job_.test));
  final_report_.test_loss = Mean(sums.loss, job_.test.count);
  final_report_.test_accuracy = Mean(static_cast<double>(sums.correct), job_.test.count);
  return absl::OkStatus();
}

formats::ModelFile Trainer::UntrainedModel() const { return checkpointer_->Model(); }

formats::ModelFile Trainer::Model() const {
  formats::ModelFile model = checkpointer_->Model();
  model.metrics = {{"test_loss", final_report_.test_loss},
                   {"test_accuracy", final_report_.test_accuracy}};
  return model;
}

}  // namespace convoy::train
