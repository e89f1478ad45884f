#include "worker/train/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "common/base/files.h"
#include "common/formats/model_file.h"
#include "tests/support/several_hosts.h"
#include "tests/support/thread_ranks.h"
#include "worker/train/job_testing.h"

namespace convoy::train {
namespace {

using ::testing::ElementsAre;

// Writes down what it is told.
class Listener : public report::Observer {
 public:
  void OnStart(const report::JobFacts& facts) override { told.push_back("start"); }
  void OnEpochStart(int64_t epoch, int64_t) override {
    told.push_back("epoch " + std::to_string(epoch));
  }
  void OnStep(const report::StepProgress& progress) override { steps = progress.global_step; }
  void OnEpoch(const report::EpochReport& report) override {
    told.push_back("end");
    losses.push_back(report.metrics[0].second);
    ranks = report.phases.size();
  }
  void OnNotice(const i18n::Message& line) override { notices.push_back(line.english); }
  std::vector<std::string> told;
  std::vector<std::string> notices;
  std::vector<double> losses;
  int64_t steps = 0;
  size_t ranks = 0;
};

// How a test trains, beside the recipe.
struct Way {
  int ranks = 1;
  int threads = 1;
  bool several_hosts = false;
  std::string store;  // directory of checkpoints; empty: none
  std::optional<formats::Checkpoint> from;
  int64_t checkpoint_every = 0;
  int64_t stop_after_epoch = 0;
};

struct Trained {
  absl::Status status;
  Outcome outcome = Outcome::kFinished;
  std::string weights_sha256;
  report::FinalReport report;
  Listener listener;  // rank 0's
};

// Returns what rank 0 has after training; the status of all ranks must be the same.
Trained Train(const v1::Recipe& recipe, const Way& way) {
  Trained trained;
  std::mutex mutex;
  std::vector<absl::Status> statuses;
  testing::RunRanks(way.ranks, [&](comm::Communicator& rank) {
    testing::SeveralHosts hosts(rank);
    comm::Communicator& comm = way.several_hosts ? static_cast<comm::Communicator&>(hosts) : rank;
    Job job = TestJob(recipe);
    job.checkpoint = way.from;
    std::optional<formats::CheckpointStore> store;
    TrainerOptions options{.threads = way.threads,
                           .checkpoint_every = way.checkpoint_every,
                           .stop_after_epoch = way.stop_after_epoch};
    if (rank.rank() == 0) {
      options.observers = {&trained.listener};
      if (!way.store.empty()) store = formats::CheckpointStore::Open(way.store, 100).value();
      if (store) options.store = &*store;
    }
    auto trainer = Trainer::Create(comm, job, options).value();
    const absl::StatusOr<Outcome> outcome = trainer->Run();
    const std::lock_guard<std::mutex> lock(mutex);
    statuses.push_back(outcome.status());
    if (rank.rank() != 0) return;
    trained.status = outcome.status();
    if (outcome.ok()) trained.outcome = *outcome;
    trained.report = trainer->final_report();
    trained.weights_sha256 = formats::WeightsSha256(trainer->Model().tensors);
  });
  for (const absl::Status& status : statuses) EXPECT_EQ(status, trained.status);
  return trained;
}

TEST(TrainerTest, RanksThreadsAndHostsDoNotShowInTheBits) {
  const Trained of_floats = Train(TestRecipe(), {});
  const std::vector<Way> ways = {{.ranks = 2},
                                 {.ranks = 3, .threads = 2},
                                 {.ranks = 2, .several_hosts = true},
                                 {.ranks = 3, .several_hosts = true},
                                 {.ranks = 6, .several_hosts = true}};
  for (const std::string exchange : {"float32", "bfloat16"}) {
    const v1::Recipe recipe = TestRecipe("exchange: '" + exchange + "'");
    const Trained alone = Train(recipe, {});
    ASSERT_TRUE(alone.status.ok()) << alone.status;
    EXPECT_EQ(alone.weights_sha256 == of_floats.weights_sha256, exchange == "float32");
    for (const Way& way : ways) {
      const Trained trained = Train(recipe, way);
      ASSERT_TRUE(trained.status.ok()) << trained.status;
      EXPECT_EQ(trained.weights_sha256, alone.weights_sha256)
          << exchange << ", " << way.ranks << " ranks";
      EXPECT_EQ(trained.listener.losses, alone.listener.losses);
      EXPECT_EQ(trained.report.test_loss, alone.report.test_loss);
      EXPECT_EQ(trained.listener.ranks, static_cast<size_t>(way.ranks));
    }
  }
}

TEST(TrainerTest, AllReduceTrainsToAlmostTheSame) {
  const Trained exact = Train(TestRecipe(), {});
  for (const int ranks : {1, 2, 3}) {
    for (const int threads : {1, 2}) {
      const Trained mpi = Train(TestRecipe("reduce: 'mpi'"), {.ranks = ranks, .threads = threads});
      ASSERT_TRUE(mpi.status.ok()) << mpi.status;
      EXPECT_NEAR(mpi.listener.losses.back(), exact.listener.losses.back(), 1e-4);
      EXPECT_NEAR(mpi.report.test_loss, exact.report.test_loss, 1e-4);
    }
  }
}

TEST(TrainerTest, TellsObserversInOrder) {
  const Trained trained = Train(TestRecipe(), {.ranks = 2});
  EXPECT_THAT(trained.listener.told, ElementsAre("start", "epoch 0", "end", "epoch 1", "end"));
  EXPECT_EQ(trained.listener.steps, 8);  // 53 images: 16, 16, 16 and 5, twice
  EXPECT_LT(trained.listener.losses[1], trained.listener.losses[0]);
}

TEST(TrainerTest, SaysOnceWhatSeveralHostsMayExpect) {
  v1::Recipe recipe = TestRecipe();
  recipe.set_epochs(12);
  EXPECT_THAT(Train(recipe, {.ranks = 3, .several_hosts = true}).listener.notices,
              ElementsAre(::testing::StartsWith("note: 3 hosts at ")));
  EXPECT_THAT(Train(recipe, {.ranks = 3}).listener.notices, ElementsAre());
  recipe.set_reduce("mpi");
  EXPECT_THAT(Train(recipe, {.ranks = 3, .several_hosts = true}).listener.notices, ElementsAre());
}

// Every step's checkpoint leads to the bits of the undisturbed run, on other ranks too.
TEST(TrainerTest, GoesOnFromAnyCheckpointOnOtherRanks) {
  const std::string directory = ::testing::TempDir() + "/trainer_test_" + std::to_string(getpid());
  const std::vector<std::string> kinds = {"reduce: 'exact'", "reduce: 'mpi'",
                                          "exchange: 'bfloat16'"};
  for (size_t kind = 0; kind < kinds.size(); ++kind) {
    const v1::Recipe recipe = TestRecipe(kinds[kind]);
    const bool exact = kind != 1;
    const std::string store = directory + std::to_string(kind);
    const Trained whole =
        Train(recipe, {.ranks = exact ? 3 : 1, .store = store, .checkpoint_every = 1});
    ASSERT_TRUE(whole.status.ok()) << whole.status;
    int found = 0;
    for (const auto& file : std::filesystem::directory_iterator(store)) {
      const auto checkpoint = formats::DecodeCheckpoint(
          ReadFile(file.path().string(), 1 << 24).value(), file.path().string());
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
      const Trained rest = Train(recipe, {.ranks = exact ? 1 + found % 4 : 1, .from = *checkpoint});
      EXPECT_EQ(rest.weights_sha256, whole.weights_sha256)
          << kinds[kind] << ", step " << checkpoint->position.global_step;
      EXPECT_EQ(rest.report.test_loss, whole.report.test_loss);
      ++found;
    }
    EXPECT_EQ(found, 8);
    std::filesystem::remove_all(store);
  }
}

TEST(TrainerTest, StopsAfterAnEpochAndGoesOnToTheSameBits) {
  const std::string store = ::testing::TempDir() + "/trainer_test_stop_" + std::to_string(getpid());
  const Trained stopped = Train(TestRecipe(), {.ranks = 2, .store = store, .stop_after_epoch = 1});
  EXPECT_EQ(stopped.outcome, Outcome::kStopped);
  EXPECT_THAT(stopped.listener.told, ElementsAre("start", "epoch 0", "end"));
  const std::string path = store + "/" + formats::CheckpointFileName(4);
  const auto checkpoint = formats::DecodeCheckpoint(ReadFile(path, 1 << 24).value(), path);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const Trained again = Train(TestRecipe(), {.from = *checkpoint, .stop_after_epoch = 1});
  EXPECT_EQ(again.outcome, Outcome::kStopped);
  EXPECT_EQ(again.listener.steps, 0);
  const Trained whole = Train(TestRecipe(), {.ranks = 3});
  for (const int64_t epoch :
       {0, 2, 7}) {  // the last one, and those that there are not, end nothing
    const Trained rest = Train(TestRecipe(), {.from = *checkpoint, .stop_after_epoch = epoch});
    EXPECT_EQ(rest.outcome, Outcome::kFinished);
    EXPECT_EQ(rest.weights_sha256, whole.weights_sha256);
  }
  std::filesystem::remove_all(store);
}

TEST(TrainerTest, NamesTheStepWhoseWeightsAreNotFinite) {
  for (const std::string reduce : {"exact", "mpi"}) {
    v1::Recipe recipe = TestRecipe("reduce: '" + reduce + "'");
    recipe.mutable_optimizer()->set_name("sgd");
    recipe.mutable_optimizer()->set_learning_rate(1e38);
    const Trained trained = Train(recipe, {.ranks = 2});
    EXPECT_EQ(trained.status.code(), absl::StatusCode::kAborted);
    EXPECT_THAT(std::string(trained.status.message()),
                ::testing::MatchesRegex("step [12] \\(epoch 1, batch [12]\\): .* not finite"));
  }
}

TEST(TrainerTest, EarlyStoppingRestoresTheBestWeights) {
  const v1::Recipe recipe = TestRecipe(
      "early_stopping { monitor: 'val_loss' patience: 1 restore_best_weights: true } "
      "optimizer { learning_rate: 0.5 }");
  v1::Recipe longer = recipe;
  longer.set_epochs(30);
  const Trained trained = Train(longer, {.ranks = 2});
  ASSERT_TRUE(trained.status.ok()) << trained.status;
  ASSERT_LT(trained.listener.losses.size(), 30u);
  ASSERT_TRUE(trained.report.restored_epoch.has_value());
  EXPECT_LT(*trained.report.restored_epoch,
            static_cast<int64_t>(trained.listener.losses.size()) - 1);
}

}  // namespace
}  // namespace convoy::train
