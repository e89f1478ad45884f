#include "client/supervise/hosts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

namespace convoy::client {
namespace {

using ::testing::HasSubstr;

std::string File(const std::string& text) {
  const std::string path = testing::TempDir() + "/convoy_hosts";
  std::ofstream(path) << text;
  return path;
}

std::string ErrorOf(const absl::StatusOr<std::vector<Host>>& hosts) {
  EXPECT_EQ(hosts.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(hosts.status().message());
}

TEST(HostsTest, ListHasNamesWithSlots) {
  const auto hosts = HostsFromList("pc01,user@10.0.0.2:4").value();
  ASSERT_EQ(hosts.size(), 2U);
  EXPECT_EQ(hosts[0].name, "pc01");
  EXPECT_EQ(hosts[0].slots, 0);
  EXPECT_EQ(hosts[1].name, "user@10.0.0.2");
  EXPECT_EQ(hosts[1].slots, 4);
}

TEST(HostsTest, FileHasCommentsAndSlots) {
  const auto hosts =
      HostsFromFile(File("# room\n\npc01 slots=2 # first\r\n\tpc02\npc03   slots=1")).value();
  ASSERT_EQ(hosts.size(), 3U);
  EXPECT_EQ(hosts[0].slots, 2);
  EXPECT_EQ(hosts[1].name, "pc02");
  EXPECT_EQ(hosts[2].slots, 1);
}

TEST(HostsTest, WrongListsAreRefused) {
  EXPECT_THAT(ErrorOf(HostsFromList("pc01,pc01:2")), HasSubstr("pc01 is named twice"));
  EXPECT_THAT(ErrorOf(HostsFromList("")), HasSubstr("'' is no host"));
  EXPECT_THAT(ErrorOf(HostsFromList("pc01,")), HasSubstr("'' is no host"));
  EXPECT_THAT(ErrorOf(HostsFromList("-oProxyCommand=x")), HasSubstr("is no host"));
  EXPECT_THAT(ErrorOf(HostsFromList("pc01;reboot")), HasSubstr("is no host"));
  for (const char* slots : {"pc01:0", "pc01:-1", "pc01:x", "pc01:", "pc01:99999", "pc01:1:2"}) {
    EXPECT_THAT(ErrorOf(HostsFromList(slots)), HasSubstr("number")) << slots;
  }
}

TEST(HostsTest, WrongFilesAreRefusedByLine) {
  EXPECT_THAT(ErrorOf(HostsFromFile(File("pc01\npc02 slots=two\n"))), HasSubstr("_hosts:2: 'two'"));
  EXPECT_THAT(ErrorOf(HostsFromFile(File("pc01 max_slots=3\n"))), HasSubstr("_hosts:1: expected"));
  EXPECT_THAT(ErrorOf(HostsFromFile(File("pc01 slots=\n"))), HasSubstr("no number"));
  EXPECT_THAT(ErrorOf(HostsFromFile(File("pc01\n\npc01\n"))), HasSubstr("_hosts:3: pc01 is named"));
  EXPECT_THAT(ErrorOf(HostsFromFile(File("# nobody\n"))), HasSubstr("names no host"));
  EXPECT_EQ(HostsFromFile("/no/such/file").status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace convoy::client
