#include "common/exports/keras/json_fields.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace convoy::exports {
namespace {

using nlohmann::json;

template <typename T>
std::string MessageOf(const absl::StatusOr<T>& result) {
  EXPECT_EQ(result.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(result.status().message());
}

TEST(ParseJsonObjectTest, TakesObjectsOnly) {
  EXPECT_EQ(ParseJsonObject(R"({"a": [1]})", "x").value()["a"][0], 1);
  EXPECT_EQ(MessageOf(ParseJsonObject("{\"a\": ", "FILE")), "FILE: is not JSON");
  EXPECT_EQ(MessageOf(ParseJsonObject("{\"\xff\": 1}", "FILE")), "FILE: is not JSON");
  EXPECT_EQ(MessageOf(ParseJsonObject("", "FILE")), "FILE: is not JSON");
  EXPECT_EQ(MessageOf(ParseJsonObject("[1,2]", "FILE")), "FILE: must be a JSON object, not [1,2]");
}

TEST(ParseJsonObjectTest, StandsDeepNesting) {
  const std::string deep = std::string(200'000, '[') + std::string(200'000, ']');
  EXPECT_TRUE(ParseJsonObject("{\"a\":" + deep + "}", "x").ok());
  EXPECT_EQ(MessageOf(ParseJsonObject(std::string(1'000'000, '['), "x")), "x: is not JSON");
}

TEST(BriefJsonTest, IsShortAndPrintable) {
  EXPECT_EQ(BriefJson(json("tab\t\u00e9")), R"("tab\t\u00e9")");
  const std::string brief = BriefJson(json(std::string(1000, 'x')));
  EXPECT_EQ(brief, "\"" + std::string(59, 'x') + "...");
}

class JsonFieldsTest : public ::testing::Test {
 protected:
  const json object_ = json::parse(R"({
    "text": "abc", "int": 3, "pair": [4, 5], "big": 4000000000, "negative": -1, "zero": 0,
    "half": 0.5, "yes": true, "null": null, "triple": [1, 2, 3], "mixed": [1, "2"]})");
  const JsonFields fields_{&object_, "layer 'x'"};
};

TEST_F(JsonFieldsTest, ReadsWhatIsThere) {
  EXPECT_EQ(fields_.String("text").value(), "abc");
  EXPECT_EQ(fields_.PositiveInt("int").value(), 3);
  EXPECT_EQ(fields_.Number("half").value(), 0.5);
  EXPECT_EQ(fields_.Number("negative").value(), -1);
  EXPECT_EQ(fields_.Size("pair").value().width, 5);
  EXPECT_EQ(fields_.Size("int").value().height, 3);
  EXPECT_TRUE(fields_.BoolOr("yes", false).value());
}

TEST_F(JsonFieldsTest, MissingAndNullAreTheSame) {
  for (const char* key : {"missing", "null"}) {
    EXPECT_EQ(fields_.Find(key), nullptr);
    EXPECT_EQ(fields_.StringOr(key, "d").value(), "d");
    EXPECT_EQ(fields_.NumberOr(key, 7).value(), 7);
    EXPECT_EQ(fields_.SizeOr(key, {1, 2}).value().width, 2);
    EXPECT_TRUE(fields_.BoolOr(key, true).value());
  }
  EXPECT_EQ(MessageOf(fields_.String("null")),
            "layer 'x': field 'null' must be a string, but is missing");
}

TEST_F(JsonFieldsTest, WrongTypesAreNamed) {
  EXPECT_EQ(MessageOf(fields_.String("int")), "layer 'x': field 'int' must be a string, not 3");
  for (const char* key : {"big", "negative", "zero", "half", "text", "yes", "pair"}) {
    EXPECT_EQ(MessageOf(fields_.PositiveInt(key)), std::string("layer 'x': field '") + key +
                                                       "' must be a whole number above 0, not " +
                                                       object_[key].dump());
  }
  for (const char* key : {"triple", "mixed", "zero", "text", "big"}) {
    EXPECT_NE(MessageOf(fields_.SizeOr(key, {1, 1})), "");
  }
  EXPECT_NE(MessageOf(fields_.BoolOr("zero", true)), "");
  EXPECT_NE(MessageOf(fields_.NumberOr("text", 1)), "");
}

TEST_F(JsonFieldsTest, OfNothingAllFieldsAreMissing) {
  const json list = json::array({1});
  for (const json* nothing : {static_cast<const json*>(nullptr), &list}) {
    const JsonFields fields(nothing, "x");
    EXPECT_EQ(fields.Find("a"), nullptr);
    EXPECT_FALSE(fields.String("a").ok());
  }
}

}  // namespace
}  // namespace convoy::exports
