#include "common/formats/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <functional>
#include <random>

#include "common/base/sha256.h"
#include "common/formats/container.h"
#include "common/formats/model_testing.h"
#include "common/formats/sections.h"

namespace convoy::formats {
namespace {

using ::testing::HasSubstr;

TEST(CheckpointTest, RoundTripKeepsEverything) {
  Checkpoint written = samples::CheckpointAt(117);
  written.run.blas_config = "OpenBLAS 0.3.21";
  const auto read = DecodeCheckpoint(samples::Encode(written), "c.convoy");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(WeightsSha256(read->model.tensors), WeightsSha256(written.model.tensors));
  EXPECT_EQ(read->model.recipe_textproto, written.model.recipe_textproto);
  EXPECT_EQ(read->model.data_sha256, written.model.data_sha256);
  EXPECT_EQ(read->model.kernel_family, written.model.kernel_family);
  EXPECT_EQ(read->position, written.position);
  EXPECT_EQ(read->sums, written.sums);
  EXPECT_EQ(read->history, written.history);
  EXPECT_EQ(read->optimizer.step_count, 117);
  ASSERT_EQ(read->optimizer.slots.size(), 2U);
  EXPECT_EQ(read->optimizer.slots[1].name, "v");
  EXPECT_EQ(read->optimizer.slots[1].values, written.optimizer.slots[1].values);
  ASSERT_TRUE(read->best.has_value());
  EXPECT_EQ(read->best->monitor, "val_loss");
  EXPECT_EQ(read->best->value, 0.1);
  EXPECT_EQ(read->best->epoch, 1);
  EXPECT_EQ(read->best->values, written.best->values);
  EXPECT_EQ(read->callbacks, written.callbacks);
  EXPECT_EQ(read->run.run_id, written.run.run_id);
  EXPECT_EQ(read->run.restarts, 3);
  EXPECT_EQ(read->run.epoch_train_seconds, written.run.epoch_train_seconds);
  EXPECT_EQ(read->run.blas_config, written.run.blas_config);
}

TEST(CheckpointTest, FreshStateRoundTrips) {
  const auto read = DecodeCheckpoint(samples::Encode(Checkpoint{}), "c.convoy");
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_FALSE(read->best.has_value());
  EXPECT_TRUE(read->optimizer.slots.empty());
  EXPECT_TRUE(read->history.empty());
}

// Files of format 1 that exist must stay readable, and a run repeated by another build must give
// the same bytes. Whoever has to change this value changes the format: docs/container_format.md.
TEST(CheckpointTest, BytesOfFormat1AreFixed) {
  EXPECT_EQ(Sha256Hex(samples::Encode(samples::CheckpointAt(250))),
            "795c3dffcb393f5d52d5fda616c32958684dc12d412774538e14838f8544f8df");
}

TEST(CheckpointTest, SameContentGivesSameBytes) {
  const std::string bytes = samples::Encode(samples::CheckpointAt(8));
  EXPECT_EQ(samples::Encode(samples::CheckpointAt(8)), bytes);
  EXPECT_EQ(samples::Encode(DecodeCheckpoint(bytes, "c").value()), bytes);
  std::string reused(100000, 'x');
  ASSERT_TRUE(EncodeCheckpoint(samples::CheckpointAt(8), &reused).ok());
  EXPECT_EQ(reused, bytes);
}

TEST(CheckpointTest, LossSumsKeepTheirBits) {
  Checkpoint checkpoint = samples::CheckpointAt(8);
  for (uint64_t bits : {uint64_t{1} << 63, uint64_t{1}, uint64_t{0x3fd5555555555555}}) {
    checkpoint.sums.loss_sum = std::bit_cast<double>(bits);
    const auto read = DecodeCheckpoint(samples::Encode(checkpoint), "c");
    EXPECT_EQ(std::bit_cast<uint64_t>(read.value().sums.loss_sum), bits);
  }
}

TEST(CheckpointTest, RunInfoIsTheOnlyPartThatIsNotCovered) {
  const auto covered = [](const Checkpoint& checkpoint) {
    return ContainerReader::Parse(samples::Encode(checkpoint), "c").value().CoveredSha256();
  };
  const std::string hash = covered(samples::CheckpointAt(8));
  Checkpoint other = samples::CheckpointAt(8);
  other.run = {"another", 9, {1.0}};
  EXPECT_EQ(covered(other), hash);
  const std::vector<std::function<void(Checkpoint*)>> changes = {
      [](Checkpoint* c) { c->sums.loss_sum += 1; },
      [](Checkpoint* c) { c->position.step_in_epoch += 1; },
      [](Checkpoint* c) { c->model.tensors[0].data[0] += 1; },
      [](Checkpoint* c) { c->optimizer.slots[0].values[0] += 1; },
      [](Checkpoint* c) { c->best->values[0] += 1; },
      [](Checkpoint* c) { c->history[1][0].second += 1; },
      [](Checkpoint* c) { c->callbacks.erase("empty"); },
  };
  for (const auto& change : changes) {
    Checkpoint changed = samples::CheckpointAt(8);
    change(&changed);
    EXPECT_NE(covered(changed), hash);
  }
}

struct Contradiction {
  const char* message;
  std::function<void(Checkpoint*)> make;
};

const std::vector<Contradiction>& Contradictions() {
  static const auto* const kAll = new std::vector<Contradiction>{
      {"shape", [](Checkpoint* c) { c->model.tensors[0].data.pop_back(); }},
      {"slot 'm' has 71 elements, not 72",
       [](Checkpoint* c) { c->optimizer.slots[0].values.pop_back(); }},
      {"best weights has 78 elements, not 77", [](Checkpoint* c) { c->best->values.push_back(0); }},
      {"'m' occurs twice",
       [](Checkpoint* c) { c->optimizer.slots[1].name = c->optimizer.slots[0].name; }},
      {"no proper name", [](Checkpoint* c) { c->optimizer.slots[1].name[0] = 'V'; }},
      {"no proper name", [](Checkpoint* c) { c->optimizer.slots[1].name.assign(25, 'a'); }},
      {"more than 256", [](Checkpoint* c) { c->optimizer.slots.resize(257); }},
      {"the history has 2 epochs, but 3", [](Checkpoint* c) { c->position.epoch = 3; }},
      {"negative", [](Checkpoint* c) { c->position.global_step = -1; }},
      {"negative", [](Checkpoint* c) { c->optimizer.step_count = -1; }},
      {"negative", [](Checkpoint* c) { c->best->epoch = -1; }},
      {"6 of 5 images",
       [](Checkpoint* c) {
         c->sums = {0, 6, 5};
       }},
      {"history: 'loss' occurs twice",
       [](Checkpoint* c) { c->history[0][1].first = c->history[0][0].first; }},
      {"callbacks", [](Checkpoint* c) { c->callbacks.emplace("", "x"); }},
      {"monitor", [](Checkpoint* c) { c->best->monitor.clear(); }},
  };
  return *kAll;
}

TEST(CheckpointTest, ContradictionsAreNotWritten) {
  for (const Contradiction& contradiction : Contradictions()) {
    Checkpoint checkpoint = samples::CheckpointAt(1);
    contradiction.make(&checkpoint);
    std::string bytes;
    const absl::Status status = EncodeCheckpoint(checkpoint, &bytes);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << contradiction.message;
    EXPECT_THAT(samples::MessageOf(status), HasSubstr(contradiction.message));
  }
}

// A whole checkpoint of which one section's bytes are replaced, with right checksums.
std::string Forged(const std::string& section, const std::string& bytes) {
  const auto original =
      ContainerReader::Parse(samples::Encode(samples::CheckpointAt(1)), "c").value();
  ContainerWriter writer(ContainerKind::kCheckpoint);
  for (const auto& part : original.sections()) {
    writer.AddSection(part.name,
                      part.name == section ? bytes : original.SectionBytes(part.name).value());
  }
  return writer.Finish();
}

TEST(CheckpointTest, ForgedSectionsAreRefused) {
  v1::TrainingSection training;
  training.set_global_step(-5);
  v1::TrainingSection missing_slot;
  missing_slot.add_optimizer_slots()->set_name("other");
  v1::TrainingSection same_slot_often;
  for (int i = 0; i < 3; ++i) same_slot_often.add_optimizer_slots()->set_name("m");
  const std::vector<std::pair<std::string, std::string>> forgeries = {
      {"training", "\xff"},
      {"training", training.SerializeAsString()},
      {"training", missing_slot.SerializeAsString()},
      {"training", same_slot_often.SerializeAsString()},
      {"run", "\xff"},
      {"weights", "abc"},
      {"slot/m", ""},
      {"slot/v", "12345"},
      {"best_weights", std::string(4 * 76, 'x')},
  };
  for (const auto& [section, bytes] : forgeries) {
    const absl::Status status = DecodeCheckpoint(Forged(section, bytes), "c.convoy").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << section;
    EXPECT_THAT(samples::MessageOf(status), HasSubstr("c.convoy: is damaged: "));
  }
}

// Whether a message can be shown as it is: bytes of the file must not reach a terminal.
bool IsOneCleanLine(absl::string_view message) {
  return std::all_of(message.begin(), message.end(), [](char c) { return c >= 0x20 && c <= 0x7e; });
}

// Flips bits, cuts, repeats: what a hostile file may say under right checksums.
std::string Mutated(std::string bytes, std::mt19937* random) {
  const auto below = [random](size_t limit) { return (*random)() % limit; };
  for (size_t changes = 1 + below(4); changes > 0 && !bytes.empty(); --changes) {
    const size_t at = below(bytes.size());
    switch (below(4)) {
      case 0:
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << below(8)));
        break;
      case 1:
        bytes[at] = static_cast<char>(below(256));
        break;
      case 2:
        bytes.erase(at, 1 + below(8));
        break;
      default:
        bytes.insert(at, bytes.substr(below(bytes.size()), 1 + below(16)));
    }
  }
  return bytes;
}

TEST(CheckpointTest, WhateverIsAcceptedCanBeWrittenAgain) {
  const auto original =
      ContainerReader::Parse(samples::Encode(samples::CheckpointAt(1)), "c").value();
  std::mt19937 random(1);
  int accepted = 0;
  constexpr int kRounds = 3000;
  ::testing::internal::CaptureStderr();
  for (int round = 0; round < kRounds; ++round) {
    for (const char* section : {"model", "training", "run"}) {
      const std::string bytes(original.SectionBytes(section).value());
      const auto read = DecodeCheckpoint(Forged(section, Mutated(bytes, &random)), "c");
      if (!read.ok()) {
        ASSERT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << read.status();
        ASSERT_TRUE(IsOneCleanLine(read.status().message())) << read.status();
        continue;
      }
      ++accepted;
      const std::string again = samples::Encode(*read);
      ASSERT_EQ(samples::Encode(DecodeCheckpoint(again, "c").value()), again);
    }
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
  EXPECT_GT(accepted, kRounds / 20) << "the mutations are too wild to test anything";
  EXPECT_LT(accepted, kRounds * 3) << "nothing was ever refused";
}

TEST(CheckpointTest, ModelIsNoCheckpoint) {
  const absl::Status status =
      DecodeCheckpoint(EncodeModel(samples::Model(1)).value(), "model.convoy").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(samples::MessageOf(status), HasSubstr("model.convoy: is a model, not a checkpoint"));
}

TEST(CheckpointTest, EveryBitFlipIsRefused) {
  const std::string whole = samples::Encode(samples::CheckpointAt(1));
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(DecodeCheckpoint(std::move(flipped), "c").ok()) << "bit " << bit;
  }
}

}  // namespace
}  // namespace convoy::formats
