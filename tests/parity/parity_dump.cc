// Trains the notebook's network without dropout for a few steps on the MNIST files of $CONVOY_DATA,
// and writes what another implementation needs to do the same, for pytorch_parity.py:
//   weights.f32  the initial weights, little-endian, in Keras's order and layouts
//   order.u32    the images of the steps, 128 each, by their numbers in the training file
//   losses.txt   the mean loss of each step, a line each
//
// Usage: convoy_parity_dump DIRECTORY STEPS SEED clear|plain
//   plain  takes the epoch's images as they come
//   clear  leaves out the images on which a ReLU or pool is near a tie (clear_decisions.h): there
//          single precision may rightly decide otherwise than exact arithmetic, and what follows
//          grows from step to step until the losses differ by 1e-3, also between PyTorch in single
//          and in double precision
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/data_directory.h"
#include "common/data/split.h"
#include "common/nn/plan/network_testing.h"
#include "tests/parity/training_loop.h"

namespace convoy::parity {
namespace {

template <typename T>
std::string_view BytesOf(const std::vector<T>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)};
}

// Rounding with which an image must decide clearly: with room for weights that differ by theirs.
constexpr double kRounding = 4 * nn::kSingleRounding;

// Takes the epoch's images one after another, all or those that decide clearly.
class ImageChooser {
 public:
  ImageChooser(const TrainingLoop& loop, const data::DatasetView& images, bool only_clear)
      : loop_(loop), images_(images), only_clear_(only_clear) {}

  // Returns the next batch, for the weights that the loop now has.
  std::vector<uint32_t> NextBatch() {
    const std::vector<double> weights = nn::ToDouble(loop_.weights());
    std::vector<uint32_t> batch;
    while (static_cast<int64_t>(batch.size()) < kBatchSize) {
      const uint32_t index = loop_.order().at(next_++);
      nn::TestImages image;
      image.Add(images_.image(index), images_.image_bytes(), images_.labels[index], index);
      if (only_clear_ && !nn::DecidesClearly(loop_.network(), weights, image, kRounding)) continue;
      batch.push_back(index);
    }
    return batch;
  }

 private:
  const TrainingLoop& loop_;
  const data::DatasetView images_;
  bool only_clear_;
  size_t next_ = 0;
};

absl::Status Dump(const std::string& directory, int steps, uint64_t seed, bool only_clear) {
  const char* data_directory = std::getenv("CONVOY_DATA");
  if (data_directory == nullptr) {
    return absl::FailedPreconditionError("CONVOY_DATA is not set; give it MNIST's directory");
  }
  CONVOY_ASSIGN_OR_RETURN(const data::DataSource source, data::LoadIdxDirectory(data_directory));
  CONVOY_ASSIGN_OR_RETURN(const data::Split split,
                          data::SplitTrainingImages(source.train.count, /*validation_split=*/0.2,
                                                    /*train_limit=*/0));
  const data::DatasetView images = source.train.View().Slice(split.train);
  TrainingLoop loop(NotebookWithoutDropout(), images, seed);
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(directory + "/weights.f32", BytesOf(loop.weights())));
  ImageChooser chooser(loop, images, only_clear);
  std::vector<uint32_t> order;
  std::string losses;
  for (int step = 0; step < steps; ++step) {
    const std::vector<uint32_t> batch = chooser.NextBatch();
    order.insert(order.end(), batch.begin(), batch.end());
    absl::StrAppendFormat(&losses, "%.17g\n", loop.StepOn(batch.data()));
  }
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(directory + "/order.u32", BytesOf(order)));
  return WriteFileAtomically(directory + "/losses.txt", losses);
}

int Main(int argc, char** argv) {
  int steps = 0;
  uint64_t seed = 0;
  const std::string_view which = argc == 5 ? argv[4] : "";
  if ((which != "clear" && which != "plain") || !absl::SimpleAtoi(argv[2], &steps) || steps < 1 ||
      steps > 200 || !absl::SimpleAtoi(argv[3], &seed)) {
    std::fprintf(stderr, "usage: convoy_parity_dump DIRECTORY STEPS(1 to 200) SEED clear|plain\n");
    return static_cast<int>(ExitCode::kUsage);
  }
  const absl::Status status = Dump(argv[1], steps, seed, which == "clear");
  if (!status.ok()) {
    std::fprintf(stderr, "convoy_parity_dump: %s\n", std::string(status.message()).c_str());
  }
  return static_cast<int>(ExitCodeFor(status));
}

}  // namespace
}  // namespace convoy::parity

int main(int argc, char** argv) { return convoy::parity::Main(argc, argv); }
