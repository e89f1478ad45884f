// A checkpoint as a container (docs/container_format.md): the sections of a model, the state of
// training as a message, and an array a section for the optimizer's slots and the best weights. The
// optimizer's state is whole, in the order of the parameters, not in the shards of the ranks that
// wrote it: this is what lets training go on at another world size.
#include "common/formats/checkpoint.h"

#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/formats/container.h"
#include "common/formats/sections.h"

namespace convoy::formats {
namespace {

constexpr char kTrainingSection[] = "training";
constexpr char kRunSection[] = "run";
constexpr char kBestWeightsSection[] = "best_weights";
constexpr char kSlotPrefix[] = "slot/";
constexpr size_t kMaxSlotNameBytes = 24;
// The other sections of a checkpoint take a few places in the container's table.
constexpr size_t kMaxSlots = 256;

std::string SlotSection(const std::string& slot) { return absl::StrCat(kSlotPrefix, slot); }

absl::Status ValidateCounts(const Checkpoint& checkpoint) {
  const Position& position = checkpoint.position;
  const MetricSums& sums = checkpoint.sums;
  for (int64_t count :
       {position.epoch, position.step_in_epoch, position.global_step, position.images_seen,
        sums.correct, sums.count, checkpoint.optimizer.step_count, checkpoint.run.restarts,
        checkpoint.best.has_value() ? checkpoint.best->epoch : 0}) {
    if (count < 0) return absl::InvalidArgumentError("a position or count is negative");
  }
  if (sums.correct > sums.count) {
    return absl::InvalidArgumentError(
        absl::StrCat(sums.correct, " of ", sums.count, " images cannot be correct"));
  }
  if (checkpoint.history.size() != static_cast<size_t>(position.epoch)) {
    return absl::InvalidArgumentError(absl::StrCat("the history has ", checkpoint.history.size(),
                                                   " epochs, but ", position.epoch,
                                                   " are finished"));
  }
  return absl::OkStatus();
}

absl::Status CheckSize(std::string_view what, const std::vector<float>& values, int64_t expected) {
  if (values.size() == static_cast<size_t>(expected)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat(std::string(what), " has ", values.size(), " elements, not ", expected));
}

absl::Status ValidateSlotNames(const std::vector<std::string_view>& names) {
  if (names.size() > kMaxSlots) {
    return absl::InvalidArgumentError(absl::StrCat("more than ", kMaxSlots, " optimizer slots"));
  }
  for (std::string_view name : names) {
    if (!IsSectionName(name) || name.size() > kMaxSlotNameBytes) {
      return absl::InvalidArgumentError("an optimizer slot has no proper name");
    }
  }
  return CheckNames(names, "optimizer slots");
}

absl::Status ValidateOptimizer(const OptimizerState& optimizer, int64_t trainable_elems) {
  std::vector<std::string_view> names;
  for (const OptimizerSlot& slot : optimizer.slots) names.push_back(slot.name);
  CONVOY_RETURN_IF_ERROR(ValidateSlotNames(names));
  for (const OptimizerSlot& slot : optimizer.slots) {
    CONVOY_RETURN_IF_ERROR(
        CheckSize(absl::StrCat("slot '", slot.name, "'"), slot.values, trainable_elems));
  }
  return absl::OkStatus();
}

absl::Status ValidateHistory(const metrics::History& history) {
  for (const metrics::EpochMetrics& metrics : history) {
    std::vector<std::string_view> names;
    for (const auto& [name, value] : metrics) names.push_back(name);
    CONVOY_RETURN_IF_ERROR(CheckNames(names, "history"));
  }
  return absl::OkStatus();
}

v1::TrainingSection TrainingToProto(const Checkpoint& checkpoint) {
  v1::TrainingSection section;
  section.set_epoch(checkpoint.position.epoch);
  section.set_step_in_epoch(checkpoint.position.step_in_epoch);
  section.set_global_step(checkpoint.position.global_step);
  section.set_images_seen(checkpoint.position.images_seen);
  section.set_loss_sum(checkpoint.sums.loss_sum);
  section.set_correct(checkpoint.sums.correct);
  section.set_count(checkpoint.sums.count);
  for (const auto& metrics : checkpoint.history) {
    ToProto(metrics, section.add_history()->mutable_metrics());
  }
  section.set_optimizer_step_count(checkpoint.optimizer.step_count);
  for (const OptimizerSlot& slot : checkpoint.optimizer.slots) {
    section.add_optimizer_slots()->set_name(slot.name);
  }
  if (checkpoint.best.has_value()) {
    v1::BestWeights* best = section.mutable_best_weights();
    best->set_monitor(checkpoint.best->monitor);
    best->set_value(checkpoint.best->value);
    best->set_epoch(checkpoint.best->epoch);
  }
  for (const auto& [name, state] : checkpoint.callbacks) {
    v1::CallbackState* callback = section.add_callbacks();
    callback->set_name(name);
    callback->set_state(state);
  }
  return section;
}

v1::RunSection RunToProto(const RunInfo& run) {
  v1::RunSection section;
  section.set_run_id(run.run_id);
  section.set_restarts(run.restarts);
  section.mutable_epoch_train_seconds()->Add(run.epoch_train_seconds.begin(),
                                             run.epoch_train_seconds.end());
  section.set_blas_config(run.blas_config);
  return section;
}

// Everything of the section "training" that is not an array.
void TrainingFromProto(const v1::TrainingSection& section, Checkpoint* checkpoint) {
  checkpoint->position = {section.epoch(), section.step_in_epoch(), section.global_step(),
                          section.images_seen()};
  checkpoint->sums = {section.loss_sum(), section.correct(), section.count()};
  for (const v1::EpochHistory& epoch : section.history()) {
    checkpoint->history.push_back(FromProto(epoch.metrics()));
  }
  checkpoint->optimizer.step_count = section.optimizer_step_count();
  for (const v1::CallbackState& callback : section.callbacks()) {
    checkpoint->callbacks[callback.name()] = callback.state();
  }
}

absl::Status ReadSlots(const ContainerReader& container, const v1::TrainingSection& section,
                       Checkpoint* checkpoint) {
  // Names first: each must be an own section, or a small file could ask for many large arrays.
  std::vector<std::string_view> names;
  for (const v1::OptimizerSlot& slot : section.optimizer_slots()) names.push_back(slot.name());
  CONVOY_RETURN_IF_ERROR(AsDamage(container, ValidateSlotNames(names)));
  const int64_t num_elems = TotalElems(checkpoint->model.tensors, /*only_trainable=*/true);
  for (const v1::OptimizerSlot& slot : section.optimizer_slots()) {
    CONVOY_ASSIGN_OR_RETURN(std::vector<float> values,
                            ReadFloats(container, SlotSection(slot.name()), num_elems));
    checkpoint->optimizer.slots.push_back({slot.name(), std::move(values)});
  }
  return absl::OkStatus();
}

absl::Status ReadBest(const ContainerReader& container, const v1::TrainingSection& section,
                      Checkpoint* checkpoint) {
  if (!section.has_best_weights()) return absl::OkStatus();
  const v1::BestWeights& best = section.best_weights();
  const int64_t num_elems = TotalElems(checkpoint->model.tensors, /*only_trainable=*/false);
  CONVOY_ASSIGN_OR_RETURN(std::vector<float> values,
                          ReadFloats(container, kBestWeightsSection, num_elems));
  checkpoint->best = BestWeights{best.monitor(), best.value(), best.epoch(), std::move(values)};
  return absl::OkStatus();
}

absl::Status ReadRun(const ContainerReader& container, RunInfo* run) {
  v1::RunSection section;
  CONVOY_RETURN_IF_ERROR(ParseMessage(container, kRunSection, &section));
  run->run_id = section.run_id();
  run->restarts = section.restarts();
  run->epoch_train_seconds.assign(section.epoch_train_seconds().begin(),
                                  section.epoch_train_seconds().end());
  run->blas_config = section.blas_config();
  return absl::OkStatus();
}

}  // namespace

absl::Status ValidateCheckpoint(const Checkpoint& checkpoint) {
  CONVOY_RETURN_IF_ERROR(ValidateModel(checkpoint.model));
  CONVOY_RETURN_IF_ERROR(ValidateCounts(checkpoint));
  CONVOY_RETURN_IF_ERROR(ValidateHistory(checkpoint.history));
  const std::vector<NamedTensor>& tensors = checkpoint.model.tensors;
  CONVOY_RETURN_IF_ERROR(
      ValidateOptimizer(checkpoint.optimizer, TotalElems(tensors, /*only_trainable=*/true)));
  if (checkpoint.best.has_value()) {
    CONVOY_RETURN_IF_ERROR(CheckNames({checkpoint.best->monitor}, "monitor"));
    CONVOY_RETURN_IF_ERROR(CheckSize("best weights", checkpoint.best->values,
                                     TotalElems(tensors, /*only_trainable=*/false)));
  }
  std::vector<std::string_view> names;
  for (const auto& [name, state] : checkpoint.callbacks) names.push_back(name);
  return CheckNames(names, "callbacks");
}

absl::Status EncodeCheckpoint(const Checkpoint& checkpoint, std::string* bytes) {
  CONVOY_RETURN_IF_ERROR(Annotate(ValidateCheckpoint(checkpoint), "checkpoint"));
  CONVOY_ASSIGN_OR_RETURN(const std::string model,
                          SerializeMessage(kModelSection, ToProto(checkpoint.model)));
  CONVOY_ASSIGN_OR_RETURN(const std::string training,
                          SerializeMessage(kTrainingSection, TrainingToProto(checkpoint)));
  CONVOY_ASSIGN_OR_RETURN(const std::string run,
                          SerializeMessage(kRunSection, RunToProto(checkpoint.run)));
  ContainerWriter writer(ContainerKind::kCheckpoint);
  writer.AddSection(kModelSection, model);
  writer.AddSection(kTrainingSection, training);
  writer.AddSection(kWeightsSection, WeightPieces(checkpoint.model.tensors));
  for (const OptimizerSlot& slot : checkpoint.optimizer.slots) {
    writer.AddSection(SlotSection(slot.name), FloatBytes(slot.values));
  }
  if (checkpoint.best.has_value()) {
    writer.AddSection(kBestWeightsSection, FloatBytes(checkpoint.best->values));
  }
  writer.AddSection(kRunSection, run, Coverage::kNotCovered);
  writer.Finish(bytes);
  return absl::OkStatus();
}

absl::StatusOr<Checkpoint> DecodeCheckpoint(std::string bytes, std::string name) {
  CONVOY_ASSIGN_OR_RETURN(const ContainerReader container,
                          ContainerReader::Parse(std::move(bytes), std::move(name)));
  if (container.kind() != ContainerKind::kCheckpoint) {
    return absl::InvalidArgumentError(absl::StrCat(
        container.name(), ": is a ", std::string(KindName(container.kind())),
        ", not a checkpoint; training can only go on from a file of a run's checkpoints/"));
  }
  v1::TrainingSection section;
  CONVOY_RETURN_IF_ERROR(ParseMessage(container, kTrainingSection, &section));
  Checkpoint checkpoint;
  CONVOY_ASSIGN_OR_RETURN(checkpoint.model, DecodeModel(container));
  TrainingFromProto(section, &checkpoint);
  CONVOY_RETURN_IF_ERROR(ReadSlots(container, section, &checkpoint));
  CONVOY_RETURN_IF_ERROR(ReadBest(container, section, &checkpoint));
  CONVOY_RETURN_IF_ERROR(ReadRun(container, &checkpoint.run));
  CONVOY_RETURN_IF_ERROR(AsDamage(container, ValidateCheckpoint(checkpoint)));
  return checkpoint;
}

}  // namespace convoy::formats
