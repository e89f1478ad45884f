#include "common/data/class_folders.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace convoy::data {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

std::set<size_t> FilesOf(const std::vector<LabelledFile>& files) {
  std::set<size_t> indices;
  for (const LabelledFile& file : files) indices.insert(file.file);
  return indices;
}

TEST(ClassFoldersTest, PartsHaveAFolderAClass) {
  const auto folders =
      ArrangeClassFolders({"d/test/b/3.png", "d/train/a/0.jpg", "d/train/b/1.JPG",
                           "d/train/b/deep/2.jpeg", "d/train/notes.txt", "d/val/a/4.png"});
  ASSERT_TRUE(folders.ok()) << folders.status();
  EXPECT_THAT(folders->classes, ElementsAre("a", "b"));
  EXPECT_EQ(FilesOf(folders->train), (std::set<size_t>{1, 2, 3}));
  EXPECT_EQ(FilesOf(folders->validation), (std::set<size_t>{5}));
  EXPECT_EQ(FilesOf(folders->test), (std::set<size_t>{0}));
  EXPECT_EQ(folders->test[0].label, 1);
  EXPECT_FALSE(folders->test_was_held_out);
}

TEST(ClassFoldersTest, ValidationAloneIsTheTest) {
  const auto folders = ArrangeClassFolders({"train/a/0.png", "train/b/1.png", "valid/a/2.png"});
  EXPECT_EQ(FilesOf(folders->test), (std::set<size_t>{2}));
  EXPECT_TRUE(folders->validation.empty());
}

TEST(ClassFoldersTest, WithoutPartsAFifthOfEachClassIsHeldOut) {
  std::vector<std::string> paths;
  for (char c = 'a'; c < 'k'; ++c) paths.push_back(std::string("bus/") + c + ".png");
  for (char c = 'a'; c < 'c'; ++c) paths.push_back(std::string("train/") + c + ".png");
  const auto folders = ArrangeClassFolders(paths);
  ASSERT_TRUE(folders.ok()) << folders.status();
  EXPECT_THAT(folders->classes, ElementsAre("bus", "train")) << "a train is a class here";
  EXPECT_EQ(folders->train.size(), 9u);
  EXPECT_EQ(folders->test.size(), 3u) << "two of ten, and one of two";
  EXPECT_TRUE(folders->test_was_held_out);
}

TEST(ClassFoldersTest, NestedPartsAsKagglePacksThem) {
  const auto folders =
      ArrangeClassFolders({"seg_pred/seg_pred/9.jpg", "seg_test/seg_test/sea/1.jpg",
                           "seg_train/seg_train/ice/2.jpg", "seg_train/seg_train/sea/3.jpg"});
  ASSERT_TRUE(folders.ok()) << folders.status();
  EXPECT_THAT(folders->classes, ElementsAre("ice", "sea"));
  EXPECT_EQ(folders->ignored, 1u);
}

TEST(ClassFoldersTest, WhatCannotBeTrainedIsNamed) {
  const auto error = [](const std::vector<std::string>& paths) {
    return std::string(ArrangeClassFolders(paths).status().message());
  };
  EXPECT_THAT(error({"a/0.txt"}), HasSubstr("no folder with pictures"));
  EXPECT_THAT(error({"cat/0.png", "cat/1.png"}), HasSubstr("one class alone, 'cat'"));
  EXPECT_THAT(error({"a\x1b/0.png"}), HasSubstr("'a\\x1b'"));
  EXPECT_THAT(error({"test/c/0.png", "train/a/1.png", "train/b/2.png"}), HasSubstr("class 'c'"));
  std::vector<std::string> many;
  for (int i = 0; i < 10000; ++i) many.push_back(std::to_string(i) + "/0.png");
  EXPECT_THAT(error(many), HasSubstr("has 10000 folders"));
}

}  // namespace
}  // namespace convoy::data
