#include "common/data/data_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <stdlib.h>
#include <unistd.h>

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "common/data/idx_testing.h"

namespace convoy::data {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

// A directory with a small valid data set, and what happens to it.
class LoadIdxDirectoryTest : public ::testing::Test {
 protected:
  LoadIdxDirectoryTest() { WriteTestDataSet(directory_); }

  std::string Path(const std::string& name) const { return directory_ + "/" + name; }
  void Write(const std::string& name, std::string_view content) {
    WriteTestFile(Path(name), content);
  }
  void Remove(const std::string& name) { ASSERT_TRUE(std::filesystem::remove(Path(name))); }

  void ExpectError(absl::StatusCode code, const std::string& part) {
    const auto source = LoadIdxDirectory(directory_);
    EXPECT_EQ(source.status().code(), code) << source.status();
    const std::string message(source.status().message());
    EXPECT_THAT(message, AllOf(HasSubstr(part), HasSubstr(directory_), HasSubstr("`data`")));
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }

  const TestDirectory owner_;
  const std::string directory_ = owner_.path();
};

TEST_F(LoadIdxDirectoryTest, GivesBothHalves) {
  const DataSource source = LoadIdxDirectory(directory_).value();
  EXPECT_EQ(source.kind, "idx");
  EXPECT_EQ(source.where, directory_);
  EXPECT_EQ(source.train.count, 40);
  EXPECT_EQ(source.test.count, 20);
  EXPECT_EQ(source.test.height, 5);
  EXPECT_EQ(source.test.width, 4);
  EXPECT_EQ(source.train.channels, 1);
  EXPECT_EQ(source.train.num_classes, 10);
  EXPECT_EQ(source.test.num_classes, 10);
  EXPECT_EQ(source.train.labels[13], 3);
  EXPECT_EQ(source.train.pixels[1], 7);
  EXPECT_EQ(source.test.pixels[1], 14) << "the test images are another file's";
}

TEST_F(LoadIdxDirectoryTest, CompressionAndSpellingDoNotShow) {
  const std::string plain = LoadIdxDirectory(directory_)->sha256;
  Write("train-images.idx3-ubyte.gz", Gzip(IdxImagesFile(40, 5, 4)));
  Remove("train-images-idx3-ubyte");
  EXPECT_EQ(LoadIdxDirectory(directory_)->sha256, plain);
  std::filesystem::rename(Path("t10k-labels-idx1-ubyte"), Path("t10k-labels.idx1-ubyte"));
  EXPECT_EQ(LoadIdxDirectory(directory_)->sha256, plain);
}

TEST_F(LoadIdxDirectoryTest, EveryFileCountsInTheHash) {
  const std::string before = LoadIdxDirectory(directory_)->sha256;
  Write("t10k-images-idx3-ubyte", IdxImagesFile(20, 5, 4, 2));
  EXPECT_NE(LoadIdxDirectory(directory_)->sha256, before);
}

TEST_F(LoadIdxDirectoryTest, PlainFileIsPreferredToTheCompressedOne) {
  Write("train-images-idx3-ubyte.gz", "no gzip at all");
  EXPECT_TRUE(LoadIdxDirectory(directory_).ok());
  // And a broken plain one is an error, not a reason to look at the other.
  Write("train-images-idx3-ubyte.gz", Gzip(IdxImagesFile(40, 5, 4)));
  Write("train-images-idx3-ubyte", "junk");
  ExpectError(absl::StatusCode::kInvalidArgument, "/train-images-idx3-ubyte: is something");
}

TEST_F(LoadIdxDirectoryTest, ClassesFollowTheTrainingLabels) {
  WriteTestDataSet(directory_, {.num_classes = 37});
  EXPECT_EQ(LoadIdxDirectory(directory_)->train.num_classes, 37);
  WriteTestDataSet(directory_, {.train = 512, .test = 256, .num_classes = 256});
  EXPECT_EQ(LoadIdxDirectory(directory_)->test.num_classes, 256);
  WriteTestDataSet(directory_, {.num_classes = 1});
  EXPECT_EQ(LoadIdxDirectory(directory_)->train.num_classes, 2);
}

// Labels first, first + 1, ..., last, as integers of 2 bytes; the test has the last one alone.
TEST_F(LoadIdxDirectoryTest, ThereMayBeAThousandClasses) {
  const auto write = [&](Label first, Label last) {
    std::vector<Label> labels;
    for (Label label = first; label <= last; ++label) labels.push_back(label);
    const auto count = static_cast<int>(labels.size());
    Write("train-images-idx3-ubyte", IdxImagesFile(count, 1, 1));
    Write("train-labels-idx1-ubyte", EncodeIdxLabels(labels, 1000));
    Write("t10k-images-idx3-ubyte", IdxImagesFile(1, 1, 1));
    Write("t10k-labels-idx1-ubyte", EncodeIdxLabels({&last, 1}, 1000));
  };
  write(0, 999);
  EXPECT_EQ(LoadIdxDirectory(directory_)->train.num_classes, 1000);
  EXPECT_EQ(LoadIdxDirectory(directory_)->test.labels, std::vector<Label>{999});
  // From 1 on they are as many.
  write(1, 1000);
  EXPECT_EQ(LoadIdxDirectory(directory_)->train.num_classes, 1000);
  EXPECT_EQ(LoadIdxDirectory(directory_)->train.labels.front(), 0);
  EXPECT_EQ(LoadIdxDirectory(directory_)->test.labels, std::vector<Label>{999});
  EXPECT_EQ(LoadIdxDirectory(directory_)->class_names.back(), "1000");
  write(0, 1000);
  ExpectError(absl::StatusCode::kInvalidArgument,
              "/train-labels-idx1-ubyte: label 1000 of image 1000 is out of range: at most 1000 "
              "classes are possible");
}

TEST_F(LoadIdxDirectoryTest, TestLabelBeyondTheClassesIsRefused) {
  std::vector<uint8_t> labels(20, 1);
  labels[17] = 10;
  Write("t10k-labels-idx1-ubyte", IdxLabelsFile(labels));
  ExpectError(absl::StatusCode::kInvalidArgument,
              "/t10k-labels-idx1-ubyte: label 10 of image 17 is beyond the 10 classes");
}

TEST_F(LoadIdxDirectoryTest, CountsThatDifferNameBothFiles) {
  Write("train-labels-idx1-ubyte", IdxLabelsFile({1, 2, 3}));
  ExpectError(absl::StatusCode::kInvalidArgument,
              "/train-images-idx3-ubyte: holds 40 images, but " + Path("train-labels-idx1-ubyte") +
                  " 3 labels");
}

TEST_F(LoadIdxDirectoryTest, SizesThatDifferAreRefused) {
  Write("t10k-images-idx3-ubyte", IdxImagesFile(20, 4, 5));
  ExpectError(
      absl::StatusCode::kInvalidArgument,
      "/t10k-images-idx3-ubyte: holds images of 4 x 5 pixels, but those to train on are 5 x 4");
}

TEST_F(LoadIdxDirectoryTest, AllMissingFilesAreNamed) {
  Remove("train-labels-idx1-ubyte");
  Remove("t10k-images-idx3-ubyte");
  ExpectError(absl::StatusCode::kNotFound,
              ": holds no train-labels-idx1-ubyte, t10k-images-idx3-ubyte (nor with .gz); "
              "deploy/get-mnist.sh");
}

TEST_F(LoadIdxDirectoryTest, DamagedTestFileIsNamed) {
  Write("t10k-images-idx3-ubyte", IdxImagesFile(20, 5, 4).substr(0, 100));
  ExpectError(absl::StatusCode::kDataLoss, "/t10k-images-idx3-ubyte: is cut short");
}

TEST_F(LoadIdxDirectoryTest, DirectoryInTheFilesPlaceIsNotTakenForIt) {
  const std::string sha256 = LoadIdxDirectory(directory_)->sha256;
  std::filesystem::rename(Path("t10k-images-idx3-ubyte"), Path("t10k-images.idx3-ubyte"));
  std::filesystem::create_directory(Path("t10k-images-idx3-ubyte"));
  EXPECT_EQ(LoadIdxDirectory(directory_)->sha256, sha256);
  Remove("t10k-images.idx3-ubyte");
  ExpectError(absl::StatusCode::kNotFound, "holds no t10k-images-idx3-ubyte");
}

TEST(LoadIdxDirectoryNamedTest, MissingDirectoryIsNotFound) {
  const auto source = LoadIdxDirectory("/nonexistent/mnist");
  EXPECT_EQ(source.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(source.status().message()),
              AllOf(HasSubstr("/nonexistent/mnist: No such file"), HasSubstr("get-mnist.sh")));
}

TEST(LoadIdxDirectoryNamedTest, FileInTheDirectorysPlaceIsRefused) {
  EXPECT_EQ(LoadIdxDirectory("/dev/null").status().code(), absl::StatusCode::kInvalidArgument);
}

// Sets variables of the environment and the working directory, and puts them back.
class FindDataDirectoryTest : public ::testing::Test {
 protected:
  FindDataDirectoryTest() {
    std::filesystem::current_path(root_);
    ::setenv("HOME", home_.c_str(), 1);
    ::unsetenv("CONVOY_DATA");
    std::filesystem::create_directories(cache_);
    std::filesystem::create_directories(root_ + "/data/mnist");
  }
  ~FindDataDirectoryTest() override {
    std::filesystem::current_path(old_directory_);
    Restore("HOME", old_home_);
    Restore("CONVOY_DATA", old_data_);
  }

  static std::optional<std::string> Get(const char* name) {
    const char* value = ::getenv(name);
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  }
  static void Restore(const char* name, const std::optional<std::string>& value) {
    if (value.has_value()) {
      ::setenv(name, value->c_str(), 1);
    } else {
      ::unsetenv(name);
    }
  }

  const std::filesystem::path old_directory_ = std::filesystem::current_path();
  const std::optional<std::string> old_home_ = Get("HOME");
  const std::optional<std::string> old_data_ = Get("CONVOY_DATA");
  const TestDirectory owner_;
  const std::string root_ = owner_.path();
  const std::string home_ = root_ + "/home";
  const std::string cache_ = home_ + "/.cache/convoy/mnist";
};

TEST_F(FindDataDirectoryTest, FollowsTheOrder) {
  EXPECT_EQ(FindDataDirectory("").directory, "");
  WriteTestDataSet(cache_);
  EXPECT_EQ(FindDataDirectory("").directory, cache_);
  WriteTestDataSet(root_ + "/data/mnist");
  EXPECT_EQ(FindDataDirectory("").directory, "./data/mnist");
  ::setenv("CONVOY_DATA", "/somewhere", 1);
  EXPECT_EQ(FindDataDirectory("").directory, "/somewhere");
  EXPECT_EQ(FindDataDirectory("/elsewhere").directory, "/elsewhere");
  EXPECT_EQ(FindDataDirectory("generated").directory, "");
}

TEST_F(FindDataDirectoryTest, NamedDirectoryIsChosenThoughOtherDataAreThere) {
  WriteTestDataSet(root_ + "/data/mnist");
  EXPECT_EQ(FindDataDirectory("/nonexistent").reason, "data");
  ::setenv("CONVOY_DATA", "/nonexistent", 1);
  EXPECT_EQ(FindDataDirectory("").directory, "/nonexistent");
  EXPECT_EQ(FindDataDirectory("").reason, "$CONVOY_DATA");
}

TEST_F(FindDataDirectoryTest, EmptyVariableIsNoName) {
  ::setenv("CONVOY_DATA", "", 1);
  EXPECT_EQ(FindDataDirectory("").directory, "");
  EXPECT_EQ(FindDataDirectory("").reason, "no data named, none found in ./data/mnist or " + cache_);
}

TEST_F(FindDataDirectoryTest, IncompleteDirectoryIsFoundSoThatLoadingItFails) {
  WriteTestFile(root_ + "/data/mnist/t10k-labels-idx1-ubyte.gz", "x");
  WriteTestDataSet(cache_);
  EXPECT_EQ(FindDataDirectory("").directory, "./data/mnist");
}

TEST_F(FindDataDirectoryTest, WithoutHomeTheUsersEntryCounts) {
  ::unsetenv("HOME");
  const std::string home = ::getpwuid(::getuid())->pw_dir;
  const DataChoice choice = FindDataDirectory("");  // found there, or looked for in vain
  EXPECT_THAT(choice.directory + choice.reason, HasSubstr(home + "/.cache/convoy/mnist"));
}

// The real one, where the machine has it.
TEST(MnistTest, CanonicalFilesAreKnown) {
  const char* directory = ::getenv("CONVOY_DATA");
  if (directory == nullptr) GTEST_SKIP() << "CONVOY_DATA is not set";
  const DataSource source = LoadIdxDirectory(directory).value();
  EXPECT_EQ(source.kind, "mnist");
  EXPECT_EQ(source.sha256, kMnistSha256);
  EXPECT_EQ(source.train.count, 60000);
  EXPECT_EQ(source.test.count, 10000);
  EXPECT_EQ(source.train.num_classes, 10);
  EXPECT_EQ(source.train.height, 28);
  EXPECT_EQ(source.train.labels[0], 5);
  EXPECT_EQ(source.test.labels[0], 7);
}

}  // namespace
}  // namespace convoy::data
