#include "common/cli/flag_names.h"

#include <gtest/gtest.h>

namespace convoy::cli {
namespace {

TEST(FlagNamesTest, ReplacesTheFirstFieldAndThoseInBackquotes) {
  FlagNames flags = FlagsLikeFields({"train_limit", "data", "epochs"});
  flags["learning_rate_scaling"] = "--scale-learning-rate";
  const auto named = [&](std::string_view message) { return NameFlags(message, flags); };
  EXPECT_EQ(named("train_limit: too many"), "--train-limit: too many");
  EXPECT_EQ(named("`train_limit` 7: more than there are; change `epochs` or it"),
            "--train-limit 7: more than there are; change --epochs or it");
  EXPECT_EQ(named("learning_rate_scaling: unknown"), "--scale-learning-rate: unknown");
}

TEST(FlagNamesTest, LeavesEverythingElse) {
  const FlagNames flags = FlagsLikeFields({"data", "epochs"});
  for (const char* message : {"the data are gone", "data", "a `units` of a layer", "epochs 3 of 5",
                              "images: see data: there", "open ` quote", "``", ""}) {
    EXPECT_EQ(NameFlags(message, flags), message);
  }
  EXPECT_EQ(NameFlags(absl::DataLossError("data: gone"), flags),
            absl::DataLossError("--data: gone"));
  EXPECT_TRUE(NameFlags(absl::OkStatus(), flags).ok());
}

}  // namespace
}  // namespace convoy::cli
