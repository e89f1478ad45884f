#include "common/rpc/address.h"

#include <gtest/gtest.h>

namespace convoy::rpc {
namespace {

TEST(AddressTest, ReadsEveryFormAndWritesItBack) {
  for (const char* text : {"127.0.0.1:50051", "lab-pc:1", "[::1]:65535", "[fe80::1%eth0]:80",
                           "unix:/run/convoy.sock", "unix:socket"}) {
    const absl::StatusOr<Address> address = ParseAddress(text, 1);
    ASSERT_TRUE(address.ok()) << text;
    EXPECT_EQ(ToString(*address), text);
  }
  EXPECT_EQ(ParseAddress("[::1]:7", 1)->host, "::1");
  EXPECT_EQ(ParseAddress("[::1]:7", 1)->port, 7);
  EXPECT_EQ(ParseAddress("unix:/a/b", 1)->path, "/a/b");
}

TEST(AddressTest, RefusesWhatIsAmbiguousOrIncomplete) {
  for (const char* text : {"", "host", ":80", "host:", "host:http", "host:80x", "::1:80", "[]:80",
                           "unix:", "host:-1", "host:65536", "host:99999999999"}) {
    EXPECT_EQ(ParseAddress(text, 0).status().code(), absl::StatusCode::kInvalidArgument) << text;
  }
}

TEST(AddressTest, OnlyServersTakeAnyPort) {
  EXPECT_TRUE(ParseAddress("host:0", 0).ok());
  EXPECT_FALSE(ParseAddress("host:0", 1).ok());
}

TEST(AddressTest, KnowsWhatOnlyThisMachineReaches) {
  for (const char* text : {"127.0.0.1:1", "127.8.0.1:1", "localhost:1", "[::1]:1", "unix:/s"}) {
    EXPECT_TRUE(IsLoopback(*ParseAddress(text, 1))) << text;
  }
  for (const char* text : {"0.0.0.0:1", "[::]:1", "lab:1", "12.7.0.1:1", "127.example.org:1",
                           "127.0.0.1.example.org:1", "localhost.example.org:1"}) {
    EXPECT_FALSE(IsLoopback(*ParseAddress(text, 1))) << text;
  }
}

}  // namespace
}  // namespace convoy::rpc
