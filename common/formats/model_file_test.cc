#include "common/formats/model_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <bit>
#include <cmath>
#include <limits>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/formats/model_testing.h"
#include "common/formats/sections.h"

namespace convoy::formats {
namespace {

using ::testing::HasSubstr;

absl::StatusOr<ModelFile> Decode(std::string bytes) {
  const auto container = ContainerReader::Parse(std::move(bytes), "m.convoy");
  if (!container.ok()) return container.status();
  return DecodeModel(*container);
}

// A model file with the given message and floats, whatever they say.
std::string Forged(const v1::ModelSection& section, const std::vector<float>& weights) {
  const std::string message = section.SerializeAsString();
  ContainerWriter writer(ContainerKind::kModel);
  writer.AddSection(kModelSection, message);
  writer.AddSection(kWeightsSection, FloatBytes(weights));
  return writer.Finish();
}

v1::ModelSection OneTensor(const Shape& shape) {
  v1::ModelSection section;
  v1::TensorEntry* entry = section.add_tensors();
  entry->set_name("t");
  entry->mutable_shape()->Add(shape.begin(), shape.end());
  return section;
}

TEST(ModelFileTest, RoundTripKeepsEverything) {
  ModelFile model = samples::Model(7);
  model.image_form = ImageForm::kWholePictures;
  const auto read = Decode(EncodeModel(model).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(read->model_textproto, model.model_textproto);
  EXPECT_EQ(read->recipe_textproto, model.recipe_textproto);
  EXPECT_EQ(read->data_sha256, model.data_sha256);
  EXPECT_EQ(read->image_form, ImageForm::kWholePictures);
  EXPECT_EQ(read->kernel_family, model.kernel_family);
  EXPECT_EQ(read->metrics, model.metrics);
  ASSERT_EQ(read->tensors.size(), model.tensors.size());
  for (size_t i = 0; i < model.tensors.size(); ++i) {
    EXPECT_EQ(read->tensors[i].name, model.tensors[i].name);
    EXPECT_EQ(read->tensors[i].shape, model.tensors[i].shape);
    EXPECT_EQ(read->tensors[i].trainable, model.tensors[i].trainable);
    EXPECT_EQ(read->tensors[i].data, model.tensors[i].data);
  }
}

TEST(ModelFileTest, NoTensorsRoundTrip) {
  const auto read = Decode(EncodeModel(ModelFile{}).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_TRUE(read->tensors.empty());
}

TEST(ModelFileTest, UnusualNumbersKeepTheirBits) {
  ModelFile model;
  const float payload = std::bit_cast<float>(0x7fc12345U);
  model.tensors = {{"t", {4}, true, {-0.0F, payload, std::numeric_limits<float>::denorm_min(), 1}}};
  model.metrics = {{"minus_zero", -0.0}, {"tiny", 5e-324}, {"nan", std::nan("7")}};
  const auto read = Decode(EncodeModel(model).value());
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(FloatBytes(read->tensors[0].data), FloatBytes(model.tensors[0].data));
  for (size_t i = 0; i < model.metrics.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(read->metrics[i].second),
              std::bit_cast<uint64_t>(model.metrics[i].second));
  }
}

// Files of format 1 that exist must stay readable, and a run repeated by another build must give
// the same bytes. Whoever has to change this value changes the format: docs/container_format.md.
TEST(ModelFileTest, BytesOfFormat1AreFixed) {
  EXPECT_EQ(Sha256Hex(EncodeModel(samples::Model(1)).value()),
            "269b4e29fe47e989bb19e8810c530bedaef7aee23041ad9575329c5168a1ac83");
}

TEST(ModelFileTest, SameContentGivesSameBytes) {
  const std::string bytes = EncodeModel(samples::Model(1)).value();
  EXPECT_EQ(EncodeModel(samples::Model(1)).value(), bytes);
  EXPECT_EQ(EncodeModel(Decode(bytes).value()).value(), bytes);
  EXPECT_NE(EncodeModel(samples::Model(2)).value(), bytes);
}

TEST(ModelFileTest, WeightsHashIsThatOfTheFloatsInOrder) {
  // Little-endian 1.0f and -2.0f.
  const std::string bytes("\0\0\x80\x3f\0\0\0\xc0", 8);
  const std::vector<NamedTensor> tensors = {
      {"a", {1}, true, {1.0F}}, {"empty", {0}, true, {}}, {"b", {1, 1}, false, {-2.0F}}};
  EXPECT_EQ(WeightsSha256(tensors), Sha256Hex(bytes));
  EXPECT_EQ(WeightsSha256({}), Sha256Hex(""));
}

TEST(ModelFileTest, WeightsHashIsThatOfTheSection) {
  const ModelFile model = samples::Model(3);
  const auto container = ContainerReader::Parse(EncodeModel(model).value(), "m").value();
  EXPECT_EQ(Sha256Hex(container.SectionBytes(kWeightsSection).value()),
            WeightsSha256(model.tensors));
}

TEST(ModelFileTest, EveryBitFlipIsRefused) {
  const std::string whole = EncodeModel(samples::Model(1)).value();
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string flipped = whole;
    flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << (bit % 8)));
    ASSERT_FALSE(Decode(std::move(flipped)).ok()) << "bit " << bit;
  }
}

TEST(ModelFileTest, ModelsThatContradictThemselvesAreNotWritten) {
  const auto error = [](auto change) {
    ModelFile model = samples::Model(1);
    change(&model);
    const absl::Status status = EncodeModel(model).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    return samples::MessageOf(status);
  };
  EXPECT_EQ(error([](ModelFile* m) { m->tensors[1].data.pop_back(); }),
            "model: tensor 'conv2d/bias:0' has 4 elements, but its shape (5) has 5");
  EXPECT_THAT(error([](ModelFile* m) { m->tensors[0].name = m->tensors[1].name; }),
              HasSubstr("'conv2d/bias:0' occurs twice"));
  EXPECT_THAT(error([](ModelFile* m) { m->tensors[0].name = "\xff"; }),
              HasSubstr("a name must be"));
  EXPECT_THAT(error([](ModelFile* m) { m->metrics[0].first.clear(); }), HasSubstr("metrics"));
  EXPECT_THAT(error([](ModelFile* m) { m->kernel_family.isa = "a\n"; }), HasSubstr("kernel"));
  EXPECT_THAT(error([](ModelFile* m) { m->data_sha256 = "12"; }), HasSubstr("data_sha256"));
  EXPECT_THAT(error([](ModelFile* m) { m->model_textproto.assign(kMaxMessageBytes, 'x'); }),
              HasSubstr("too large"));
}

TEST(ModelFileTest, ForgedShapesAreRefusedBeforeMemoryIsTaken) {
  constexpr int64_t kHuge = int64_t{1} << 40;
  for (const Shape& shape : {Shape{3}, Shape{1}, Shape{kHuge}, Shape{kHuge, kHuge}, Shape{-1},
                             Shape{-1, -2}, Shape{0}}) {
    const auto read = Decode(Forged(OneTensor(shape), {1.0F, 2.0F}));
    EXPECT_EQ(read.status().code(), absl::StatusCode::kDataLoss) << ShapeToString(shape);
  }
  EXPECT_TRUE(Decode(Forged(OneTensor({2}), {1.0F, 2.0F})).ok());
}

TEST(ModelFileTest, ForgedNamesAreNotQuoted) {
  v1::ModelSection section = OneTensor({3});
  section.mutable_tensors(0)->set_name("\x1b[2J\n");
  EXPECT_EQ(samples::MessageOf(Decode(Forged(section, {1.0F})).status()),
            "m.convoy: is damaged: tensors: a name must be 1 to 255 bytes of text, without control "
            "characters");
}

TEST(ModelFileTest, SectionThatIsNoMessageIsRefused) {
  ContainerWriter writer(ContainerKind::kModel);
  writer.AddSection(kModelSection, "\xff\xff\xff");
  writer.AddSection(kWeightsSection, "");
  EXPECT_EQ(samples::MessageOf(Decode(writer.Finish()).status()),
            "m.convoy: is damaged: section 'model' is no proper message");
}

TEST(ModelFileTest, CheckpointIsReadAsTheModelOfItsStep) {
  const Checkpoint checkpoint = samples::CheckpointAt(5);
  const auto read = Decode(samples::Encode(checkpoint));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(WeightsSha256(read->tensors), WeightsSha256(checkpoint.model.tensors));
}

TEST(ModelFileTest, FilesAreWrittenAndReadAndNamedInErrors) {
  const std::string path =
      absl::StrCat(::testing::TempDir(), "/model_file_test_", getpid(), ".convoy");
  ASSERT_TRUE(WriteModel(path, samples::Model(4)).ok());
  EXPECT_EQ(WeightsSha256(ReadModel(path).value().tensors),
            WeightsSha256(samples::Model(4).tensors));
  ASSERT_TRUE(WriteFileAtomically(path, "text").ok());
  EXPECT_THAT(samples::MessageOf(ReadModel(path).status()), HasSubstr(path));
  EXPECT_EQ(ReadModel(path + ".missing").status().code(), absl::StatusCode::kNotFound);
  ::unlink(path.c_str());
}

}  // namespace
}  // namespace convoy::formats
