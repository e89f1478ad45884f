#include "worker/train/trainer.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "common/base/cpus.h"
#include "common/base/failpoint.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/data/sampler.h"
#include "common/evaluate/evaluation.h"
#include "common/kernels/blas/gemm.h"
#include "common/kernels/simd/isa.h"
#include "worker/step/exact_step.h"
#include "worker/step/mpi_step.h"
#include "worker/train/evaluator.h"
#include "worker/train/slot_packing.h"
#include "worker/train/stop_request.h"

namespace convoy::train {
namespace {

// The batches of an epoch: all but the last are full ones.
constexpr size_t kFullBatch = 0;
constexpr size_t kLastBatch = 1;

std::vector<step::BatchPartition> PartitionBatches(const Job& job,
                                                   const std::vector<int>& threads_of_rank) {
  const int64_t steps = data::StepsPerEpoch(job.train.count, job.recipe.batch_size);
  std::vector<step::BatchPartition> batches;
  for (const int64_t number : {int64_t{0}, steps - 1}) {
    const data::Range images = data::BatchRange(job.train.count, job.recipe.batch_size, number);
    batches.emplace_back(images.size(), job.recipe.micro_batch, threads_of_rank);
  }
  return batches;
}

// COLLECTIVE. Only rank 0 hears of cancellation.
absl::StatusOr<bool> RankZeroIsCancelled(comm::Communicator& communicator) {
  CONVOY_ASSIGN_OR_RETURN(
      const std::string answer,
      comm::BroadcastString(communicator, CancelRequested() ? "cancelled" : "stopped", 0));
  return answer == "cancelled";
}

double Mean(double sum, int64_t count) {
  return count == 0 ? 0.0 : sum / static_cast<double>(count);
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
  const report::JobFacts facts = trainer->Facts(std::move(hosts));
  trainer->Tell([&](report::Observer& observer) { observer.OnStart(facts); });
  trainer->TellScaledLearningRate();
  trainer->WarnOfSmallMicroBatches();
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
      batches_(PartitionBatches(job, threads_of_rank_)),
      callbacks_(job.recipe.options.reduce_on_plateau, job.recipe.options.early_stopping,
                 job.recipe.optimizer.learning_rate),
      epoch_seconds_(1, 0.0) {
  const int max_images = std::max(job.recipe.micro_batch, evaluate::kChunkImages);
  for (int thread = 0; thread < team_.size(); ++thread) {
    runners_.emplace_back(plan_, job.train, max_images,
                          step::PassOptions{.label_smoothing = job.recipe.options.label_smoothing,
                                            .augmentation = job.recipe.options.augmentation});
  }
  if (options_.store != nullptr) {
    checkpoint_writer_ = std::make_unique<formats::CheckpointWriter>(
        [store = options_.store](const formats::Checkpoint& checkpoint) {
          return store->Save(checkpoint);
        });
  }
}

absl::Status Trainer::Open() {
  if (job_.recipe.exact_reduce) {
    CONVOY_ASSIGN_OR_RETURN(step_, step::ExactStep::Create(communicator_, team_, runners_,
                                                           *optimizer_, plan_, batches_));
  } else {
    step_ = std::make_unique<step::MpiStep>(communicator_, team_, runners_, *optimizer_, plan_,
                                            batches_);
  }
  if (job_.checkpoint) return RestoreCheckpoint(*job_.checkpoint);
  if (!job_.initial_weights.empty()) return step_->SetWeights(job_.initial_weights.data());
  AlignedBuffer<float> initial(static_cast<size_t>(plan_.network().num_parameters()));
  nn::InitializeWeights(plan_.network(), job_.recipe.seed, initial.data());
  return step_->SetWeights(initial.data());
}

Trainer::~Trainer() = default;

absl::Status Trainer::RestoreCheckpoint(const formats::Checkpoint& checkpoint) {
  std::vector<float> weights;
  for (const formats::NamedTensor& tensor : checkpoint.model.tensors) {
    weights.insert(weights.end(), tensor.data.begin(), tensor.data.end());
  }
  CONVOY_RETURN_IF_ERROR(step_->SetWeights(weights.data()));
  for (size_t i = 0; i < step_->slots().slot_names().size(); ++i) {
    CopyFromTrainable(plan_.network(), checkpoint.optimizer.slots[i].values,
                      step_->slots().slot(i).data());
  }
  position_ = checkpoint.position;
  sums_ = checkpoint.sums;
  for (const auto& epoch : checkpoint.history) {
    metrics::EpochMetrics metrics;
    for (const formats::NamedValue& metric : epoch) metrics.emplace_back(metric.name, metric.value);
    history_.push_back(std::move(metrics));
  }
  best_ = checkpoint.best;
  CONVOY_RETURN_IF_ERROR(callbacks_.Load(checkpoint.callbacks));
  epoch_seconds_ = checkpoint.run.epoch_train_seconds;
  epoch_seconds_.resize(static_cast<size_t>(position_.epoch) + 1);
  restarts_ = checkpoint.run.restarts + 1;
  saved_position_ = position_;
  return absl::OkStatus();
}

report::JobFacts Trainer::Facts(std::vector<std::string> hosts) const {
  const Recipe& recipe = job_.recipe;
  return {.world_size = communicator_.world_size(),
          .threads = threads_of_rank_,
          .hosts = std::move(hosts),
          .isa = std::string(IsaName(kernels::CurrentIsa())),
          .blas_core = kernels::BlasCore(),
          .data_kind = job_.data_kind,
          .data_where = job_.data_where,
          .data_sha256 = job_.data_sha256,
          .model_name = recipe.model.name,
          .model_summary = nn::SummaryTable(plan_.network()),
          .parameters = plan_.network().num_parameters(),
          .train_images = job_.train.count,
          .validation_images = job_.validation.count,
          .test_images = job_.test.count,
          .epochs = recipe.epochs,
          .steps_per_epoch = data::StepsPerEpoch(job_.train.count, recipe.batch_size),
          .batch_size = recipe.batch_size,
          .micro_batch = recipe.micro_batch,
          .reduce = recipe.exact_reduce ? "exact" : "mpi",
          .seed = recipe.seed,
          .restarts = restarts_,
          .resumed_at_step = position_.global_step,
          .start_time = absl::Now()};
}

void Trainer::TellScaledLearningRate() {
  if (job_.recipe.options.learning_rate_factor == 1) return;
  const std::string line =
      absl::StrCat("note: learning rate ", job_.recipe_proto.optimizer().learning_rate(),
                   " for batches of 128 is ", job_.recipe.optimizer.learning_rate, " for ",
                   job_.recipe.batch_size, " (", job_.recipe_proto.learning_rate_scaling(), ")");
  Tell([&](report::Observer& observer) { observer.OnNotice(line); });
}

void Trainer::WarnOfSmallMicroBatches() {
  constexpr int kFewImages = 16;
  const auto& layers = plan_.network().layers();
  const bool normalizes = std::any_of(layers.begin(), layers.end(), [](const nn::Layer& layer) {
    return std::holds_alternative<nn::BatchNormalizationSpec>(layer.kind);
  });
  const int images = std::min(job_.recipe.micro_batch, job_.recipe.batch_size);
  if (!normalizes || images >= kFewImages) return;
  const std::string line =
      absl::StrCat("note: batch normalization takes its statistics from micro-batches, of ", images,
                   images == 1 ? " image" : " images", "; below ", kFewImages,
                   " they are rough: a larger micro-batch would train better");
  Tell([&](report::Observer& observer) { observer.OnNotice(line); });
}

absl::StatusOr<Outcome> Trainer::Run() {
  while (position_.epoch < job_.recipe.epochs && !callbacks_.stopped()) {
    CONVOY_ASSIGN_OR_RETURN(const bool finished, RunEpoch());
    if (finished) continue;
    CONVOY_RETURN_IF_ERROR(SaveCheckpoint());
    CONVOY_RETURN_IF_ERROR(FlushCheckpoints());
    CONVOY_ASSIGN_OR_RETURN(const bool cancelled, RankZeroIsCancelled(communicator_));
    Tell([&](report::Observer& observer) { observer.OnStopped(position_.global_step, cancelled); });
    return cancelled ? Outcome::kCancelled : Outcome::kStopped;
  }
  CONVOY_RETURN_IF_ERROR(RestoreBestWeights());
  CONVOY_RETURN_IF_ERROR(EvaluateTestImages());
  CONVOY_RETURN_IF_ERROR(FlushCheckpoints());
  return Outcome::kFinished;
}

// Returns whether the epoch was finished; if not, a stop was requested.
absl::StatusOr<bool> Trainer::RunEpoch() {
  Tell([&](report::Observer& observer) {
    observer.OnEpochStart(position_.epoch, position_.step_in_epoch);
  });
  data::EpochOrder(job_.recipe.seed, static_cast<uint32_t>(position_.epoch), job_.train.count,
                   &order_);
  const int64_t steps = data::StepsPerEpoch(job_.train.count, job_.recipe.batch_size);
  while (position_.step_in_epoch < steps) {
    bool stop_requested = false;
    CONVOY_RETURN_IF_ERROR(RunStep(steps, &epoch_seconds_.back(), &stop_requested));
    if (stop_requested) return false;
    const bool due =
        options_.checkpoint_every > 0 && position_.global_step % options_.checkpoint_every == 0;
    if (!due || position_.step_in_epoch == steps) continue;
    Stopwatch watch;
    CONVOY_RETURN_IF_ERROR(SaveCheckpoint());
    epoch_seconds_.back() += watch.Lap();
  }
  CONVOY_RETURN_IF_ERROR(FinishEpoch());
  return true;
}

absl::Status Trainer::RunStep(int64_t steps, double* epoch_seconds, bool* stop_requested) {
  Failpoint("before_step", "");
  Stopwatch watch;
  const data::Range images =
      data::BatchRange(job_.train.count, job_.recipe.batch_size, position_.step_in_epoch);
  const bool last = position_.step_in_epoch + 1 == steps;
  const step::StepInput input{
      .batch = last ? kLastBatch : kFullBatch,
      .image_index = order_.data() + images.begin,
      .seed = job_.recipe.seed,
      .epoch = static_cast<uint32_t>(position_.epoch),
      .hyperparameters = {.step = position_.global_step + 1,
                          .learning_rate = LearningRateOf(position_.global_step),
                          .grad_scale = 1.0f / static_cast<float>(images.size())},
      .stop_requested = StopRequested()};
  const double penalty = nn::L2Penalty(plan_.network(), step_->weights().current());
  const absl::StatusOr<step::StepResult> result = step_->Run(input);
  if (!result.ok()) {
    return Annotate(result.status(), absl::StrCat("step ", position_.global_step + 1, " (epoch ",
                                                  position_.epoch + 1, ", batch ",
                                                  position_.step_in_epoch + 1, ")"));
  }
  ++position_.step_in_epoch;
  ++position_.global_step;
  position_.images_seen += images.size();
  sums_.loss_sum += result->loss + penalty * static_cast<double>(images.size());
  sums_.correct += result->correct;
  sums_.count += images.size();
  *stop_requested = result->stop_requested;
  *epoch_seconds += watch.Lap();
  const report::StepProgress progress{
      .epoch = position_.epoch,
      .step_in_epoch = position_.step_in_epoch,
      .global_step = position_.global_step,
      .loss = Mean(sums_.loss_sum, sums_.count),
      .accuracy = Mean(static_cast<double>(sums_.correct), sums_.count),
      .images_per_second = static_cast<double>(sums_.count) / std::max(*epoch_seconds, 1e-9)};
  Tell([&](report::Observer& observer) { observer.OnStep(progress); });
  return absl::OkStatus();
}

// `step` is from 0, and of the epoch in progress.
double Trainer::LearningRateOf(int64_t step) const {
  const int64_t steps = data::StepsPerEpoch(job_.train.count, job_.recipe.batch_size);
  return callbacks_.learning_rate() *
         optim::ScheduleFactor(job_.recipe.options.schedule, step, steps);
}

absl::Status Trainer::FinishEpoch() {
  metrics::EpochMetrics metrics = {
      {"loss", Mean(sums_.loss_sum, sums_.count)},
      {"accuracy", Mean(static_cast<double>(sums_.correct), sums_.count)}};
  Stopwatch watch;
  if (job_.validation.count > 0) {
    CONVOY_ASSIGN_OR_RETURN(const evaluate::EvaluationSums sums,
                            EvaluateOnAllRanks(communicator_, team_, threads_of_rank_, runners_,
                                               step_->weights().prepared(), job_.validation));
    metrics.emplace_back("val_loss", Mean(sums.loss, job_.validation.count));
    metrics.emplace_back("val_accuracy",
                         Mean(static_cast<double>(sums.correct), job_.validation.count));
  }
  const double validation_seconds = watch.Lap();
  if (job_.recipe.options.learning_rate_changes()) {
    metrics.emplace_back("lr", LearningRateOf(position_.global_step - 1));
  }
  CONVOY_RETURN_IF_ERROR(ReportEpoch(validation_seconds, metrics));
  RunCallbacks(metrics);
  history_.push_back(std::move(metrics));
  ++position_.epoch;
  position_.step_in_epoch = 0;
  sums_ = {};
  epoch_seconds_.push_back(0.0);
  return SaveCheckpoint();
}

// Decides at the end of the epoch in progress.
void Trainer::RunCallbacks(const metrics::EpochMetrics& metrics) {
  for (const std::string& line : callbacks_.OnEpochEnd(position_.epoch, metrics)) {
    Tell([&](report::Observer& observer) { observer.OnNotice(line); });
  }
  if (!callbacks_.keeps_best() || callbacks_.best_epoch() != position_.epoch) return;
  const float* weights = step_->weights().current();
  best_ = {.monitor = callbacks_.best_monitor(),
           .value = callbacks_.best_value(),
           .epoch = position_.epoch,
           .values = {weights, weights + plan_.network().num_parameters()}};
}

absl::Status Trainer::RestoreBestWeights() {
  if (!best_ || best_->epoch == position_.epoch - 1) return absl::OkStatus();
  CONVOY_RETURN_IF_ERROR(step_->SetWeights(best_->values.data()));
  final_report_.restored_epoch = best_->epoch;
  const std::string line = absl::StrCat(
      "Restoring model weights from the end of the best epoch: ", best_->epoch + 1, ".");
  Tell([&](report::Observer& observer) { observer.OnNotice(line); });
  return absl::OkStatus();
}

absl::Status Trainer::ReportEpoch(double validation_seconds, const metrics::EpochMetrics& metrics) {
  struct RankReport {
    metrics::PhaseSeconds phases;
    int64_t peak_rss_bytes;
  };
  const RankReport mine = {.phases = step_->phases(), .peak_rss_bytes = PeakRssBytes()};
  std::vector<RankReport> all(static_cast<size_t>(communicator_.world_size()));
  CONVOY_RETURN_IF_ERROR(communicator_.AllGather(&mine, sizeof(mine), all.data()));
  report::EpochReport report{.epoch = position_.epoch,
                             .train_seconds = epoch_seconds_.back(),
                             .validation_seconds = validation_seconds,
                             .train_images = job_.train.count,
                             .metrics = metrics};
  for (const RankReport& rank : all) {
    report.phases.push_back(rank.phases);
    report.peak_rss_bytes = std::max(report.peak_rss_bytes, rank.peak_rss_bytes);
  }
  Tell([&](report::Observer& observer) { observer.OnEpoch(report); });
  return absl::OkStatus();
}

absl::Status Trainer::EvaluateTestImages() {
  CONVOY_ASSIGN_OR_RETURN(const evaluate::EvaluationSums sums,
                          EvaluateOnAllRanks(communicator_, team_, threads_of_rank_, runners_,
                                             step_->weights().prepared(), job_.test));
  final_report_.test_loss = Mean(sums.loss, job_.test.count);
  final_report_.test_accuracy = Mean(static_cast<double>(sums.correct), job_.test.count);
  final_metrics_ = {{"test_loss", final_report_.test_loss},
                    {"test_accuracy", final_report_.test_accuracy}};
  return absl::OkStatus();
}

void Trainer::FillModel(formats::ModelFile* model) const {
  model->model_textproto = nn::ModelSpecToText(job_.recipe.model);
  model->recipe_textproto = RecipeToText(job_.recipe_proto);
  model->data_sha256 = job_.data_sha256;
  model->kernel_family = {.isa = std::string(IsaName(kernels::CurrentIsa())),
                          .blas_core = kernels::BlasCore()};
  const std::vector<nn::Parameter> parameters = plan_.network().Parameters();
  model->tensors.resize(parameters.size());
  for (size_t i = 0; i < parameters.size(); ++i) {
    formats::NamedTensor& tensor = model->tensors[i];
    tensor.name = parameters[i].name;
    tensor.shape = parameters[i].shape;
    tensor.trainable = parameters[i].trainable;
    const float* values = step_->weights().current() + parameters[i].offset;
    tensor.data.assign(values, values + parameters[i].size);
  }
  model->metrics = final_metrics_;
}

formats::ModelFile Trainer::Model() const {
  formats::ModelFile model;
  FillModel(&model);
  return model;
}

// Rank 0 gets the slots of all ranks in the parameters' order; the others nothing.
absl::StatusOr<std::vector<formats::OptimizerSlot>> Trainer::GatherSlots() {
  step::RangeOptimizer& optimizer = step_->slots();
  const int rank = communicator_.rank();
  const int64_t num_parameters = plan_.network().num_parameters();
  const bool all_at_rank_zero = step::TotalSize(step_->UpdatedBy(0)) == num_parameters;
  std::vector<formats::OptimizerSlot> slots(optimizer.slot_names().size());
  for (size_t i = 0; i < slots.size(); ++i) {
    slots[i].name = optimizer.slot_names()[i];
    std::vector<float>& values = slots[i].values;
    const AlignedBuffer<float>& own = optimizer.slot(i);
    if (all_at_rank_zero) {
      if (rank == 0) values.assign(own.begin(), own.end());
    } else {
      CONVOY_ASSIGN_OR_RETURN(values, GatherUpdated(own.data()));
    }
    if (rank == 0) KeepTrainable(plan_.network(), &values);
  }
  return slots;
}

// Returns, on rank 0, every rank's part of `values` [num_parameters] at its place.
absl::StatusOr<std::vector<float>> Trainer::GatherUpdated(const float* values) {
  std::vector<int64_t> counts;
  std::vector<int64_t> offsets;
  int64_t total = 0;
  for (int rank = 0; rank < communicator_.world_size(); ++rank) {
    counts.push_back(step::TotalSize(step_->UpdatedBy(rank)));
    offsets.push_back(total);
    total += counts.back();
  }
  std::vector<float> own;
  for (const data::Range& range : step_->UpdatedBy(communicator_.rank())) {
    own.insert(own.end(), values + range.begin, values + range.end);
  }
  const bool root = communicator_.rank() == 0;
  std::vector<float> packed(root ? static_cast<size_t>(total) : 0);
  CONVOY_RETURN_IF_ERROR(communicator_.GatherParts(own.data(), packed.data(), counts, offsets, 0));
  std::vector<float> placed(packed.size());
  auto next = packed.begin();
  for (int rank = 0; root && rank < communicator_.world_size(); ++rank) {
    for (const data::Range& range : step_->UpdatedBy(rank)) {
      std::copy(next, next + range.size(), placed.begin() + range.begin);
      next += range.size();
    }
  }
  return placed;
}

absl::Status Trainer::SaveCheckpoint() {
  if (saved_position_ == position_) return absl::OkStatus();
  CONVOY_ASSIGN_OR_RETURN(std::vector<formats::OptimizerSlot> slots, GatherSlots());
  absl::Status submitted;
  if (checkpoint_writer_ != nullptr) {
    std::unique_ptr<formats::Checkpoint> checkpoint = checkpoint_writer_->TakeBuffer();
    FillModel(&checkpoint->model);
    checkpoint->position = position_;
    checkpoint->sums = sums_;
    checkpoint->history.clear();
    for (const metrics::EpochMetrics& epoch : history_) {
      std::vector<formats::NamedValue>& values = checkpoint->history.emplace_back();
      for (const auto& [name, value] : epoch) values.push_back({name, value});
    }
    checkpoint->optimizer = {.step_count = position_.global_step, .slots = std::move(slots)};
    checkpoint->best = best_;
    checkpoint->callbacks = callbacks_.Save();
    checkpoint->run = {
        .run_id = options_.run_id, .restarts = restarts_, .epoch_train_seconds = epoch_seconds_};
    submitted = checkpoint_writer_->Submit(std::move(checkpoint));
  }
  saved_position_ = position_;
  return comm::Agree(communicator_, submitted);
}

absl::Status Trainer::FlushCheckpoints() {
  const absl::Status flushed =
      checkpoint_writer_ == nullptr ? absl::OkStatus() : checkpoint_writer_->Flush();
  return comm::Agree(communicator_, flushed);
}

}  // namespace convoy::train
