#include "common/figures/canvas.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace convoy::figures {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

Canvas SmallDrawing() {
  Canvas canvas(120, 80);
  canvas.Cells({10, 10, 40, 40}, {.height = 1, .width = 2, .cells = {kBlue, kVermilion}});
  canvas.Polyline({{60, 10}, {80, 50}, {110, 20}}, {.color = kGreen, .width = 2, .dashed = true});
  canvas.FillCircle({90, 60}, 5, kPurple);
  canvas.Text({10, 70}, "épreuve");
  return canvas;
}

std::string Encoded(const Canvas& canvas, ImageFormat format) {
  const absl::StatusOr<std::string> bytes = canvas.Encode(format);
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.ok() ? *bytes : "";
}

uint32_t BigEndianAt(const std::string& bytes, size_t place) {
  uint32_t value = 0;
  for (size_t i = 0; i < 4; ++i) value = value << 8 | static_cast<unsigned char>(bytes[place + i]);
  return value;
}

TEST(CanvasTest, PngHasTheCanvassSize) {
  const std::string png = Encoded(SmallDrawing(), ImageFormat::kPng);
  ASSERT_THAT(png, StartsWith("\x89PNG\r\n\x1a\n"));
  EXPECT_EQ(BigEndianAt(png, 16), 120u);
  EXPECT_EQ(BigEndianAt(png, 20), 80u);
}

TEST(CanvasTest, SvgHasTheCanvassSize) {
  const std::string svg = Encoded(SmallDrawing(), ImageFormat::kSvg);
  EXPECT_THAT(svg, HasSubstr("<svg"));
  EXPECT_THAT(svg, HasSubstr("viewBox=\"0 0 120 80\""));
  EXPECT_THAT(svg, HasSubstr("</svg>"));
}

TEST(CanvasTest, SameDrawingGivesSameBytesWhateverWasDrawnBefore) {
  const std::string png = Encoded(SmallDrawing(), ImageFormat::kPng);
  const std::string svg = Encoded(SmallDrawing(), ImageFormat::kSvg);
  for (int i = 0; i < 3; ++i) Encoded(Canvas(10, 10), ImageFormat::kSvg);
  const Canvas again = SmallDrawing();
  EXPECT_EQ(Encoded(again, ImageFormat::kSvg), svg);
  EXPECT_EQ(Encoded(again, ImageFormat::kPng), png);
  EXPECT_EQ(Encoded(again, ImageFormat::kPng), png);
}

TEST(CanvasTest, AnotherDrawingGivesOtherBytes) {
  Canvas other = SmallDrawing();
  other.FillRect({0, 0, 1, 1}, kInk);
  EXPECT_NE(Encoded(other, ImageFormat::kPng), Encoded(SmallDrawing(), ImageFormat::kPng));
  EXPECT_NE(Encoded(other, ImageFormat::kSvg), Encoded(SmallDrawing(), ImageFormat::kSvg));
}

TEST(CanvasTest, TextThatIsNoUtf8IsDrawn) {
  Canvas canvas(50, 20);
  canvas.Text({2, 15}, std::string("a\xff\x01\0b", 5));
  EXPECT_TRUE(canvas.Encode(ImageFormat::kPng).ok());
}

TEST(CanvasTest, FitCutsLongTextBetweenCharacters) {
  const Canvas canvas(10, 10);
  EXPECT_EQ(canvas.Fit("short", {}, 200), "short");
  const std::string cut = canvas.Fit("ééééééééééééééééééééé", {}, 60);
  EXPECT_LE(canvas.TextWidth(cut, {}), 60);
  EXPECT_THAT(cut, StartsWith("éééé"));
  EXPECT_THAT(cut, testing::EndsWith("é…"));
  EXPECT_EQ(canvas.Fit("word", {}, 0), "…");
}

TEST(CanvasTest, SheetTooLargeForAPngIsAnError) {
  const Canvas canvas(40000, 10);
  EXPECT_EQ(canvas.Encode(ImageFormat::kPng).status().code(), absl::StatusCode::kInternal);
}

TEST(FormatOfPathTest, GoesByTheEnding) {
  EXPECT_EQ(*FormatOfPath("a/b.png"), ImageFormat::kPng);
  EXPECT_EQ(*FormatOfPath("B.SVG"), ImageFormat::kSvg);
  const absl::Status status = FormatOfPath("picture.jpg").status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(status.message(), "picture.jpg: a figure's name must end in .png or .svg");
}

}  // namespace
}  // namespace convoy::figures
