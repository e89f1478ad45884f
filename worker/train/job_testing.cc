#include "worker/train/job_testing.h"

#include <filesystem>
#include <utility>
#include <vector>

#include "common/base/aligned_buffer.h"
#include "common/base/check.h"
#include "common/base/files.h"
#include "common/base/label.h"
#include "common/base/random.h"
#include "common/data/idx.h"
#include "common/textproto/text_proto.h"

namespace convoy::train {
namespace {

constexpr int64_t kTrain = 53;
constexpr int64_t kValidation = 17;
constexpr int64_t kTest = 20;
constexpr int64_t kImages = kTrain + kValidation + kTest;
constexpr int kSide = 6;

constexpr char kRecipe[] = R"(
  model { name: "tiny" input { height: 6 width: 6 channels: 1 }
    layers { conv2d { filters: 4 kernel_size: 3 activation: RELU } }
    layers { flatten {} }
    layers { dropout { rate: 0.1 } }
    layers { dense { units: 3 activation: SOFTMAX } } }
  batch_size: 16 micro_batch: 4 epochs: 2)";

// All images, then all labels: what SharedBytes hold for a job.
class TestImages : public comm::SharedBytes {
 public:
  TestImages() : bytes_(kImages * (kSide * kSide + sizeof(Label))) {
    RandomSequence random(3, RandomStream::kNoise, 9);
    for (int64_t image = 0; image < kImages; ++image) {
      const auto label = static_cast<Label>(random.NextBelow(kTestClasses));
      for (int i = 0; i < kSide * kSide; ++i) {
        const bool bright = i % kSide / 2 == label;
        bytes_[static_cast<size_t>(image * kSide * kSide + i)] =
            static_cast<uint8_t>(random.NextBelow(120) + (bright ? 100 : 0));
      }
      labels()[image] = label;
    }
  }
  uint8_t* data() const override { return bytes_.data(); }
  int64_t size() const override { return static_cast<int64_t>(bytes_.size()); }
  Label* labels() const { return reinterpret_cast<Label*>(data() + kImages * kSide * kSide); }

 private:
  mutable AlignedBuffer<uint8_t> bytes_;
};

data::DatasetView ViewOf(const TestImages& images) {
  return {.pixels = images.data(),
          .labels = images.labels(),
          .count = kImages,
          .height = kSide,
          .width = kSide,
          .num_classes = kTestClasses};
}

std::string Bytes(const uint8_t* data, int64_t size) {
  return {reinterpret_cast<const char*>(data), static_cast<size_t>(size)};
}

void WriteIdx(const std::string& prefix, const data::DatasetView& view) {
  const int64_t pixels = view.count * view.image_bytes();
  CONVOY_CHECK(WriteFileAtomically(prefix + "-images-idx3-ubyte",
                                   data::IdxImagesHeader(view.count, view.height, view.width) +
                                       Bytes(view.pixels, pixels))
                   .ok());
  CONVOY_CHECK(
      WriteFileAtomically(
          prefix + "-labels-idx1-ubyte",
          data::EncodeIdxLabels({view.labels, static_cast<size_t>(view.count)}, view.num_classes))
          .ok());
}

}  // namespace

v1::Recipe TestRecipe(const std::string& more) {
  v1::Recipe asked;
  v1::Recipe extra;
  CONVOY_CHECK(ParseTextProto(kRecipe, "the test's recipe", &asked).ok());
  CONVOY_CHECK(ParseTextProto(more, "the test's additions", &extra).ok());
  asked.MergeFrom(extra);
  CONVOY_CHECK(ResolveModel(&asked).ok());
  return CompleteRecipe(asked).value();
}

Job TestJob(const v1::Recipe& recipe) {
  Job job;
  job.recipe_proto = recipe;
  job.recipe = CheckRecipe(recipe).value();
  job.data_kind = "generated";
  job.data_sha256 = std::string(64, 'd');
  auto images = std::make_unique<TestImages>();
  const data::DatasetView all = ViewOf(*images);
  job.train = all.Slice({0, kTrain});
  job.validation = all.Slice({kTrain, kTrain + kValidation});
  job.test = all.Slice({kTrain + kValidation, kImages});
  job.images = std::move(images);
  return job;
}

std::string WriteTestData(const std::string& name) {
  const std::string directory = (std::filesystem::temp_directory_path() / name).string();
  std::filesystem::create_directories(directory);
  const TestImages images;
  const data::DatasetView all = ViewOf(images);
  WriteIdx(directory + "/train", all.Slice({0, kTrain + kValidation}));
  WriteIdx(directory + "/t10k", all.Slice({kTrain + kValidation, kImages}));
  return directory;
}

}  // namespace convoy::train
