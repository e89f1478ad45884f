#include "common/base/cpus.h"

#include <gtest/gtest.h>

#include <climits>
#include <filesystem>
#include <fstream>
#include <string>

#include "common/base/check.h"

namespace convoy {
namespace {

class QuotaTest : public ::testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directories(root_); }
  void TearDown() override { std::filesystem::remove_all(root_); }

  void Write(const std::string& file, const std::string& content) {
    const std::filesystem::path path = root_ + file;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << content;
  }

  const std::string root_ =
      ::testing::TempDir() + ::testing::UnitTest::GetInstance()->current_test_info()->name();
};

TEST_F(QuotaTest, NoneWithoutAFileOrWithMax) {
  EXPECT_EQ(QuotaCoresOf("0::/a/b\n", root_), INT_MAX);
  Write("/a/b/cpu.max", "max 100000\n");
  EXPECT_EQ(QuotaCoresOf("0::/a/b\n", root_), INT_MAX);
  EXPECT_EQ(QuotaCoresOf("nonsense\n::\n", root_), INT_MAX);
}

TEST_F(QuotaTest, LeastOfNestedGroupsOfVersion2RoundedUp) {
  Write("/a/cpu.max", "250000 100000\n");
  Write("/a/b/cpu.max", "400000 100000\n");
  EXPECT_EQ(QuotaCoresOf("0::/a/b/c\n", root_), 3);
  EXPECT_EQ(QuotaCoresOf("0::/other\n", root_), INT_MAX);
}

TEST_F(QuotaTest, RootOfAContainer) {
  Write("/cpu.max", "50000 100000\n");
  EXPECT_EQ(QuotaCoresOf("0::/\n", root_), 1);
  EXPECT_EQ(QuotaCoresOf("0::/the/hosts/path\n", root_), 1);
}

TEST_F(QuotaTest, Version1ByEitherNameOfItsMount) {
  Write("/cpu/job/cpu.cfs_quota_us", "200000\n");
  Write("/cpu/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(QuotaCoresOf("5:memory:/job\n4:cpu,cpuacct:/job\n", root_), 2);
  Write("/cpu,cpuacct/job/cpu.cfs_quota_us", "-1\n");
  Write("/cpu,cpuacct/job/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(QuotaCoresOf("4:cpu,cpuacct:/job\n", root_), 2);
  EXPECT_EQ(QuotaCoresOf("4:cpuset:/job\n", root_), INT_MAX);
}

TEST_F(QuotaTest, MemoryHasTheLeastLimitOfItsGroups) {
  EXPECT_EQ(MemoryLimitOf("0::/a\n", root_), INT64_MAX);
  Write("/a/memory.max", "1073741824\n");
  Write("/a/b/memory.max", "max\n");
  EXPECT_EQ(MemoryLimitOf("0::/a/b\n", root_), int64_t{1} << 30);
  Write("/memory/job/memory.limit_in_bytes", "536870912\n");
  Write("/memory/memory.limit_in_bytes", "9223372036854771712\n");  // none
  EXPECT_EQ(MemoryLimitOf("5:memory:/job\n0::/a/b\n", root_), int64_t{1} << 29);
}

TEST(OutOfMemoryTest, EndsInOneLineThatIsNoBug) {
  EXPECT_EXIT(OutOfMemory(size_t{3} << 20), ::testing::ExitedWithCode(1),
              "^error: out of memory, 3 MB more cannot be had; .*\n$");
}

}  // namespace
}  // namespace convoy
