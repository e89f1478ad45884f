#include "common/formats/tensorboard/event_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <vector>

#include "common/base/files.h"
#include "common/formats/tensorboard/crc32c.h"
#include "common/formats/tensorboard/keras_events.h"
#include "tensorboard/event.pb.h"

namespace convoy::formats {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::MatchesRegex;

class EventFileTest : public ::testing::Test {
 protected:
  EventFileTest() : directory_(::testing::TempDir() + "/events." + std::to_string(::getpid())) {
    std::filesystem::remove_all(directory_);
  }
  ~EventFileTest() override { std::filesystem::remove_all(directory_); }

  std::vector<std::string> FilesOf(const std::string& run) const {
    std::vector<std::string> files;
    if (!PathExists(directory_ + "/" + run)) return files;
    for (const auto& entry : std::filesystem::directory_iterator(directory_ + "/" + run)) {
      files.push_back(entry.path());
    }
    return files;
  }

  std::string directory_;
};

template <typename T>
T Number(const std::string& bytes, size_t offset) {
  T number;
  std::memcpy(&number, bytes.data() + offset, sizeof(number));
  return number;
}

// Cuts a file into its events and checks every checksum.
std::vector<tensorboard::Event> Events(const std::string& path) {
  const std::string bytes = ReadFile(path, 1 << 20).value();
  std::vector<tensorboard::Event> events;
  size_t offset = 0;
  while (offset < bytes.size()) {
    const auto length = Number<uint64_t>(bytes, offset);
    const std::string_view data = std::string_view(bytes).substr(offset + 12, length);
    EXPECT_EQ(Number<uint32_t>(bytes, offset + 8),
              MaskedCrc32c(std::string_view(bytes).substr(offset, 8)));
    EXPECT_EQ(Number<uint32_t>(bytes, offset + 12 + length), MaskedCrc32c(data));
    events.emplace_back();
    EXPECT_TRUE(events.back().ParseFromArray(data.data(), static_cast<int>(data.size())));
    offset += length + 16;
  }
  return events;
}

// "train: epoch_loss 2 = 0.5" for every scalar.
std::vector<std::string> Scalars(const std::vector<std::string>& files) {
  std::vector<std::string> lines;
  for (const std::string& file : files) {
    for (const tensorboard::Event& event : Events(file)) {
      for (const tensorboard::SummaryValue& value : event.summary().values()) {
        lines.push_back(value.tag() + " " + std::to_string(event.step()) + " = " +
                        std::to_string(value.simple_value()));
      }
    }
  }
  return lines;
}

// The first 33 bytes of a PNG file: all that the writer looks at.
std::string Png(char color_type = 6) {
  return std::string("\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16) + std::string("\0\0\1\2", 4) +
         std::string("\0\0\0\3", 4) + std::string("\x08", 1) + color_type +
         std::string("\0\0\0crc.", 7);
}

TEST_F(EventFileTest, RecordIsLengthChecksumDataChecksum) {
  const std::string record = EventRecord("123456789");
  ASSERT_EQ(record.size(), 8U + 4 + 9 + 4);
  EXPECT_EQ(Number<uint64_t>(record, 0), 9U);
  EXPECT_EQ(record.substr(12, 9), "123456789");
  EXPECT_EQ(Number<uint32_t>(record, 21), 0xc78ab0e5U);
}

TEST_F(EventFileTest, BeginsWithTheVersionAndAppendsScalars) {
  auto file = EventFile::Create(directory_ + "/run", 1700000000.5).value();
  EXPECT_THAT(file.path(), MatchesRegex(".*/events\\.out\\.tfevents\\.1700000000\\..+\\.[0-9]+"));
  ASSERT_TRUE(file.AddScalar({1700000001.25, 7}, "batch_loss", 0.0F).ok());
  const auto events = Events(file.path());
  ASSERT_EQ(events.size(), 2U);
  EXPECT_EQ(events[0].file_version(), "brain.Event:2");
  EXPECT_EQ(events[0].wall_time(), 1700000000.5);
  EXPECT_EQ(events[1].wall_time(), 1700000001.25);
  EXPECT_EQ(events[1].step(), 7);
  ASSERT_EQ(events[1].summary().values_size(), 1);
  // Zero is a value, not a missing one.
  EXPECT_EQ(events[1].summary().values(0).value_case(), tensorboard::SummaryValue::kSimpleValue);
  EXPECT_EQ(events[1].summary().values(0).tag(), "batch_loss");
}

TEST_F(EventFileTest, FilesOfOneSecondHaveTheirOwnNames) {
  const auto first = EventFile::Create(directory_, 5).value();
  const auto second = EventFile::Create(directory_, 5).value();
  EXPECT_NE(first.path(), second.path());
}

TEST_F(EventFileTest, PictureHasItsSizesFromThePng) {
  auto file = EventFile::Create(directory_, 1).value();
  ASSERT_TRUE(file.AddImage({2, 3}, "filters/conv1", Png()).ok());
  const auto image = Events(file.path()).at(1).summary().values(0).image();
  EXPECT_EQ(image.width(), 0x102);
  EXPECT_EQ(image.height(), 3);
  EXPECT_EQ(image.colorspace(), 4);
  EXPECT_EQ(image.encoded_image_string(), Png());
}

TEST_F(EventFileTest, WhatIsNoPngIsRefusedAndLeavesTheFileWhole) {
  auto file = EventFile::Create(directory_, 1).value();
  std::string no_width = Png();
  no_width.replace(16, 4, std::string(4, '\0'));
  for (const std::string& bad : {std::string(), std::string("GIF89a"), Png().substr(0, 32),
                                 std::string(40, 'x'), no_width, Png(1)}) {
    const absl::Status status = file.AddImage({2, 3}, "confusion", bad);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(status.message()), HasSubstr("confusion: the "));
  }
  EXPECT_EQ(Events(file.path()).size(), 1U);
}

TEST_F(EventFileTest, AFailedWriteIsRememberedBecauseTheFileMayBeCut) {
  auto file = EventFile::Create(directory_, 1).value();
  std::filesystem::remove(file.path());
  std::filesystem::create_directory(file.path());
  const absl::Status failed = file.AddScalar({1, 1}, "a", 1);
  EXPECT_FALSE(failed.ok());
  std::filesystem::remove(file.path());
  EXPECT_EQ(file.AddScalar({1, 1}, "a", 1), failed);
  EXPECT_FALSE(PathExists(file.path()));
}

TEST_F(EventFileTest, DirectoryThatCannotBeMadeIsAnError) {
  ASSERT_TRUE(CreateDirectories(directory_).ok());
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/file", "").ok());
  EXPECT_FALSE(EventFile::Create(directory_ + "/file/run", 1).ok());
}

TEST_F(EventFileTest, KerasTagsGoToTheirRuns) {
  KerasEvents events(directory_);
  ASSERT_TRUE(events.AddEpoch({2, 0}, {{"loss", 2.5}}, 0.125).ok());
  EXPECT_THAT(FilesOf("validation"), ElementsAre());
  ASSERT_TRUE(
      events.AddEpoch({2, 1}, {{"loss", 0.5}, {"lr", 0.25}, {"val_loss", 0.75}}, 0.125).ok());
  ASSERT_TRUE(events.AddImage({4, 1}, "filters/conv1", Png()).ok());
  EXPECT_THAT(Scalars(FilesOf("train")),
              ElementsAre("epoch_loss 0 = 2.500000", "epoch_learning_rate 0 = 0.125000",
                          "epoch_loss 1 = 0.500000", "epoch_learning_rate 1 = 0.250000",
                          "filters/conv1 1 = 0.000000"));
  EXPECT_THAT(Scalars(FilesOf("validation")), ElementsAre("epoch_loss 1 = 0.750000"));
}

TEST_F(EventFileTest, LastStepIsThatOfTheTagInAllFiles) {
  EXPECT_EQ(LastEventStep(directory_, "loss").value(), -1);
  auto first = EventFile::Create(directory_, 1).value();
  ASSERT_TRUE(first.AddScalar({1, 4}, "loss", 1).ok());
  ASSERT_TRUE(first.AddScalar({1, 9}, "other", 1).ok());
  ASSERT_TRUE(WriteFileAtomically(directory_ + "/notes.txt", "no event file").ok());
  EXPECT_EQ(LastEventStep(directory_, "loss").value(), 4);
  auto second = EventFile::Create(directory_, 2).value();
  ASSERT_TRUE(second.AddStart({2, 3}).ok());
  EXPECT_EQ(LastEventStep(directory_, "loss").value(), 2);
  ASSERT_TRUE(second.AddScalar({2, 3}, "loss", 1).ok());
  EXPECT_EQ(LastEventStep(directory_, "loss").value(), 3);
}

TEST_F(EventFileTest, CutOrBrokenFileCountsAsFarAsItIsWhole) {
  auto file = EventFile::Create(directory_, 1).value();
  for (const int64_t step : {0, 1, 2}) ASSERT_TRUE(file.AddScalar({1, step}, "loss", 1).ok());
  const std::string whole = ReadFile(file.path(), 1 << 20).value();
  const size_t record = EventRecord(Events(file.path()).back().SerializeAsString()).size();
  for (size_t cut = 1; cut <= record; ++cut) {
    ASSERT_TRUE(WriteFileAtomically(file.path(), whole.substr(0, whole.size() - cut)).ok());
    ASSERT_EQ(LastEventStep(directory_, "loss").value(), 1) << cut;
    std::string broken = whole;
    broken[whole.size() - cut] ^= 0x10;
    ASSERT_TRUE(WriteFileAtomically(file.path(), broken).ok());
    ASSERT_EQ(LastEventStep(directory_, "loss").value(), 1) << cut;
  }
}

TEST_F(EventFileTest, EpochOfWhichTheEndIsLostIsAddedAgainWhole) {
  {
    KerasEvents events(directory_);
    ASSERT_TRUE(events.AddEpoch({1, 0}, {{"loss", 0.5}, {"accuracy", 0.25}}, 1).ok());
  }
  const std::string cut = FilesOf("train").at(0);
  const std::string whole = ReadFile(cut, 1 << 20).value();
  ASSERT_TRUE(WriteFileAtomically(cut, whole.substr(0, whole.size() - 20)).ok());
  KerasEvents events(directory_);
  ASSERT_TRUE(events.Resume(10, {{{"loss", 0.5}, {"accuracy", 0.25}}}, 1).ok());
  std::vector<std::string> files = FilesOf("train");
  std::sort(files.begin(), files.end());
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(Events(files[1]).at(1).step(), 0);
  EXPECT_THAT(Scalars({files[1]}),
              ElementsAre("epoch_loss 0 = 0.500000", "epoch_accuracy 0 = 0.250000",
                          "epoch_learning_rate 0 = 1.000000"));
}

// What a reader shows after all files: later values of a step replace none, START makes void.
TEST_F(EventFileTest, ResumedRunHasEveryEpochOnce) {
  const metrics::History history = {{{"loss", 0.5}, {"val_loss", 0.75}},
                                    {{"loss", 0.25}, {"val_loss", 0.5}},
                                    {{"loss", 0.125}, {"val_loss", 0.375}}};
  {
    KerasEvents events(directory_);
    ASSERT_TRUE(events.AddEpoch({1, 0}, history[0], 1).ok());
    // Killed between the two runs of the second epoch, whose checkpoint was written all the same.
    ASSERT_TRUE(events.AddEpoch({2, 1}, {history[1][0]}, 1).ok());
  }
  {
    KerasEvents events(directory_);
    ASSERT_TRUE(events.Resume(10, {history[0], history[1]}, 1).ok());
    ASSERT_TRUE(events.AddEpoch({11, 2}, history[2], 1).ok());
  }
  std::vector<std::string> files = FilesOf("train");
  std::sort(files.begin(), files.end());
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(Events(files[1]).at(1).session_log().status(), tensorboard::SessionLog::START);
  EXPECT_EQ(Events(files[1]).at(1).step(), 1);
  EXPECT_THAT(Scalars({files[1]}),
              ElementsAre("epoch_loss 1 = 0.250000", "epoch_learning_rate 1 = 1.000000",
                          "epoch_loss 2 = 0.125000", "epoch_learning_rate 2 = 1.000000"));
  files = FilesOf("validation");
  std::sort(files.begin(), files.end());
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(Events(files[1]).at(1).step(), 1);
  EXPECT_THAT(Scalars(files), ElementsAre("epoch_loss 0 = 0.750000", "epoch_loss 1 = 0.500000",
                                          "epoch_loss 2 = 0.375000"));
}

// The checkpoint of the last epoch was not written, its events were.
TEST_F(EventFileTest, EpochThatIsTrainedAgainIsVoidBefore) {
  {
    KerasEvents events(directory_);
    ASSERT_TRUE(events.AddEpoch({1, 0}, {{"loss", 0.5}}, 1).ok());
    ASSERT_TRUE(events.AddEpoch({2, 1}, {{"loss", 0.25}}, 1).ok());
  }
  KerasEvents events(directory_);
  ASSERT_TRUE(events.Resume(10, {{{"loss", 0.5}}}, 1).ok());
  EXPECT_EQ(LastEventStep(directory_ + "/train", "epoch_loss").value(), 0);
  EXPECT_THAT(FilesOf("validation"), ElementsAre());
}

}  // namespace
}  // namespace convoy::formats
