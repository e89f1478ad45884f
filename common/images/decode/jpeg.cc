// Decodes JPEG by libjpeg-turbo with every setting fixed (exact integer inverse DCT, smooth
// upsampling), so that its SIMD and plain code give the same bits. libjpeg reports errors by
// longjmp; all C++ objects therefore live in the caller of the functions that it jumps out of.
// Damage that libjpeg would only warn about and paint over in grey is an error here.
#include <csetjmp>
#include <cstdio>
// After cstdio, which it needs.
#include <jpeglib.h>
// After jpeglib.h.
#include <jerror.h>

#include <algorithm>
#include <array>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/images/decode/decode.h"
#include "common/images/decode/exif.h"

namespace convoy::images {
namespace {

constexpr unsigned kExifMarkerBytes = 0xffff;
// A progressive picture of cameras has about 10 scans; thousands are an attack on the decoder.
constexpr int kMaxScans = 200;

// What libjpeg's callbacks tell. The first member is what libjpeg points to.
struct ErrorState {
  jpeg_error_mgr manager;
  std::jmp_buf jump;
  std::array<char, JMSG_LENGTH_MAX> message;
};

[[noreturn]] void OnError(j_common_ptr info) {
  auto* state = reinterpret_cast<ErrorState*>(info->err);
  info->err->format_message(info, state->message.data());
  std::longjmp(state->jump, 1);
}

// Whether a warning says nothing about the pixels.
bool IsHarmless(int code) {
  return code == JWRN_EXTRANEOUS_DATA || code == JWRN_ADOBE_XFORM || code == JWRN_JFIF_MAJOR;
}

void OnMessage(j_common_ptr info, int level) {
  if (level < 0 && !IsHarmless(info->err->msg_code)) OnError(info);
}

void OnProgress(j_common_ptr info) {
  const auto* decoder = reinterpret_cast<j_decompress_ptr>(info);
  if (decoder->input_scan_number > kMaxScans) {
    info->err->msg_code = JERR_BAD_PROGRESSION;
    OnError(info);
  }
}

// The decoder, and the memory that its callbacks write to.
struct Decoder {
  jpeg_decompress_struct info{};
  ErrorState error{};
  jpeg_progress_mgr progress{};

  Decoder() {
    info.err = jpeg_std_error(&error.manager);
    error.manager.error_exit = &OnError;
    error.manager.emit_message = &OnMessage;
    progress.progress_monitor = &OnProgress;
  }
  ~Decoder() { jpeg_destroy_decompress(&info); }
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;
};

// Reads the header; false, with a message, if it is broken.
bool ReadHeader(std::string_view bytes, Decoder* decoder) {
  if (setjmp(decoder->error.jump) != 0) return false;
  jpeg_create_decompress(&decoder->info);
  decoder->info.progress = &decoder->progress;
  jpeg_save_markers(&decoder->info, JPEG_APP0 + 1, kExifMarkerBytes);
  jpeg_mem_src(&decoder->info, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_read_header(&decoder->info, TRUE);
  return true;
}

void FixSettings(jpeg_decompress_struct* info) {
  const bool four = info->num_components == 4;
  info->out_color_space = info->num_components == 1 ? JCS_GRAYSCALE : four ? JCS_CMYK : JCS_RGB;
  info->dct_method = JDCT_ISLOW;
  info->do_fancy_upsampling = TRUE;
  info->do_block_smoothing = FALSE;
}

// Reads all rows into `pixels`, of the decoder's components; false, with a message, on an error.
bool ReadRows(Decoder* decoder, std::vector<uint8_t>* pixels) {
  if (setjmp(decoder->error.jump) != 0) return false;
  jpeg_decompress_struct* info = &decoder->info;
  jpeg_start_decompress(info);
  const size_t row_bytes =
      size_t{info->output_width} * static_cast<size_t>(info->output_components);
  while (info->output_scanline < info->output_height) {
    JSAMPROW row = pixels->data() + info->output_scanline * row_bytes;
    jpeg_read_scanlines(info, &row, 1);
  }
  jpeg_finish_decompress(info);
  return true;
}

int Orientation(const jpeg_decompress_struct& info) {
  for (const jpeg_marker_struct* marker = info.marker_list; marker != nullptr;
       marker = marker->next) {
    const int orientation =
        ExifOrientation({reinterpret_cast<const char*>(marker->data), marker->data_length});
    if (orientation != 1) return orientation;
  }
  return 1;
}

// Four inks to three lights, as the eye without a colour profile sees them. Adobe writes the inks
// inverted, and everybody with it.
std::vector<uint8_t> CmykToRgb(const std::vector<uint8_t>& cmyk, bool inverted) {
  constexpr int kFull = 255;
  std::vector<uint8_t> rgb;
  rgb.reserve(cmyk.size() / 4 * 3);
  for (size_t i = 0; i + 3 < cmyk.size(); i += 4) {
    const int black = inverted ? cmyk[i + 3] : kFull - cmyk[i + 3];
    for (size_t c = 0; c < 3; ++c) {
      const int light = inverted ? cmyk[i + c] : kFull - cmyk[i + c];
      rgb.push_back(static_cast<uint8_t>((light * black + kFull / 2) / kFull));
    }
  }
  return rgb;
}

absl::Status Broken(const std::string& name, const Decoder& decoder) {
  return TextError(absl::StatusCode::kInvalidArgument,
                   "$0: broken JPEG ($1); save the picture again", name,
                   decoder.error.message.data());
}

}  // namespace

bool IsJpeg(std::string_view bytes) { return bytes.starts_with("\xff\xd8\xff"); }

absl::StatusOr<ColorImage> DecodeJpeg(std::string_view bytes, const std::string& name,
                                      const DecodeLimits& limits) {
  Decoder decoder;
  if (!ReadHeader(bytes, &decoder)) return Broken(name, decoder);
  const int64_t num_pixels = int64_t{decoder.info.image_width} * decoder.info.image_height;
  if (num_pixels > limits.max_pixels) {
    return TextError(absl::StatusCode::kResourceExhausted,
                     "$0: the picture has $1 x $2 pixels; at most $3 are read, so make it smaller",
                     name, decoder.info.image_width, decoder.info.image_height, limits.max_pixels);
  }
  FixSettings(&decoder.info);
  const int orientation = Orientation(decoder.info);  // libjpeg forgets its markers at the end
  const int components = decoder.info.num_components == 4   ? 4
                         : decoder.info.num_components == 1 ? 1
                                                            : 3;
  std::vector<uint8_t> pixels(static_cast<size_t>(num_pixels * components));
  if (!ReadRows(&decoder, &pixels)) return Broken(name, decoder);
  if (components == 4) pixels = CmykToRgb(pixels, decoder.info.saw_Adobe_marker != 0);
  ColorImage image{.height = static_cast<int>(decoder.info.image_height),
                   .width = static_cast<int>(decoder.info.image_width),
                   .channels = std::min(components, 3),
                   .pixels = std::move(pixels)};
  return TurnUpright(std::move(image), orientation);
}

}  // namespace convoy::images
