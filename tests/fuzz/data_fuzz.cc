// libFuzzer program: every reader of labelled images takes any bytes without a crash, as one file
// (a table or an archive) and as the files of a folder whose names the readers look for; errors are
// one line, and what is accepted fits together.
#include <algorithm>
#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/base/check.h"
#include "common/data/cifar_binary.h"
#include "common/data/csv_data.h"
#include "common/data/files/file_tree.h"
#include "common/data/idx_tree.h"
#include "common/data/npz.h"
#include "common/data/picture_data.h"
#include "tests/fuzz/one_line.h"

namespace convoy::data {
namespace {

// What readers look for. The first byte of each file in the input chooses its name.
constexpr const char* kNames[] = {"train-images-idx3-ubyte",
                                  "train-labels-idx1-ubyte",
                                  "t10k-images.idx3-ubyte.gz",
                                  "t10k-labels-idx1-ubyte",
                                  "train-labels-idx2-int",
                                  "train-mapping.txt",
                                  "data_batch_1.bin",
                                  "data_batch_2.bin",
                                  "data_batch_3.bin",
                                  "data_batch_4.bin",
                                  "data_batch_5.bin",
                                  "test_batch.bin",
                                  "batches.meta.txt",
                                  "train.bin",
                                  "test.bin",
                                  "fine_label_names.txt",
                                  "x_train.npy",
                                  "y_train.npy",
                                  "x_test.npy",
                                  "y_test.npy",
                                  "val_images.npy",
                                  "val_labels.npy",
                                  "train.csv",
                                  "test.csv.gz",
                                  "train/a/1.png",
                                  "train/a/2.jpg",
                                  "train/b/1.png",
                                  "test/a/1.png",
                                  "val/b/1.jpeg",
                                  "a.npy",
                                  "c\n\x1b/1.png",
                                  "x"};

// Files in memory.
class MemoryTree : public FileTree {
 public:
  explicit MemoryTree(std::vector<std::pair<std::string, std::string>> files) {
    root_ = "NAME";
    std::sort(files.begin(), files.end());
    for (auto& [path, content] : files) {
      if (!paths_.empty() && paths_.back() == path) continue;
      paths_.push_back(path);
      contents_.push_back(std::move(content));
    }
  }

  absl::StatusOr<std::string> Read(size_t index, uint64_t max_bytes) const override {
    if (contents_[index].size() <= max_bytes) return contents_[index];
    return absl::OutOfRangeError("NAME: too large");
  }

 private:
  std::vector<std::string> contents_;
};

// The input as files: a byte for the name, two for the length, the content.
std::unique_ptr<FileTree> FilesOf(std::string_view bytes) {
  std::vector<std::pair<std::string, std::string>> files;
  while (bytes.size() >= 3) {
    const auto byte = [&](size_t at) { return size_t{static_cast<uint8_t>(bytes[at])}; };
    const char* name = kNames[byte(0) % std::size(kNames)];
    const size_t length = byte(1) | byte(2) << 8;
    files.emplace_back(name, bytes.substr(3, length));
    bytes.remove_prefix(std::min(bytes.size(), 3 + length));
  }
  return std::make_unique<MemoryTree>(std::move(files));
}

void CheckPart(const Dataset& part, const Dataset& like) {
  CONVOY_CHECK(part.count > 0 && part.height > 0 && part.width > 0 && part.channels > 0);
  CONVOY_CHECK_EQ(static_cast<int64_t>(part.pixels.size()), part.count * part.View().image_bytes());
  CONVOY_CHECK_EQ(static_cast<int64_t>(part.labels.size()), part.count);
  CONVOY_CHECK_EQ(part.View().image_bytes(), like.View().image_bytes());
  for (const uint8_t label : part.labels) CONVOY_CHECK(label < part.num_classes);
}

void CheckSource(const absl::StatusOr<DataSource>& source) {
  if (!source.ok()) return CheckOneLine(source.status());
  CheckPart(source->train, source->train);
  CheckPart(source->test, source->train);
  CONVOY_CHECK(source->validation_images <= source->train.count);
  const size_t names = source->class_names.size();
  CONVOY_CHECK(names == 0 || names == static_cast<size_t>(source->train.num_classes));
}

// All readers, also those that would not be asked.
void CheckTree(const FileTree& tree) {
  CheckSource(LoadIdxTree(tree));
  CheckSource(LoadCifarBatches(tree));
  CheckSource(LoadArrays(tree));
  CheckSource(LoadTables(tree));
  for (const bool skip : {false, true}) {
    CheckSource(LoadPictures(tree, {.height = 5, .width = 4, .skip_bad = skip}));
  }
}

void CheckArchive(const std::string& bytes) {
  const absl::StatusOr<std::unique_ptr<FileTree>> tree = OpenArchiveBytes(bytes, "NAME");
  if (!tree.ok()) return CheckOneLine(tree.status());
  for (const std::string& path : (*tree)->paths()) CONVOY_CHECK(!path.empty());
  CheckTree(**tree);
}

}  // namespace
}  // namespace convoy::data

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  convoy::data::CheckArchive(bytes);
  convoy::data::CheckTree(*convoy::data::FilesOf(bytes));
  return 0;
}
