#include "common/system/user.h"

#include <gtest/gtest.h>
#include <pwd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>

namespace convoy {
namespace {

// Calls `check` in a process of its own as user `uid`; returns whether it held.
template <typename Check>
bool HoldsAs(uid_t uid, Check check) {
  const pid_t child = ::fork();
  if (child == 0) std::_Exit(::setuid(uid) == 0 && check() ? 0 : 1);
  int status = 0;
  ::waitpid(child, &status, 0);
  return status == 0;
}

TEST(UserTest, NamedByTheSystemWhateverTheEnvironmentSays) {
  ::setenv("USER", "somebody-else", 1);
  EXPECT_NE(UserName(), "somebody-else");
  EXPECT_FALSE(UserName().empty());
}

// Only root can become another user; anybody else is checked as themselves.
TEST(UserTest, WithoutANameTheNumber) {
  const uid_t uid = ::geteuid() == 0 ? 54321 : ::geteuid();
  EXPECT_TRUE(HoldsAs(uid, [uid] {
    ::unsetenv("HOME");
    const passwd* entry = ::getpwuid(uid);
    if (entry == nullptr) return UserName() == std::to_string(uid) && HomeDirectory().empty();
    return UserName() == entry->pw_name && HomeDirectory() == entry->pw_dir;
  }));
}

TEST(UserTest, HomeOfTheEnvironmentUnlessItIsEmpty) {
  ::setenv("HOME", "/somewhere", 1);
  EXPECT_EQ(HomeDirectory(), "/somewhere");
  ::setenv("HOME", "", 1);
  const std::string recorded = HomeDirectory();
  ::unsetenv("HOME");
  EXPECT_EQ(HomeDirectory(), recorded);
}

}  // namespace
}  // namespace convoy
