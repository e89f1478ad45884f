// main() of the tests that run without mpirun. Gives each process a temporary directory of its own,
// which ::testing::TempDir() returns and which is removed at the end: ctest runs every test in a
// process, and several at a time.
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  std::string directory = ::testing::TempDir() + "/convoy_test.XXXXXX";
  if (::mkdtemp(directory.data()) == nullptr) {
    std::perror(directory.c_str());
    return 1;
  }
  ::setenv("TEST_TMPDIR", (directory + "/").c_str(), /*overwrite=*/1);
  const int failed = RUN_ALL_TESTS();
  std::error_code ignored;  // a test's child may still be there
  std::filesystem::remove_all(directory, ignored);
  return failed;
}
