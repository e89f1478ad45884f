// The training loop of one rank.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/base/thread_team.h"
#include "common/evaluate/evaluation.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_file.h"
#include "common/metrics/history.h"
#include "worker/comm/communicator.h"
#include "worker/report/observer.h"
#include "worker/step/training_step.h"
#include "worker/train/callbacks.h"
#include "worker/train/checkpointer.h"
#include "worker/train/expectation.h"
#include "worker/train/job.h"
#include "worker/train/progress.h"
#include "worker/watch/watch.h"

namespace convoy::train {

struct TrainerOptions {
  int threads = 1;                            // of this rank
  int64_t checkpoint_every = 0;               // steps; 0: at the end of epochs only
  int64_t stop_after_epoch = 0;               // as if asked to stop at its end; 0: never
  std::string run_id;                         // rank 0
  formats::CheckpointStore* store = nullptr;  // rank 0 only; may be null: no checkpoints
  Checkpointer::OnSaved on_checkpoint;        // rank 0; may be empty
  std::vector<report::Observer*> observers;   // rank 0 only
  watch::Watch* watch = nullptr;              // is told what this rank does; may be null
};

enum class Outcome { kFinished, kStopped, kCancelled };

// Thread-compatible: the rank's training thread makes all calls. All calls are COLLECTIVE.
class Trainer {
 public:
  // Agrees with the other ranks on who has how many threads and sets up the weights: the initial
  // ones, or those of the job's checkpoint. `job` must outlive the trainer.
  static absl::StatusOr<std::unique_ptr<Trainer>> Create(comm::Communicator& communicator,
                                                         const Job& job, TrainerOptions options);
  ~Trainer();

  // Trains to the end of the last epoch and evaluates, or stops at a step on request, with a
  // checkpoint; whether it was cancelled is rank 0's to say. Returns, on all ranks, ABORTED, naming
  // the step, if the loss or the gradient is not finite, or what prevented a checkpoint from being
  // written.
  absl::StatusOr<Outcome> Run();

  // Before Run: the network as the training finds it.
  formats::ModelFile UntrainedModel() const;

  // After Run has returned kFinished: the trained model, which model.convoy holds, and its results.
  formats::ModelFile Model() const;
  const report::FinalReport& final_report() const { return final_report_; }

  // Says how each layer is computed.
  std::string ExplainPlan() const { return plan_.Explain(); }

 private:
  Trainer(comm::Communicator& communicator, const Job& job, TrainerOptions options, nn::Plan plan,
          std::unique_ptr<optim::Optimizer> optimizer, std::vector<int> threads_of_rank);

  absl::Status Open();
  absl::Status MeasureHosts(const std::vector<std::string>& hosts);
  absl::StatusOr<Outcome> Stop();
  void Enter(watch::Phase phase);
  absl::Status SaveCheckpoint();
  absl::StatusOr<bool> RunEpoch();
  absl::StatusOr<bool> RunStep();
  absl::StatusOr<step::StepResult> Step();
  int64_t StepsPerEpoch() const;
  double LearningRateOf(int64_t step) const;
  absl::Status FinishEpoch();
  absl::Status Validate(metrics::EpochMetrics* metrics);
  void RunCallbacks(const metrics::EpochMetrics& metrics);
  absl::Status RestoreBestWeights();
  absl::Status ReportEpoch(double validation_seconds, const metrics::EpochMetrics& metrics);
  absl::Status EvaluateTestImages();
  absl::StatusOr<evaluate::EvaluationSums> Evaluate(const data::DatasetView& images);

  template <typename Call>
  void Tell(Call call) {
    for (report::Observer* observer : options_.observers) call(*observer);
  }

  comm::Communicator& communicator_;
  const Job& job_;
  const TrainerOptions options_;
  const nn::Plan plan_;
  const std::unique_ptr<optim::Optimizer> optimizer_;
  const std::vector<int> threads_of_rank_;
  ThreadTeam team_;
  std::vector<step::MicroBatchRunner> runners_;
  const std::vector<step::BatchPartition> batches_;
  std::unique_ptr<step::TrainingStep> step_;
  std::unique_ptr<Checkpointer> checkpointer_;
  Callbacks callbacks_;
  Progress progress_;
  std::vector<uint32_t> order_;  // of the epoch's images
  report::FinalReport final_report_;
  std::optional<Expectation> expectation_;  // rank 0's, where there are several hosts
};

}  // namespace convoy::train
