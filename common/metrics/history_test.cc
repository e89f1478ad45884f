#include "common/metrics/history.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace convoy::metrics {
namespace {

const History kHistory = {{{"loss", 0.1}, {"accuracy", 0.9}, {"val_loss", 1.0 / 3}},
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

}  // namespace
}  // namespace convoy::metrics
