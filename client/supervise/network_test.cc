#include "client/supervise/network.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

TEST(NetworkTest, AddressesLieInOneOfTheNetworks) {
  EXPECT_TRUE(*InNetworks("10.0.0.0/8", "1.2.3.4 10.255.1.1"));
  EXPECT_FALSE(*InNetworks("192.168.1.5/24", "192.168.2.1"));
  EXPECT_TRUE(*InNetworks("192.168.1.5/24", "fe80::1 192.168.1.255 "));
  EXPECT_TRUE(*InNetworks("0.0.0.0/0", "1.1.1.1"));
  EXPECT_FALSE(*InNetworks("1.1.1.1/32", "1.1.1.2"));
  EXPECT_TRUE(*InNetworks("10.1.0.0/16,10.2.0.0/16", "10.2.8.9"));
  EXPECT_FALSE(*InNetworks("10.0.0.0/8", ""));
}

TEST(NetworkTest, WhatIsNoNetworkIsNamed) {
  for (const char* network : {"eth0", "10.0.0.0", "10.0.0.0/33", "10.0.0.0/8,", "10.0/8", "/8"}) {
    const auto inside = InNetworks(network, "10.0.0.1");
    EXPECT_EQ(inside.status().code(), absl::StatusCode::kInvalidArgument) << network;
    EXPECT_THAT(std::string(inside.status().message()), HasSubstr("network: ")) << network;
  }
}

TEST(NetworkTest, ThisMachineIsHereAndAStrangerIsNot) {
  EXPECT_TRUE(IsHere("localhost"));
  EXPECT_TRUE(IsHere("someone@127.0.0.1"));
  EXPECT_FALSE(IsHere("192.0.2.1"));
  EXPECT_FALSE(IsHere("no-such-host.example"));
}

}  // namespace
}  // namespace convoy::client
