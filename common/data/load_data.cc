#include "common/data/load_data.h"

#include "common/base/cpus.h"
#include "common/data/data_directory.h"
#include "common/data/digits/generated_digits.h"

namespace convoy::data {
namespace {

// Generated digits are one data set, whatever the recipe's seed: as many as MNIST has.
constexpr uint64_t kGeneratedSeed = 1;
constexpr int64_t kGeneratedTrainImages = 60000;
constexpr int64_t kGeneratedTestImages = 10000;

Dataset DrawDigits(uint32_t split, int64_t count) {
  Dataset digits{.count = count, .height = 28, .width = 28, .channels = 1, .num_classes = 10};
  digits.pixels.resize(static_cast<size_t>(count * 28 * 28));
  digits.labels.resize(static_cast<size_t>(count));
  GenerateDigits(kGeneratedSeed, split, count, UsableCores(), digits.pixels.data(),
                 digits.labels.data());
  return digits;
}

}  // namespace

absl::StatusOr<DataSource> LoadData(const std::string& flag) {
  const DataChoice choice = FindDataDirectory(flag);
  if (!choice.directory.empty()) return LoadIdxDirectory(choice.directory);
  DataSource source{.kind = kKindGenerated,
                    .where = choice.reason,
                    .train = DrawDigits(kGeneratedTrainSplit, kGeneratedTrainImages),
                    .test = DrawDigits(kGeneratedTestSplit, kGeneratedTestImages)};
  source.sha256 = DataSha256(source.train, source.test);
  return source;
}

}  // namespace convoy::data
