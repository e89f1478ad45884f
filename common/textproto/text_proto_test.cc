#include "common/textproto/text_proto.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "common/base/printable.h"
#include "common/textproto/strings.h"
#include "convoy/v1/model.pb.h"

namespace convoy {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;

std::string ErrorOf(const std::string& text) {
  v1::Model model;
  const absl::Status status = ParseTextProto(text, "NAME", &model);
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text.substr(0, 100);
  return std::string(status.message());
}

TEST(TextProtoTest, MisspeltNamesGetTheNearest) {
  EXPECT_EQ(ErrorOf("nam: 'a'"), "NAME:1: Model has no field 'nam'; did you mean 'name'?");
  EXPECT_EQ(ErrorOf("\nlayers { dense { units: 1 activation: RELUU } }"),
            "NAME:2: unknown activation 'RELUU'; did you mean 'RELU'?");
  EXPECT_THAT(ErrorOf("layers { dense { units: 1 activation: \"R\" } }"), HasSubstr("NAME:1: "));
}

TEST(TextProtoTest, WrongValuesAreToldInOurWords) {
  EXPECT_EQ(ErrorOf("layers { dense { units: 'a' } }"),
            "NAME:1: a whole number is expected, not 'a'");
  EXPECT_EQ(ErrorOf("layers {\n dropout { rate: x } }"), "NAME:2: a number is expected, not x");
  EXPECT_EQ(ErrorOf("name: 3"), "NAME:1: a text in quotes is expected, not 3");
  EXPECT_EQ(ErrorOf("}"), "NAME:1: the name of a field is expected, not }");
  EXPECT_EQ(ErrorOf("name 'a'"), "NAME:1: \":\" is expected, not \"'a'\"");
  EXPECT_EQ(ErrorOf("name: 'a' name: 'b'"), "NAME:1: \"name\" is there twice; give it once");
  EXPECT_EQ(ErrorOf("layers { dense { units: 99999999999 } }"),
            "NAME:1: the number 99999999999 does not fit here");
  EXPECT_THAT(ErrorOf("layers { dense { units: 3"), HasSubstr("the text ends here"));
}

TEST(TextProtoTest, UsualSlipsAreToldInOurWords) {
  EXPECT_EQ(ErrorOf("layers {\n conv2d { filters: 1 kernel_size: (3, 3) } }"),
            "NAME:2: found (; several numbers are written in brackets, as [3, 3]");
  EXPECT_EQ(ErrorOf("layers {\n dropout { rate: (0.5) } }"),
            "NAME:2: found (; several numbers are written in brackets, as [3, 3]");
  EXPECT_EQ(ErrorOf("layers { flatten {}\nlayers { flatten {} }"),
            "NAME:2: Layer has no field 'layers'; is a } missing above?");
  EXPECT_EQ(ErrorOf("layers { dense { units: 3\ninput { height: 3 }"),
            "NAME:2: Dense has no field 'input'; is a } missing above?");
  EXPECT_EQ(ErrorOf("layers { dense { units: 3\nflatten {} }"),
            "NAME:2: Dense has no field 'flatten'; is a } missing above?");
  EXPECT_THAT(ErrorOf("layers { dense { filters: 3 } }"),  // of another layer, which is not around
              HasSubstr("Dense has no field 'filters' (known: units, "));
  EXPECT_THAT(ErrorOf("layers { transformer {} }"),
              AllOf(HasSubstr("NAME:1: Layer has no field 'transformer' (known: "),
                    HasSubstr("dense, "), HasSubstr("separable_conv2d")));
}

// A library's message quotes all of what it was given; whatever reads it must bear any length.
TEST(TextProtoTest, NamesOfAnyLengthAreQuotedAndCut) {
  const std::string name(500'000, 'a');
  for (const std::string& text :
       {name + ": 1", "layers { dense { units: 1 activation: " + name + " } }",
        "layers { " + name + " {} }", "[" + name + "]: 1", "name: " + name, "name: '" + name,
        "layers { dense { units: " + std::string(500'000, '9') + " } }"}) {
    const std::string error = ErrorOf(text);
    EXPECT_LT(error.size(), 400u);
    EXPECT_EQ(Printable(error), error);
  }
}

TEST(TextProtoTest, StringsArePlainText) {
  EXPECT_THAT(ErrorOf(R"(name: "le\377net")"), HasSubstr(R"(NAME: name: 'le\xffnet' has control)"));
  EXPECT_THAT(ErrorOf(R"(name: "x\033[31m")"), HasSubstr("name: "));
  EXPECT_THAT(ErrorOf(R"(layers { name: "a\nb" flatten {} })"), HasSubstr("layers: name: "));
  v1::Model model;
  EXPECT_TRUE(ParseTextProto("name: 'réseau 数字 می\u200cخواهم'", "NAME", &model).ok());
}

TEST(CheckStringsTest, NamesTheFieldOfAnyDepth) {
  v1::Model model;
  model.add_layers()->set_name("fine");
  EXPECT_TRUE(CheckStrings(model).ok());
  model.add_layers()->set_name("\xff");
  EXPECT_THAT(std::string(CheckStrings(model).message()), HasSubstr("layers: name: '\\xff'"));
}

}  // namespace
}  // namespace convoy
