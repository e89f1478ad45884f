#include "common/data/range.h"

#include <gtest/gtest.h>

#include <vector>

namespace convoy::data {
namespace {

TEST(EqualPartTest, PartsMakeUpTheWholeAndDifferByAtMostOneUnit) {
  for (const int64_t unit : {1, 16}) {
    for (const int64_t size : {0, 1, 2, 7, 8, 63, 225034}) {
      const int64_t units = (size + unit - 1) / unit;
      for (int64_t parts = 1; parts <= 20; ++parts) {
        int64_t next = 0;
        for (int64_t part = 0; part < parts; ++part) {
          const Range range = EqualPart(size, part, parts, unit);
          EXPECT_EQ(range.begin, next);
          EXPECT_LE(range.size(), (units + parts - 1) / parts * unit);
          if (range.end < size) {
            EXPECT_EQ(range.end % unit, 0);
            EXPECT_GE(range.size(), units / parts * unit);
          }
          next = range.end;
        }
        EXPECT_EQ(next, size);
      }
    }
  }
}

TEST(EqualPartTest, LargerPartsComeFirst) {
  const auto parts_of = [](int64_t size, int parts) {
    std::vector<Range> all;
    for (int part = 0; part < parts; ++part) all.push_back(EqualPart(size, part, parts));
    return all;
  };
  EXPECT_EQ(parts_of(8, 3), (std::vector<Range>{{0, 3}, {3, 6}, {6, 8}}));
  EXPECT_EQ(parts_of(1, 2), (std::vector<Range>{{0, 1}, {1, 1}}));
}

}  // namespace
}  // namespace convoy::data
