#include "common/base/text_error.h"

#include <gtest/gtest.h>

#include "common/base/status.h"

namespace convoy {
namespace {

TEST(TextErrorTest, IsAnErrorInEnglishThatKeepsItsParts) {
  const absl::Status error =
      TextError(absl::StatusCode::kNotFound, "$1 of $0 is missing", "model", 3);
  EXPECT_EQ(error, TextError(absl::StatusCode::kNotFound, "$1 of $0 is missing", "model", 3));
  EXPECT_EQ(error.message(), "3 of model is missing");
  const std::optional<ErrorText> text = ErrorTextOf(error);
  ASSERT_TRUE(text.has_value());
  EXPECT_EQ(text->context, "");
  EXPECT_EQ(text->text, "$1 of $0 is missing");
  EXPECT_EQ(text->values, (std::vector<std::string>{"model", "3"}));
}

TEST(TextErrorTest, AnnotateKeepsThem) {
  const absl::Status error =
      Annotate(Annotate(TextError(absl::StatusCode::kDataLoss, "is bad"), "file"), "data");
  EXPECT_EQ(error.message(), "data: file: is bad");
  EXPECT_EQ(ErrorTextOf(error)->context, "data: file: ");
  EXPECT_EQ(ErrorTextOf(error)->text, "is bad");
  EXPECT_TRUE(ErrorTextOf(error)->values.empty());
}

TEST(TextErrorTest, AnotherProcessHasThem) {
  const absl::StatusCode code = absl::StatusCode::kDataLoss;
  for (const absl::Status& error :
       {Annotate(TextError(code, "is $0", "b\nad"), "file"), TextError(code, "is bad"),
        absl::DataLossError("x"), absl::DataLossError("")}) {
    EXPECT_EQ(ErrorFromBytes(code, ErrorToBytes(error)), error) << error;
  }
  // Of a process that went mad.
  const std::string zero(1, '\0');
  for (const std::string& bytes : {zero, zero + "a", zero + std::string(40, '\0')}) {
    const absl::Status error = ErrorFromBytes(code, bytes);
    EXPECT_EQ(error.code(), code);
    EXPECT_FALSE(ErrorTextOf(error).has_value());
  }
}

TEST(TextErrorTest, OtherErrorsHaveNone) {
  EXPECT_FALSE(ErrorTextOf(absl::NotFoundError("x")).has_value());
  EXPECT_FALSE(ErrorTextOf(Annotate(absl::NotFoundError("x"), "data")).has_value());
  EXPECT_FALSE(ErrorTextOf(absl::OkStatus()).has_value());
}

TEST(TextErrorTest, ADollarInAValueIsADollar) {
  const absl::Status error = TextError(absl::StatusCode::kNotFound, "$0: no such file", "$HOME/$1");
  EXPECT_EQ(error.message(), "$HOME/$1: no such file");
}

}  // namespace
}  // namespace convoy
