#include "common/exports/keras/keras_h5.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <filesystem>
#include <limits>

#include "common/base/files.h"
#include "common/base/random.h"
#include "common/exports/exports_testing.h"
#include "common/exports/hdf5/hdf5_handle.h"
#include "common/exports/hdf5/hdf5_writer.h"
#include "common/exports/keras/keras_reader.h"

namespace convoy::exports {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

absl::StatusOr<formats::ModelFile> Decode(const std::string& bytes) {
  const absl::StatusOr<KerasModel> file = DecodeKeras(bytes, "m.h5", {}, nullptr);
  if (!file.ok()) return file.status();
  return file->model;
}

std::string ErrorOf(const std::string& bytes) {
  const absl::Status status = Decode(bytes).status();
  EXPECT_THAT(status.code(),
              AnyOf(absl::StatusCode::kInvalidArgument, absl::StatusCode::kDataLoss));
  EXPECT_THAT(std::string(status.message()), StartsWith("m.h5: "));
  return std::string(status.message());
}

constexpr char kConfig[] = R"({"class_name": "Sequential", "config": {"name": "net", "layers": [
    {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2, 2, 1]}},
    {"class_name": "Dense", "config": {"name": "d", "units": 3, "activation": "softmax"}}]}})";

// A file in Keras's layout with the given names and shapes of the weights of layer "d".
std::string FileWith(const std::vector<std::pair<std::string, Shape>>& weights,
                     const std::string& config = kConfig) {
  const Hdf5Session session;
  const auto writer = Hdf5Writer::Create().value();
  const auto text = Hdf5Writer::Encoding::kUtf8;
  EXPECT_TRUE(writer->AddString("/", "model_config", config, text).ok());
  EXPECT_TRUE(writer->AddGroup("/model_weights").ok());
  EXPECT_TRUE(writer->AddStrings("/model_weights", "layer_names", {"f", "d"}).ok());
  EXPECT_TRUE(writer->AddGroup("/model_weights/f").ok());
  EXPECT_TRUE(writer->AddStrings("/model_weights/f", "weight_names", {}).ok());
  EXPECT_TRUE(writer->AddGroup("/model_weights/d").ok());
  std::vector<std::string> names;
  for (const auto& [name, shape] : weights) {
    names.push_back(name);
    const std::vector<float> values(static_cast<size_t>(NumElems(shape).value()), 0.5F);
    EXPECT_TRUE(writer->AddFloats("/model_weights/d/" + name, shape, values).ok());
  }
  EXPECT_TRUE(writer->AddStrings("/model_weights/d", "weight_names", names).ok());
  return writer->Finish().value();
}

TEST(KerasH5Test, RoundTripKeepsEveryBit) {
  std::vector<nn::Network> networks = ExportNetworks();
  networks.push_back(GroupNormalizedNetwork());
  for (const nn::Network& network : networks) {
    const formats::ModelFile model = ModelOf(network);
    Notes notes;
    const auto bytes = EncodeKerasH5(model);
    ASSERT_TRUE(bytes.ok()) << network.spec().name << ": " << bytes.status();
    const auto file = DecodeKeras(*bytes, "m.h5", {}, &notes);
    ASSERT_TRUE(file.ok()) << file.status();
    const formats::ModelFile& read = file->model;
    EXPECT_TRUE(SameTensors(read.tensors, model.tensors)) << network.spec().name;
    EXPECT_EQ(read.model_textproto, model.model_textproto);
    EXPECT_THAT(read.recipe_textproto, HasSubstr("learning_rate: 0.002"));
    EXPECT_THAT(notes, IsEmpty());
    EXPECT_EQ(EncodeKerasH5(read).value(), *bytes);
  }
}

TEST(KerasH5Test, UnusualNumbersKeepTheirBits) {
  formats::ModelFile model = BuiltinModel("notebook");
  const std::vector<float> unusual = {
      -0.0F, std::numeric_limits<float>::denorm_min(), std::numeric_limits<float>::infinity(),
      std::bit_cast<float>(0x7fc12345U), std::bit_cast<float>(0xff812345U)};
  std::copy(unusual.begin(), unusual.end(), model.tensors[0].data.begin());
  const auto read = Decode(EncodeKerasH5(model).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(SameTensors(read->tensors, model.tensors));
}

TEST(KerasH5Test, SameModelGivesSameBytes) {
  const formats::ModelFile model = BuiltinModel("notebook");
  const std::string bytes = EncodeKerasH5(model).value();
  ::sleep(1);  // a time in the file would differ now
  EXPECT_EQ(EncodeKerasH5(model).value(), bytes);
}

TEST(KerasH5Test, WritesAndReadsFiles) {
  const std::string path = ::testing::TempDir() + "/keras." + std::to_string(::getpid()) + ".h5";
  const formats::ModelFile model = ModelOf(ExportNetworks()[0]);
  ASSERT_TRUE(WriteKerasH5(path, model).ok());
  EXPECT_TRUE(SameTensors(ReadKeras(path).value().model.tensors, model.tensors));
  std::filesystem::remove(path);
  EXPECT_EQ(ReadKeras(path).status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(WriteKerasH5("/nonexistent/folder/m.h5", model).ok());
}

TEST(KerasH5Test, WithoutARecipeThereIsNoTrainingConfig) {
  formats::ModelFile model = BuiltinModel("notebook");
  model.recipe_textproto.clear();
  const std::string bytes = EncodeKerasH5(model).value();
  EXPECT_EQ(bytes.find("training_config"), std::string::npos);
  EXPECT_EQ(Decode(bytes).value().recipe_textproto, "");
}

TEST(KerasH5Test, ModelsThatAreNoneAreNotWritten) {
  formats::ModelFile model = BuiltinModel("notebook");
  model.tensors.pop_back();
  EXPECT_THAT(std::string(EncodeKerasH5(model).status().message()),
              HasSubstr("the weights have no further tensor where the network 'notebook' has "
                        "'output/bias' (10)"));
  model = BuiltinModel("notebook");
  std::swap(model.tensors[0], model.tensors[1]);
  EXPECT_THAT(std::string(EncodeKerasH5(model).status().message()),
              HasSubstr("the weights have 'conv1/bias' (32) where the network 'notebook' has "
                        "'conv1/kernel' (3, 3, 1, 32)"));
  model = BuiltinModel("notebook");
  model.tensors[1].data.pop_back();
  EXPECT_FALSE(EncodeKerasH5(model).ok());
  model.model_textproto = "nonsense";
  EXPECT_FALSE(EncodeKerasH5(model).ok());
}

TEST(KerasH5Test, TakesTheNamesOfKeras2AndKeras3InAnyOrder) {
  const std::vector<std::pair<std::string, std::string>> styles = {
      {"d/kernel:0", "d/bias:0"}, {"net/d/kernel", "net/d/bias"}, {"d_2/kernel:0", "d_2/bias:0"}};
  for (const auto& [kernel, bias] : styles) {
    const auto read = Decode(FileWith({{bias, {3}}, {kernel, {4, 3}}}));
    ASSERT_TRUE(read.ok()) << read.status();
    ASSERT_EQ(read->tensors.size(), 2U);
    EXPECT_EQ(read->tensors[0].name, "d/kernel");
    EXPECT_EQ(read->tensors[1].name, "d/bias");
  }
}

TEST(KerasH5Test, WeightsThatDoNotFitAreNamed) {
  EXPECT_EQ(ErrorOf(FileWith({{"d/kernel:0", {3, 4}}, {"d/bias:0", {3}}})),
            "m.h5: /model_weights/d/d/kernel:0: has the shape (3, 4), but the network's is (4, 3)");
  EXPECT_EQ(ErrorOf(FileWith({{"d/kernel:0", {4, 3}}})),
            "m.h5: layer 'd' (Dense): must have 2 weights, but the file has [d/kernel:0]");
  EXPECT_EQ(ErrorOf(FileWith({{"d/kernel:0", {4, 3}}, {"d/gamma:0", {3}}})),
            "m.h5: layer 'd' (Dense): has no weight 'bias' in the file, only [gamma, kernel]");
  EXPECT_THAT(ErrorOf(FileWith({{"a/kernel:0", {4, 3}}, {"b/kernel:0", {3}}})),
              HasSubstr("must have 2 weights"));
}

TEST(KerasH5Test, WeightsOfLayersThatTheConfigLacksAreNotDropped) {
  const std::string config = R"({"class_name": "Sequential", "config": {"name": "net", "layers": [
      {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2, 2, 1]}},
      {"class_name": "Dense", "config": {"name": "e", "units": 3, "activation": "softmax"}}]}})";
  EXPECT_THAT(ErrorOf(FileWith({{"d/kernel:0", {4, 3}}, {"d/bias:0", {3}}}, config)),
              HasSubstr("there is no /model_weights/e"));
}

TEST(KerasH5Test, FilesOfOtherSortsAreNamed) {
  EXPECT_THAT(ErrorOf("PK\x03\x04 and so on"), HasSubstr("is a damaged zip archive"));
  EXPECT_THAT(ErrorOf("version https://git-lfs\noid sha256:0"),
              HasSubstr("is a Git LFS pointer, not the file itself; get that with: git lfs pull"));
  EXPECT_THAT(ErrorOf("\x80\x04\x95"), HasSubstr("is a pickle"));
  EXPECT_THAT(ErrorOf("\x89"
                      "CVY\r\n"),
              HasSubstr("is a model of Convoy already"));
  EXPECT_EQ(ErrorOf(""), "m.h5: is empty");
  EXPECT_THAT(ErrorOf("<html>404</html>"), HasSubstr("is no HDF5 file, or a damaged one: "));
}

TEST(KerasH5Test, DescriptionsThatAreNoneAreRefused) {
  const std::vector<std::pair<std::string, Shape>> weights = {{"d/kernel:0", {4, 3}},
                                                              {"d/bias:0", {3}}};
  EXPECT_EQ(ErrorOf(FileWith(weights, "{")), "m.h5: model_config: is not JSON");
  EXPECT_THAT(ErrorOf(FileWith(weights, "[]")), HasSubstr("must be a JSON object"));
  EXPECT_THAT(ErrorOf(FileWith(weights, R"({"class_name": "Functional"})")),
              HasSubstr("field 'layers' must be a list"));
  EXPECT_THAT(ErrorOf(FileWith(weights, R"({"class_name": "Siamese"})")),
              HasSubstr("must be Sequential or Functional"));
}

// A network that would need far more than the file has: refused before memory is taken.
TEST(KerasH5Test, HugeNetworksInSmallFilesAreRefused) {
  const std::string config = R"({"class_name": "Sequential", "config": {"name": "net", "layers": [
      {"class_name": "Flatten", "config": {"name": "f", "batch_input_shape": [null, 2, 2, 1]}},
      {"class_name": "Dense", "config": {"name": "d", "units": 500000000}},
      {"class_name": "Dense", "config": {"name": "e", "units": 3, "activation": "softmax"}}]}})";
  EXPECT_THAT(ErrorOf(FileWith({{"d/kernel:0", {4, 3}}, {"d/bias:0", {3}}}, config)),
              HasSubstr("but the network's is (4, 500000000)"));
}

TEST(KerasH5Test, CutFilesAreRefused) {
  const std::string bytes = EncodeKerasH5(ModelOf(ExportNetworks()[0])).value();
  for (size_t size = 0; size < bytes.size(); size += bytes.size() / 60) {
    ErrorOf(bytes.substr(0, size));
  }
}

// Whatever the bytes say, the answer is a model or an error, and never the end of the program.
TEST(KerasH5Test, ChangedFilesDoNoHarm) {
  const std::string whole = EncodeKerasH5(ModelOf(ExportNetworks()[0])).value();
  RandomSequence random(3, RandomStream::kNoise);
  int refused = 0;
  for (int i = 0; i < 300; ++i) {
    std::string bytes = whole;
    for (uint64_t n = random.NextBelow(4) + 1; n > 0; --n) {
      // Half of them where the structures are, at the begin.
      const size_t range = random.NextBelow(2) == 0 ? bytes.size() : 4096;
      bytes[random.NextBelow(range)] = static_cast<char>(random.NextBelow(256));
    }
    const auto read = Decode(bytes);
    if (read.ok()) continue;
    ++refused;
    EXPECT_THAT(std::string(read.status().message()), StartsWith("m.h5: "));
    EXPECT_THAT(std::string(read.status().message()), ::testing::Not(HasSubstr("\n")));
  }
  EXPECT_GT(refused, 30);
}

}  // namespace
}  // namespace convoy::exports
