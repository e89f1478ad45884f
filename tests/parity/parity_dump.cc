// Trains the notebook's network without dropout for a few steps on the MNIST files of $CONVOY_DATA,
// and writes what another implementation needs to do the same, for pytorch_parity.py:
//   weights.f32  the initial weights, little-endian, in Keras's order and layouts
//   order.u32    the images of the steps, 128 each, by their numbers in the training file
//   losses.txt   the mean loss of each step, a line each
//
// Usage: convoy_parity_dump DIRECTORY STEPS SEED
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/data/data_directory.h"
#include "common/data/split.h"
#include "tests/parity/training_loop.h"

namespace convoy::parity {
namespace {

template <typename T>
std::string_view BytesOf(const T* values, size_t count) {
  return {reinterpret_cast<const char*>(values), count * sizeof(T)};
}

absl::Status Dump(const std::string& directory, int steps, uint64_t seed) {
  const char* data_directory = std::getenv("CONVOY_DATA");
  if (data_directory == nullptr) {
    return absl::FailedPreconditionError("CONVOY_DATA is not set; give it MNIST's directory");
  }
  CONVOY_ASSIGN_OR_RETURN(const data::DataSource source, data::LoadIdxDirectory(data_directory));
  CONVOY_ASSIGN_OR_RETURN(const data::Split split,
                          data::SplitTrainingImages(source.train.count, /*validation_split=*/0.2,
                                                    /*train_limit=*/0));
  TrainingLoop loop(NotebookWithoutDropout(), source.train.View().Slice(split.train), seed);
  CONVOY_RETURN_IF_ERROR(WriteFileAtomically(
      directory + "/weights.f32", BytesOf(loop.weights().data(), loop.weights().size())));
  CONVOY_RETURN_IF_ERROR(
      WriteFileAtomically(directory + "/order.u32",
                          BytesOf(loop.order().data(), static_cast<size_t>(steps * kBatchSize))));
  std::string losses;
  for (int step = 0; step < steps; ++step) absl::StrAppendFormat(&losses, "%.17g\n", loop.Step());
  return WriteFileAtomically(directory + "/losses.txt", losses);
}

int Main(int argc, char** argv) {
  int steps = 0;
  uint64_t seed = 0;
  if (argc != 4 || !absl::SimpleAtoi(argv[2], &steps) || steps < 1 || steps > 300 ||
      !absl::SimpleAtoi(argv[3], &seed)) {
    std::fprintf(stderr, "usage: convoy_parity_dump DIRECTORY STEPS(1 to 300) SEED\n");
    return static_cast<int>(ExitCode::kUsage);
  }
  const absl::Status status = Dump(argv[1], steps, seed);
  if (!status.ok()) {
    std::fprintf(stderr, "convoy_parity_dump: %s\n", std::string(status.message()).c_str());
  }
  return static_cast<int>(ExitCodeFor(status));
}

}  // namespace
}  // namespace convoy::parity

int main(int argc, char** argv) { return convoy::parity::Main(argc, argv); }
