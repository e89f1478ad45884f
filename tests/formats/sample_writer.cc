// Writes a model and a checkpoint, and what they hold as JSON: python_reader_test.py reads the
// files without any code of ours and compares.
//
//   sample_writer DIRECTORY
//
// leaves model.convoy, checkpoint.convoy, model.json and checkpoint.json there.
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

#include "common/base/check.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/formats/container.h"
#include "common/formats/model_testing.h"

namespace {

using convoy::formats::Checkpoint;
using convoy::formats::ContainerReader;
using convoy::formats::ModelFile;
using nlohmann::json;

std::string FloatsSha256(const std::vector<float>& values) {
  convoy::Sha256 sha;
  sha.Update(values.data(), values.size() * sizeof(float));
  return sha.HexDigest();
}

json Values(const convoy::metrics::EpochMetrics& values) {
  json list = json::array();
  for (const auto& [name, value] : values) list.push_back({name, value});
  return list;
}

json Describe(const ModelFile& model) {
  json tensors = json::array();
  for (const auto& tensor : model.tensors) {
    tensors.push_back({{"name", tensor.name},
                       {"shape", tensor.shape},
                       {"trainable", tensor.trainable},
                       {"sha256", FloatsSha256(tensor.data)}});
  }
  return {{"model_textproto", model.model_textproto},
          {"recipe_textproto", model.recipe_textproto},
          {"data_sha256", model.data_sha256},
          {"isa", model.kernel_family.isa},
          {"blas_core", model.kernel_family.blas_core},
          {"tensors", tensors},
          {"metrics", Values(model.metrics)},
          {"weights_sha256", convoy::formats::WeightsSha256(model.tensors)}};
}

json DescribeTraining(const Checkpoint& checkpoint) {
  json history = json::array();
  for (const auto& epoch : checkpoint.history) history.push_back(Values(epoch));
  json slots = json::array();
  for (const auto& slot : checkpoint.optimizer.slots) {
    slots.push_back({slot.name, FloatsSha256(slot.values)});
  }
  json callbacks = json::array();
  for (const auto& [name, state] : checkpoint.callbacks) {
    callbacks.push_back({name, convoy::Sha256Hex(state)});
  }
  return {{"epoch", checkpoint.position.epoch},
          {"step_in_epoch", checkpoint.position.step_in_epoch},
          {"global_step", checkpoint.position.global_step},
          {"images_seen", checkpoint.position.images_seen},
          {"loss_sum", checkpoint.sums.loss_sum},
          {"correct", checkpoint.sums.correct},
          {"count", checkpoint.sums.count},
          {"history", history},
          {"optimizer_step_count", checkpoint.optimizer.step_count},
          {"slots", slots},
          {"callbacks", callbacks},
          {"best_monitor", checkpoint.best->monitor},
          {"best_value", checkpoint.best->value},
          {"best_epoch", checkpoint.best->epoch},
          {"best_sha256", FloatsSha256(checkpoint.best->values)}};
}

void Write(const std::string& stem, const std::string& bytes, json expected) {
  const auto container = ContainerReader::Parse(bytes, stem);
  CONVOY_CHECK(container.ok());
  expected["kind"] = convoy::formats::KindName(container->kind());
  expected["covered_sha256"] = container->CoveredSha256();
  CONVOY_CHECK(convoy::WriteFileAtomically(stem + ".convoy", bytes).ok());
  CONVOY_CHECK(convoy::WriteFileAtomically(stem + ".json", expected.dump(2)).ok());
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: sample_writer DIRECTORY\n");
    return 2;
  }
  const std::string directory = argv[1];
  const ModelFile model = convoy::formats::samples::Model(1);
  Write(directory + "/model", convoy::formats::EncodeModel(model).value(), Describe(model));
  const Checkpoint checkpoint = convoy::formats::samples::CheckpointAt(250);
  json expected = Describe(checkpoint.model);
  expected["training"] = DescribeTraining(checkpoint);
  Write(directory + "/checkpoint", convoy::formats::samples::Encode(checkpoint), expected);
  return 0;
}
