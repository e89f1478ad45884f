#include "client/supervise/launch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace convoy::client {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::Not;
using ::testing::StartsWith;

const SupervisedRun kRun = {
    .trainer = "bin/trainer", .run_dir = "runs/a", .flags = {"--epochs", "2"}};

TEST(LaunchTest, RanksAreStartedByMpirun) {
  EXPECT_THAT(LaunchOf(kRun, {.ranks = 3}, {}, "MARK=1").command,
              ElementsAre("mpirun", "-np", "3", "bin/trainer", "--epochs", "2"));
}

TEST(LaunchTest, OneRankNeedsNoMpirun) {
  EXPECT_EQ(LaunchOf(kRun, {.ranks = 1}, {}, "MARK=1").command.front(), "bin/trainer");
}

TEST(LaunchTest, SeveralHostsHaveTheirFileAndNetwork) {
  const Launch launch = LaunchOf(
      kRun, {.ranks = 2, .host_file = "runs/a/.hosts", .networks = "10.0.0.0/24", .start = "s1"},
      {"CONVOY_DATA=/data"}, "CONVOY_MARK=1:2:/a");
  EXPECT_THAT(launch.command,
              ElementsAre("mpirun", "-np", "2", "-hostfile", "runs/a/.hosts", "-x", "CONVOY_DATA",
                          "-x", "CONVOY_HANG_SECONDS", "-x", "CONVOY_START", "-x", "CONVOY_MARK",
                          "bin/trainer", "--epochs", "2"));
  EXPECT_THAT(launch.environment, Contains("CONVOY_START=s1"));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_btl_tcp_if_include=10.0.0.0/24"));
  EXPECT_THAT(launch.environment,
              Contains("OMPI_MCA_orte_launch_agent=env CONVOY_MARK=1:2:/a orted"));
  EXPECT_THAT(launch.environment, Not(Contains("OMPI_MCA_rmaps_base_oversubscribe=1")));
}

TEST(LaunchTest, RanksOnOtherHostsAreToldWhichRunTheyBelongTo) {
  const Launch launch =
      LaunchOf(kRun, {.ranks = 2, .host_file = "hosts", .run_id = "abc"}, {}, "MARK=1");
  EXPECT_THAT(launch.environment, Contains("CONVOY_RUN_ID=abc"));
  EXPECT_THAT(launch.command, Contains("CONVOY_RUN_ID"));
}

TEST(LaunchTest, MarkThatAShellWouldBreakStaysFromItsCommand) {
  const Launch launch = LaunchOf(kRun, {.ranks = 2, .host_file = "hosts"}, {}, "M=1:2:/a b;c");
  EXPECT_THAT(launch.environment, Not(Contains(StartsWith("OMPI_MCA_orte_launch_agent"))));
  EXPECT_THAT(launch.environment, Contains("M=1:2:/a b;c"));
}

TEST(LaunchTest, SettingsOfTheCallerStay) {
  const Launch launch = LaunchOf(kRun, {.ranks = 3, .scratch = "/dev/shm/x"},
                                 {"COLOUR=red", "OMPI_MCA_btl=self,tcp"}, "MARK=1");
  EXPECT_THAT(launch.environment, Contains("COLOUR=red"));
  EXPECT_THAT(launch.environment, Contains("MARK=1"));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_btl=self,tcp"));
  EXPECT_THAT(launch.environment, Not(Contains("OMPI_MCA_btl=self,vader")));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_hwloc_base_binding_policy=none"));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_orte_tmpdir_base=/dev/shm/x"));
}

TEST(LaunchTest, WithoutScratchMpiChooses) {
  EXPECT_THAT(LaunchOf(kRun, {.ranks = 3}, {}, "MARK=1").environment,
              Not(Contains(StartsWith("OMPI_MCA_orte_tmpdir_base"))));
}

}  // namespace
}  // namespace convoy::client
