// For tests: small IDX files, made on the spot.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace convoy::data {

// Returns an IDX file of `count` images whose pixels differ from one another and between `salt`s.
std::string IdxImagesFile(int count, int height, int width, int salt = 0);

// Returns an IDX file of these labels.
std::string IdxLabelsFile(const std::vector<uint8_t>& labels);

// Returns `content` as one gzip member.
std::string Gzip(std::string_view content);

// A new, empty directory that goes away with this object, whatever it holds then.
class TestDirectory {
 public:
  TestDirectory();
  ~TestDirectory();
  TestDirectory(const TestDirectory&) = delete;
  TestDirectory& operator=(const TestDirectory&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

// Writes `content` to `path`; fails the process if it cannot.
void WriteTestFile(const std::string& path, std::string_view content);

// Writes the four files of a data set that LoadIdxDirectory takes: images of `height` x `width`,
// labels 0, 1, .., num_classes - 1, 0, ... in both halves.
struct TestDataSet {
  int train = 40;
  int test = 20;
  int height = 5;
  int width = 4;
  int num_classes = 10;
};
void WriteTestDataSet(const std::string& directory, const TestDataSet& sizes = {});

}  // namespace convoy::data
