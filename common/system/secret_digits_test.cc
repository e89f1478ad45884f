#include "common/system/secret_digits.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

namespace convoy {
namespace {

mode_t ModeOf(const std::string& path) {
  struct stat info {};
  EXPECT_EQ(::stat(path.c_str(), &info), 0);
  return info.st_mode & 0777;
}

TEST(SecretDigitsTest, AreDrawnOnceAndKeptForTheirOwner) {
  const std::string path = ::testing::TempDir() + "/secret_digits_test";
  std::filesystem::remove(path);
  const std::string drawn = ReadOrDrawSecretDigits(path).value();
  EXPECT_EQ(drawn.size(), kSecretDigits);
  EXPECT_EQ(ModeOf(path), 0600);
  ASSERT_EQ(::chmod(path.c_str(), 0644), 0);  // as an earlier version left it
  EXPECT_EQ(ReadOrDrawSecretDigits(path).value(), drawn);
  EXPECT_EQ(ModeOf(path), 0600);
  std::ofstream(path) << "cut sho";
  EXPECT_NE(ReadOrDrawSecretDigits(path).value(), drawn);
  EXPECT_FALSE(ReadOrDrawSecretDigits("/dev/null/key").ok());
}

}  // namespace
}  // namespace convoy
