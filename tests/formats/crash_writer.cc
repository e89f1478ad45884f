// Writes checkpoints without end until it is killed: crash_test.cc's victim.
//
//   crash_writer DIRECTORY KEEP_LAST FIRST_STEP EXTRA_ELEMS
//
// After each checkpoint that is safely stored it prints the step's number in a line.
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "common/base/check.h"
#include "common/formats/checkpoint_store.h"
#include "common/formats/model_testing.h"
#include "worker/train/checkpoint_writer.h"

namespace {

absl::Status SaveAndTell(convoy::formats::CheckpointStore* store,
                         const convoy::formats::Checkpoint& checkpoint) {
  const absl::Status status = store->Save(checkpoint);
  CONVOY_CHECK(status.ok());
  const std::string line = std::to_string(checkpoint.position.global_step) + "\n";
  CONVOY_CHECK(::write(STDOUT_FILENO, line.data(), line.size()) ==
               static_cast<ssize_t>(line.size()));
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: crash_writer DIRECTORY KEEP_LAST FIRST_STEP EXTRA_ELEMS\n");
    return 2;
  }
  auto store = convoy::formats::CheckpointStore::Open(argv[1], std::atoi(argv[2])).value();
  convoy::train::CheckpointWriter writer(
      [&store](const auto& checkpoint) { return SaveAndTell(&store, checkpoint); });
  for (int64_t step = std::atoll(argv[3]);; ++step) {
    auto checkpoint = writer.TakeBuffer();
    *checkpoint = convoy::formats::samples::LargeCheckpointAt(step, std::atoll(argv[4]));
    CONVOY_CHECK(writer.Submit(std::move(checkpoint)).ok());
  }
}
