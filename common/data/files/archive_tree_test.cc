#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/data/files/file_tree.h"

namespace convoy::data {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

// Beginnings of files that libarchive would hand to programs of the system.
TEST(ArchiveTreeTest, StartsNoPrograms) {
  using std::string_literals::operator""s;
  for (const std::string& begin :
       {"LRZI\0\6"s, "GRZipII\0\2\4:)"s, "\x89LZO\0\r\n\x1a\n\x10\x30\x20\x60\x09\x40"s}) {
    const auto tree = OpenArchiveBytes(begin + std::string(600, '\1'), "strange.tar");
    ASSERT_FALSE(tree.ok());
    const std::string message(tree.status().message());
    EXPECT_THAT(message, StartsWith("strange.tar: is a broken archive"));
    EXPECT_THAT(message, HasSubstr("Unrecognized archive format")) << "no filter took it";
    EXPECT_THAT(message, Not(HasSubstr("program")));
  }
}

}  // namespace
}  // namespace convoy::data
