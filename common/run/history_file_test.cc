#include "common/run/history_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

namespace convoy::run {
namespace {

using ::testing::HasSubstr;

const metrics::History kHistory = {{{"loss", 0.1}, {"accuracy", 0.9}, {"val_loss", 1.0 / 3}},
                                   {{"loss", 1e-20}, {"accuracy", 1}, {"val_loss", 2}}};

TEST(HistoryTest, JsonHasKerasKeysAndExactNumbers) {
  const auto json = nlohmann::json::parse(HistoryToJson(kHistory));
  EXPECT_EQ(json["val_loss"][0].get<double>(), 1.0 / 3);
  EXPECT_EQ(json["loss"], (nlohmann::json{0.1, 1e-20}));
  EXPECT_EQ(json.size(), 3u);
}

TEST(HistoryTest, CsvIsWhatCsvLoggerWrites) {
  EXPECT_EQ(HistoryToCsv(kHistory),
            "epoch,accuracy,loss,val_loss\r\n"
            "0,0.9,0.1,0.3333333333333333\r\n"
            "1,1.0,1e-20,2.0\r\n");
}

TEST(HistoryTest, EmptyHistory) {
  EXPECT_EQ(HistoryToJson({}), "{}\n");
  EXPECT_EQ(HistoryToCsv({}), "");
}

TEST(HistoryTest, WhatIsWrittenIsRead) {
  EXPECT_EQ(HistoryFromJson(HistoryToJson(kHistory), "h").value(), kHistory);
  EXPECT_TRUE(HistoryFromJson("{}", "h")->empty());
}

TEST(HistoryTest, WhatIsNotFiniteIsReadBackAsNotANumber) {
  const metrics::History diverged = {
      {{"loss", 0.5}, {"val_loss", std::numeric_limits<double>::quiet_NaN()}},
      {{"loss", std::numeric_limits<double>::infinity()}, {"val_loss", 1}}};
  const metrics::History read = HistoryFromJson(HistoryToJson(diverged), "h").value();
  ASSERT_EQ(read.size(), 2U);
  EXPECT_EQ(read[0][0].second, 0.5);
  EXPECT_TRUE(std::isnan(read[0][1].second));
  EXPECT_TRUE(std::isnan(read[1][0].second));
  EXPECT_EQ(HistoryToCsv(diverged),
            "epoch,loss,val_loss\r\n"
            "0,0.5,nan\r\n"
            "1,inf,1.0\r\n");
}

TEST(HistoryTest, DamagedFilesAreNamed) {
  for (const char* text : {"", "{\"loss\": [0.5", "[1]", "{\"loss\": 1}", "{\"loss\": [\"a\"]}",
                           "{\"loss\": [1, 2], \"accuracy\": [1]}"}) {
    const absl::Status status = HistoryFromJson(text, "runs/a/history.json").status();
    EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << text;
    EXPECT_THAT(std::string(status.message()), HasSubstr("runs/a/history.json"));
  }
}

}  // namespace
}  // namespace convoy::run
