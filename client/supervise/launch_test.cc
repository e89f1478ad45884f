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
    .ranks = 3, .trainer = "bin/trainer", .run_dir = "runs/a", .flags = {"--epochs", "2"}};

TEST(LaunchTest, RanksAreStartedByMpirun) {
  EXPECT_THAT(LaunchOf(kRun, {}, "MARK=1", "").command,
              ElementsAre("mpirun", "-np", "3", "bin/trainer", "--epochs", "2"));
}

TEST(LaunchTest, OneRankNeedsNoMpirun) {
  SupervisedRun run = kRun;
  run.ranks = 1;
  EXPECT_EQ(LaunchOf(run, {}, "MARK=1", "").command.front(), "bin/trainer");
}

TEST(LaunchTest, SettingsOfTheCallerStay) {
  const Launch launch =
      LaunchOf(kRun, {"COLOUR=red", "OMPI_MCA_btl=self,tcp"}, "MARK=1", "/dev/shm/x");
  EXPECT_THAT(launch.environment, Contains("COLOUR=red"));
  EXPECT_THAT(launch.environment, Contains("MARK=1"));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_btl=self,tcp"));
  EXPECT_THAT(launch.environment, Not(Contains("OMPI_MCA_btl=self,vader")));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_hwloc_base_binding_policy=none"));
  EXPECT_THAT(launch.environment, Contains("OMPI_MCA_orte_tmpdir_base=/dev/shm/x"));
}

TEST(LaunchTest, WithoutScratchMpiChooses) {
  EXPECT_THAT(LaunchOf(kRun, {}, "MARK=1", "").environment,
              Not(Contains(StartsWith("OMPI_MCA_orte_tmpdir_base"))));
}

}  // namespace
}  // namespace convoy::client
