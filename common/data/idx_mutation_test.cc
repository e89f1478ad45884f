// Valid files, changed in thousands of small ways: the readers must answer each with images that
// fit together or with one line, and take no memory that the bytes do not justify.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "common/base/random.h"
#include "common/data/idx.h"
#include "common/data/idx_testing.h"

namespace convoy::data {
namespace {

using ::testing::StartsWith;

constexpr int kRounds = 20'000;
constexpr size_t kMaxInflation = 1100;  // deflate's largest is 1032:1

// Sets, drops, repeats or inserts bytes in one to four places.
std::string Mutated(std::string file, RandomSequence* random) {
  const uint64_t num_changes = 1 + random->NextBelow(4);
  for (uint64_t change = 0; change < num_changes && !file.empty(); ++change) {
    const size_t at = random->NextBelow(file.size());
    const size_t length = 1 + random->NextBelow(8);
    switch (random->NextBelow(6)) {
      case 0:
        file[at] = static_cast<char>(random->NextUint32());
        break;
      case 1:
        file[at] ^= static_cast<char>(1u << random->NextBelow(8));
        break;
      case 2:
        file.erase(at, length);
        break;
      case 3:
        file.insert(at, file.substr(at, length));
        break;
      case 4:
        file.resize(at);
        break;
      default:
        // Sizes and other fields at the start are where a change matters most.
        file[random->NextBelow(std::min<size_t>(file.size(), 24))] =
            static_cast<char>(random->NextBelow(2) * 255);
    }
  }
  return file;
}

void ExpectSound(const absl::StatusOr<IdxImages>& images, size_t file_bytes) {
  if (!images.ok()) {
    const std::string message(images.status().message());
    ASSERT_THAT(message, StartsWith("NAME: "));
    ASSERT_EQ(message.find('\n'), std::string::npos) << message;
    return;
  }
  ASSERT_GT(images->count, 0);
  ASSERT_GT(images->height, 0);
  ASSERT_GT(images->width, 0);
  ASSERT_EQ(static_cast<int64_t>(images->pixels.size()),
            images->count * images->height * images->width);
  ASSERT_LE(images->pixels.size(), file_bytes * kMaxInflation);
}

class IdxMutationTest : public ::testing::TestWithParam<bool> {};

TEST_P(IdxMutationTest, EveryMutantIsReadOrRefusedInOneLine) {
  const std::string plain = IdxImagesFile(6, 5, 4);
  const std::string file = GetParam() ? Gzip(plain) : plain;
  int accepted = 0;
  for (uint32_t round = 0; round < kRounds; ++round) {
    RandomSequence random(1, RandomStream::kNoise, round);
    const std::string mutant = Mutated(file, &random);
    const absl::StatusOr<IdxImages> images = ParseIdxImages(mutant, "NAME");
    ExpectSound(images, mutant.size());
    if (HasFatalFailure()) FAIL() << "round " << round;
    accepted += images.ok() ? 1 : 0;
    if (const auto labels = ParseIdxLabels(mutant, "NAME"); labels.ok()) {
      ASSERT_EQ(static_cast<int64_t>(labels->labels.size()), labels->count) << "round " << round;
    }
  }
  // Both outcomes must have been seen, or the mutations are too weak or too strong.
  EXPECT_GT(accepted, 0);
  EXPECT_LT(accepted, kRounds / 2);
}

INSTANTIATE_TEST_SUITE_P(Stored, IdxMutationTest, ::testing::Bool(),
                         [](const auto& test) { return test.param ? "Gzip" : "Plain"; });

}  // namespace
}  // namespace convoy::data
