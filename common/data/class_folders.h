// Which files of a tree are pictures of which class: a folder a class, as Keras's
// image_dataset_from_directory and torchvision's ImageFolder have it.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace convoy::data {

// A file of the tree by its index, and the class of what it shows.
struct LabelledFile {
  size_t file = 0;
  int label = 0;  // in ClassFolders::classes
};

// The pictures of a data set, each part in a fixed order in which the classes are mixed.
struct ClassFolders {
  std::vector<std::string> classes;  // folders' names in the order of their bytes
  std::vector<LabelledFile> train;
  std::vector<LabelledFile> validation;  // only where there is a folder for it beside one for tests
  std::vector<LabelledFile> test;
  bool test_was_held_out = false;  // there is no folder for it: a fifth of each class
  size_t ignored = 0;              // pictures in no class's folder
};

// True for the name of a picture, by its ending in any case: .jpg, .png and others. Also of formats
// that are not read, such as phones' .heic: a class's pictures are not to be left out silently.
bool IsPictureName(const std::string& path);

// Arranges the pictures among `paths`, which ascend. Where the top folders are called after the
// parts of a data set (train, training; val, valid, validation; test, testing; also within a name,
// as in seg_train) each has a folder a class; otherwise the top folders are the classes. Folders
// around all that, and folders within a class's, are looked through. With no folder for tests that
// for validation is the test; with neither a fifth of each class is.
//
// Returns NOT_FOUND if there is no picture in any class's folder; INVALID_ARGUMENT for one class
// or more than kMaxClasses, or a class of the test that is not trained on.
absl::StatusOr<ClassFolders> ArrangeClassFolders(const std::vector<std::string>& paths);

}  // namespace convoy::data
