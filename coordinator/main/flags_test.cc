#include "coordinator/main/flags.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace convoy::coordinator {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

absl::StatusOr<Flags> Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "coordinator");
  return ParseFlags(static_cast<int>(arguments.size()), arguments.data());
}

void ExpectRefused(const std::vector<const char*>& arguments, const std::string& words) {
  const absl::StatusOr<Flags> flags = Parse(arguments);
  ASSERT_EQ(flags.status().code(), absl::StatusCode::kInvalidArgument) << words;
  EXPECT_THAT(std::string(flags.status().message()), HasSubstr(words));
}

TEST(FlagsTest, StandsOnLoopbackUnlessToldOtherwise) {
  const absl::StatusOr<Flags> flags = Parse({});
  ASSERT_TRUE(flags.ok());
  EXPECT_EQ(flags->listen, "127.0.0.1:50051");
  EXPECT_EQ(flags->http, "127.0.0.1:8080");
  EXPECT_THAT(flags->store, HasSubstr("convoy"));
}

TEST(FlagsTest, BeyondLoopbackSomethingMustKeepStrangersOut) {
  ExpectRefused({"--listen", "0.0.0.0:50051"}, "--token-file");
  EXPECT_TRUE(Parse({"--listen", "0.0.0.0:50051", "--token-file", "t"}).ok());
  EXPECT_TRUE(
      Parse({"--listen", "0.0.0.0:1", "--tls-cert", "c", "--tls-key", "k", "--tls-client-ca", "a"})
          .ok());
  EXPECT_TRUE(Parse({"--listen", "[::1]:50051"}).ok());
}

TEST(FlagsTest, BeyondLoopbackHttpWantsTlsOrAWordThatItMayDoWithout) {
  ExpectRefused({"--http", "0.0.0.0:80"}, "--token-file");
  ExpectRefused({"--http", "0.0.0.0:80", "--token-file", "t"}, "--http-plain");
  EXPECT_TRUE(Parse({"--http", "0.0.0.0:80", "--token-file", "t", "--http-plain"}).ok());
  EXPECT_TRUE(
      Parse({"--http", "0.0.0.0:80", "--token-file", "t", "--tls-cert", "c", "--tls-key", "k"})
          .ok());
  EXPECT_TRUE(Parse({"--http", ""}).ok());
}

// As a shell makes them of a variable that is not set: nobody shall be left without a token by one.
TEST(FlagsTest, EmptyTextsMeanNothingElse) {
  for (const char* flag : {"--token-file", "--tls-cert", "--tls-key", "--tls-client-ca", "--data",
                           "--listen", "--store"}) {
    ExpectRefused({flag, ""}, std::string(flag) + ": must not be empty");
  }
}

TEST(FlagsTest, TakesOneNameAtATime) {
  const absl::StatusOr<Flags> flags = Parse({"--http-name", "lab", "--http-name", "lab.example"});
  ASSERT_TRUE(flags.ok());
  EXPECT_THAT(flags->http_names, ElementsAre("lab", "lab.example"));
  ExpectRefused({"--http-name", "lab", "more"}, "unexpected argument");
}

TEST(FlagsTest, TlsFilesBelongTogether) {
  ExpectRefused({"--tls-cert", "c"}, "--tls-key");
  ExpectRefused({"--tls-client-ca", "c"}, "--tls-cert");
}

TEST(FlagsTest, NamesTheNearestFlagAndTheWrongValue) {
  ExpectRefused({"--listn", "x"}, "did you mean '--listen'");
  ExpectRefused({"--max-watches", "0"}, "--max-watches");
  ExpectRefused({"--max-model-mb=many"}, "--max-model-mb");
}

}  // namespace
}  // namespace convoy::coordinator
