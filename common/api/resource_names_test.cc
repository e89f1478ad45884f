#include "common/api/resource_names.h"

#include <string>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace convoy::api {
namespace {

using ::testing::HasSubstr;

TEST(ResourceNamesTest, OnlyWellFormedOnesAreTaken) {
  EXPECT_EQ(*ParseJobName("jobs/a-1.b_2"), "a-1.b_2");
  for (const std::string name :
       {"", "a", "jobs/", "models/a", "jobs/a/b", "jobs/..", "jobs/.a", "jobs/-a", "jobs/a b"}) {
    const auto parsed = ParseJobName(name, "parent");
    EXPECT_EQ(parsed.status().code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(parsed.status().message(), HasSubstr("parent:"));
  }
  EXPECT_FALSE(ParseJobName("jobs/" + std::string(kMaxIdChars + 1, 'a')).ok());
}

TEST(ResourceNamesTest, EveryRunNameHasAValidId) {
  EXPECT_EQ(MakeId("20260131-120000-1a2b"), "20260131-120000-1a2b");
  for (const std::string& run_name : std::vector<std::string>{
           "", "..", "--x", "a b/c", "\xc3\xa9t\xc3\xa9", std::string(500, 'x')}) {
    EXPECT_TRUE(IsValidId(MakeId(run_name))) << run_name;
  }
}

TEST(ResourceNamesTest, OnlyWellFormedVersionsAreTaken) {
  EXPECT_EQ(*ParseModelName("models/a.b"), "a.b");
  EXPECT_EQ(*ParseModelName("models/a/versions/12"), "a/versions/12");
  EXPECT_EQ(ParseModelId("a/versions/12")->version, 12);
  EXPECT_EQ(ParseModelId("a")->version, std::nullopt);
  for (const char* name :
       {"models/a/versions/", "models/a/versions/x", "models/a/versions/-1", "models/a/versions/01",
        "models/a/versions/1/2", "models/a/versions/4294967296", "models/a/epochs/1",
        "models/../versions/1", "models//versions/1", "models/a/", "jobs/a/versions/1", "a"}) {
    const absl::Status status = ParseModelName(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << name;
    EXPECT_THAT(std::string(status.message()), HasSubstr("name: ")) << name;
  }
}

TEST(ResourceNamesTest, PeopleMayLeaveOutTheCollection) {
  EXPECT_EQ(WholeJobName("first"), "jobs/first");
  EXPECT_EQ(WholeJobName("jobs/first"), "jobs/first");
  EXPECT_EQ(WholeModelName("first/versions/3"), "models/first/versions/3");
  EXPECT_EQ(WholeModelName("models/first"), "models/first");
  EXPECT_EQ(ShortName("jobs/first"), "first");
  EXPECT_EQ(ShortName("models/first"), "first");
  EXPECT_EQ(ShortName("jobs"), "jobs");
  EXPECT_TRUE(IsWholeName("models/first"));
  EXPECT_FALSE(IsWholeName("jobsfirst"));
}

}  // namespace
}  // namespace convoy::api
