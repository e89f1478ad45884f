#include "worker/train/exact_step.h"

#include <algorithm>
#include <numeric>

#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/stopwatch.h"
#include "common/kernels/vector_ops.h"

namespace convoy::train {

using reduce::BatchLayout;
using reduce::LeafSchedule;
using reduce::Range;
using reduce::SumProgram;

struct ExactStep::RankSchedule {
  // A node of the rank, and the nodes on the threads' stacks that make it up.
  struct Merge {
    SumProgram program;
    std::vector<const float*> sources;
    std::vector<const double*> loss_sources;
  };

  const BatchLayout* layout;
  std::vector<LeafSchedule> threads;
  std::vector<Merge> merges;
};

ExactStep::~ExactStep() = default;

ExactStep::ExactStep(comm::Communicator& communicator, ThreadTeam& team,
                     std::vector<MicroBatchRunner>& runners, const optim::Optimizer& optimizer,
                     const std::vector<const BatchLayout*>& layouts, Weights& weights)
    : communicator_(communicator),
      team_(team),
      runners_(runners),
      weights_(weights),
      num_parameters_(static_cast<int64_t>(weights.current().size())),
      thread_sums_(static_cast<size_t>(team.size())),
      reducer_(communicator, team, num_parameters_, layouts),
      shard_(optimizer,
             reduce::OwnedSlice(num_parameters_, communicator.rank(), communicator.world_size())) {
  const int rank = communicator.rank();
  for (const BatchLayout* layout : layouts) {
    auto schedule = std::make_unique<RankSchedule>(RankSchedule{.layout = layout});
    for (int thread = 0; thread < team.size(); ++thread) {
      schedule->threads.emplace_back(layout->num_micro_batches(),
                                     layout->RunOfThread(rank, thread));
      ThreadSums& sums = thread_sums_[static_cast<size_t>(thread)];
      const auto stack_size = static_cast<size_t>(schedule->threads.back().stack_size());
      while (sums.gradients.size() < stack_size) {
        sums.gradients.emplace_back(static_cast<size_t>(num_parameters_));
      }
      sums.losses.resize(std::max(sums.losses.size(), stack_size));
    }
    schedules_.push_back(std::move(schedule));
  }
  // The stacks do not move any more: note where each node of the rank will find its parts.
  for (const auto& schedule : schedules_) {
    for (const Range& node : schedule->layout->NodesOfRank(rank)) {
      std::vector<Range> parts;
      std::vector<const float*> sources;
      std::vector<const double*> loss_sources;
      for (size_t thread = 0; thread < thread_sums_.size(); ++thread) {
        const std::vector<Range>& stack = schedule->threads[thread].result();
        for (size_t i = 0; i < stack.size(); ++i) {
          if (stack[i].begin < node.begin || stack[i].end > node.end) continue;
          parts.push_back(stack[i]);
          sources.push_back(thread_sums_[thread].gradients[i].data());
          loss_sources.push_back(&thread_sums_[thread].losses[i]);
        }
      }
      schedule->merges.push_back(
          {.program = SumProgram(schedule->layout->num_micro_batches(), parts, node),
           .sources = std::move(sources),
           .loss_sources = std::move(loss_sources)});
    }
    while (team.size() > 1 && rank_sums_.size() < schedule->merges.size()) {
      rank_sums_.emplace_back(static_cast<size_t>(num_parameters_));
    }
  }
}

const ExactStep::RankSchedule& ExactStep::ScheduleOf(const BatchLayout& layout) const {
  const auto found = std::find_if(schedules_.begin(), schedules_.end(),
                                  [&](const auto& s) { return s->layout == &layout; });
  CONVOY_CHECK(found != schedules_.end());
  return **found;
}

absl::StatusOr<reduce::StepResult> ExactStep::Run(const StepInput& input) {
  const RankSchedule& schedule = ScheduleOf(*input.layout);
  Stopwatch watch;
  team_.Run([&](int thread) { ComputeRun(schedule, input, thread); });
  const double compute_seconds = watch.Lap();
  double busy_seconds = 0;
  for (const ThreadSums& sums : thread_sums_) busy_seconds += sums.seconds;
  phases_.wait += compute_seconds - busy_seconds / team_.size();
  AddThreads(schedule);
  contribution_.stop_requested = input.stop_requested;
  phases_.reduce += watch.Lap();
  CONVOY_ASSIGN_OR_RETURN(
      const reduce::StepResult result,
      reducer_.Step(*input.layout, contribution_, input.rule, weights_.current().data(),
                    weights_.next(), &shard_, &phases_));
  watch.Lap();
  weights_.Advance();
  phases_.update += watch.Lap();
  return result;
}

void ExactStep::ComputeRun(const RankSchedule& schedule, const StepInput& input, int thread) {
  Stopwatch watch;
  ThreadSums& sums = thread_sums_[static_cast<size_t>(thread)];
  const LeafSchedule& leaves = schedule.threads[static_cast<size_t>(thread)];
  const Range run = input.layout->RunOfThread(communicator_.rank(), thread);
  sums.correct = 0;
  size_t top = 0;
  for (int64_t leaf = run.begin; leaf < run.end; ++leaf) {
    const Range images = input.layout->ImagesOf(leaf);
    const kernels::LossSums result = runners_[static_cast<size_t>(thread)].Run(
        weights_.prepared(), input.seed, input.epoch, input.image_index + images.begin,
        static_cast<int>(images.size()), sums.gradients[top].data());
    sums.losses[top] = result.loss;
    sums.correct += result.correct;
    ++top;
    for (int i = leaves.additions_after(leaf - run.begin); i > 0; --i, --top) {
      kernels::Add(sums.gradients[top - 1].data(), sums.gradients[top - 2].data(), num_parameters_);
      sums.losses[top - 2] += sums.losses[top - 1];
    }
  }
  sums.seconds = watch.Elapsed();
}

void ExactStep::AddThreads(const RankSchedule& schedule) {
  contribution_.gradients.clear();
  contribution_.losses.clear();
  contribution_.correct = 0;
  for (const ThreadSums& sums : thread_sums_) contribution_.correct += sums.correct;
  for (size_t i = 0; i < schedule.merges.size(); ++i) {
    const RankSchedule::Merge& merge = schedule.merges[i];
    std::vector<double> losses;
    for (const double* loss : merge.loss_sources) losses.push_back(*loss);
    contribution_.losses.push_back(merge.program.Sum(losses.data()));
    const bool one_part = merge.sources.size() == 1;
    contribution_.gradients.push_back(one_part ? merge.sources[0] : rank_sums_[i].data());
  }
  if (team_.size() == 1) return;
  team_.Run([&](int thread) {
    const Range part = reduce::OwnedSlice(num_parameters_, thread, team_.size());
    for (size_t i = 0; i < schedule.merges.size(); ++i) {
      const RankSchedule::Merge& merge = schedule.merges[i];
      if (merge.sources.size() == 1) continue;
      merge.program.Sum(merge.sources.data(), part, rank_sums_[i].data() + part.begin);
    }
  });
}

metrics::PhaseSeconds ExactStep::phases() const {
  metrics::PhaseSeconds phases = MeanPassSeconds(runners_);
  phases += phases_;
  return phases;
}

}  // namespace convoy::train
