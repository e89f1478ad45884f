#include "common/images/png.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <png.h>
#include <zlib.h>

#include <vector>

namespace convoy::images {
namespace {

using ::testing::HasSubstr;

// Bytes of a PNG that libpng's full interface writes: any kind of file.
struct PngKind {
  int bit_depth;
  int color_type;
  int interlace;
};

// Appends what libpng writes.
void Append(png_structp png, png_bytep data, png_size_t size) {
  static_cast<std::string*>(png_get_io_ptr(png))->append(reinterpret_cast<char*>(data), size);
}

// Writes `rows` [height][bytes of a row].
std::string WritePng(const PngKind& kind, int width, std::vector<std::vector<uint8_t>> rows) {
  std::string bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  png_set_write_fn(png, &bytes, &Append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(width), static_cast<png_uint_32>(rows.size()),
               kind.bit_depth, kind.color_type, kind.interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (kind.color_type == PNG_COLOR_TYPE_PALETTE) {
    const png_color palette[2] = {{0, 0, 0}, {255, 255, 255}};
    png_set_PLTE(png, info, palette, 2);
  }
  std::vector<png_bytep> pointers;
  for (auto& row : rows) pointers.push_back(row.data());
  png_set_rows(png, info, pointers.data());
  png_write_png(png, info, PNG_TRANSFORM_IDENTITY, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

// A PNG whose header promises this size.
std::string WithSize(std::string png, uint32_t width, uint32_t height) {
  const auto put = [&png](size_t offset, uint32_t value) {
    for (size_t i = 0; i < 4; ++i) png[offset + i] = static_cast<char>(value >> (24 - 8 * i));
  };
  put(16, width);
  put(20, height);
  put(29, static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(png.data()) + 12, 17)));
  return png;
}

GreyImage Gradient(int width, int height) {
  GreyImage image{.width = width, .height = height};
  for (int y = 0; y < height; ++y) {
    for (int x = 0; x < width; ++x) image.pixels.push_back(static_cast<uint8_t>(7 * x + 31 * y));
  }
  return image;
}

TEST(PngTest, GreyPicturesComeBackAsTheyWere) {
  for (const auto& [width, height] : {std::pair{1, 1}, {28, 28}, {3, 100}, {257, 2}}) {
    const GreyImage image = Gradient(width, height);
    const GreyImage decoded = DecodePng(EncodePng(image), "NAME").value();
    EXPECT_EQ(decoded.width, width);
    EXPECT_EQ(decoded.height, height);
    EXPECT_EQ(decoded.pixels, image.pixels);
  }
}

// 16 bits without a gamma are the same picture as its 8 bits; libpng's own choice is a brighter
// one.
TEST(PngTest, SixteenBitsAreAsBrightAsEight) {
  std::vector<uint8_t> row8;
  std::vector<uint8_t> row16;
  for (int value = 0; value < 256; value += 5) {
    row8.push_back(static_cast<uint8_t>(value));
    for (int half = 0; half < 2; ++half) row16.push_back(static_cast<uint8_t>(value));
  }
  const auto width = static_cast<int>(row8.size());
  const std::string deep = WritePng({16, PNG_COLOR_TYPE_GRAY, 0}, width, {row16});
  EXPECT_EQ(DecodePng(deep, "NAME")->pixels, row8);
}

TEST(PngTest, EncodingGivesTheSameBytes) {
  EXPECT_EQ(EncodePng(Gradient(20, 30)), EncodePng(Gradient(20, 30)));
}

TEST(PngTest, ReadsEveryKindOfBlackAndWhite) {
  // Two pixels: black, white.
  struct Case {
    PngKind kind;
    std::vector<uint8_t> row;
  };
  const std::vector<uint8_t> deep = {0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 255, 255};
  const Case cases[] = {
      {{1, PNG_COLOR_TYPE_GRAY, 0}, {0x40}},
      {{2, PNG_COLOR_TYPE_GRAY, 0}, {0x30}},
      {{4, PNG_COLOR_TYPE_GRAY, 0}, {0x0f}},
      {{8, PNG_COLOR_TYPE_GRAY, 1}, {0, 255}},
      {{16, PNG_COLOR_TYPE_GRAY, 0}, {0, 0, 255, 255}},
      {{8, PNG_COLOR_TYPE_GRAY_ALPHA, 0}, {0, 255, 255, 255}},
      {{16, PNG_COLOR_TYPE_GRAY_ALPHA, 1}, {0, 0, 255, 255, 255, 255, 255, 255}},
      {{8, PNG_COLOR_TYPE_RGB, 1}, {0, 0, 0, 255, 255, 255}},
      {{16, PNG_COLOR_TYPE_RGB, 0}, deep},
      {{8, PNG_COLOR_TYPE_RGB_ALPHA, 1}, {0, 0, 0, 255, 255, 255, 255, 255}},
      {{1, PNG_COLOR_TYPE_PALETTE, 0}, {0x40}},
      {{8, PNG_COLOR_TYPE_PALETTE, 1}, {0, 1}},
  };
  for (const Case& example : cases) {
    SCOPED_TRACE(::testing::Message() << "colour type " << example.kind.color_type << ", "
                                      << example.kind.bit_depth << " bits");
    const auto image = DecodePng(WritePng(example.kind, 2, {example.row, example.row}), "NAME");
    ASSERT_TRUE(image.ok()) << image.status();
    EXPECT_EQ(image->pixels, (std::vector<uint8_t>{0, 255, 0, 255}));
  }
}

TEST(PngTest, ColoursBecomeAsBrightAGrey) {
  const PngKind rgb{8, PNG_COLOR_TYPE_RGB, 0};
  const GreyImage image =
      DecodePng(WritePng(rgb, 3, {{255, 0, 0, 0, 255, 0, 0, 0, 255}}), "NAME").value();
  // Green looks brightest and blue darkest; all are neither black nor white.
  EXPECT_GT(image.at(1, 0), image.at(0, 0));
  EXPECT_GT(image.at(0, 0), image.at(2, 0));
  EXPECT_GT(image.at(2, 0), 20);
  EXPECT_LT(image.at(1, 0), 235);
}

TEST(PngTest, TransparentBackgroundIsTheOppositeOfTheDrawing) {
  const PngKind kind{8, PNG_COLOR_TYPE_GRAY_ALPHA, 0};
  // Dark ink, then nothing (whose colour says nothing).
  EXPECT_EQ(DecodePng(WritePng(kind, 2, {{20, 255, 0, 0}}), "NAME")->pixels,
            (std::vector<uint8_t>{20, 255}));
  // White ink.
  EXPECT_EQ(DecodePng(WritePng(kind, 2, {{255, 255, 255, 0}}), "NAME")->pixels,
            (std::vector<uint8_t>{255, 0}));
}

TEST(PngTest, EveryTruncationIsRefused) {
  const std::string png = EncodePng(Gradient(28, 28));
  // The last 12 bytes only say that the file ends.
  for (size_t size = 0; size + 12 < png.size(); ++size) {
    const auto image = DecodePng(png.substr(0, size), "NAME");
    ASSERT_EQ(image.status().code(), absl::StatusCode::kInvalidArgument) << size;
    EXPECT_THAT(std::string(image.status().message()), ::testing::StartsWith("NAME: "));
  }
}

TEST(PngTest, DamageIsRefusedOrHarmless) {
  const std::string png = EncodePng(Gradient(28, 28));
  int refused = 0;
  for (size_t i = 0; i < png.size(); ++i) {
    std::string damaged = png;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
    const auto image = DecodePng(damaged, "NAME");
    if (image.ok()) continue;
    ++refused;
    EXPECT_TRUE(image.status().code() == absl::StatusCode::kInvalidArgument ||
                image.status().code() == absl::StatusCode::kResourceExhausted)
        << image.status();
  }
  EXPECT_GT(refused, static_cast<int>(png.size()) / 2);
}

TEST(PngTest, RefusesOtherFiles) {
  const auto text = DecodePng("GIF89a and so on", "photo.gif");
  EXPECT_EQ(text.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(text.status().message()), HasSubstr("photo.gif: no PNG file (16 bytes)"));
}

TEST(PngTest, RefusesBombsBeforeTheyUnpack) {
  // A few hundred bytes that promise pictures of up to 10^12 pixels.
  const std::string png = EncodePng(Gradient(28, 28));
  for (const auto& [width, height] :
       {std::pair{5001u, 5000u}, {999999u, 26u}, {999999u, 999999u}}) {
    const auto image = DecodePng(WithSize(png, width, height), "NAME");
    EXPECT_EQ(image.status().code(), absl::StatusCode::kResourceExhausted) << image.status();
    EXPECT_THAT(std::string(image.status().message()), HasSubstr("make it smaller"));
  }
  EXPECT_EQ(DecodePng(WithSize(png, 0, 28), "NAME").status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(DecodePng(WithSize(png, 0xffffffff, 28), "NAME").status().code(),
            absl::StatusCode::kInvalidArgument);
}

TEST(PngTest, LimitsAreTheCallers) {
  const std::string png = EncodePng(Gradient(28, 28));
  EXPECT_TRUE(DecodePng(png, "NAME", {.max_bytes = png.size(), .max_pixels = 784}).ok());
  EXPECT_EQ(DecodePng(png, "NAME", {.max_pixels = 783}).status().code(),
            absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(DecodePng(png, "NAME", {.max_bytes = png.size() - 1}).status().code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace convoy::images
