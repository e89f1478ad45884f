// The kinds of photographs, each by how its scene (photo_scene.h) is arranged, and their encoding
// by libjpeg, with an EXIF record that says how the camera was held.
#include "bench/photographs.h"

#include <cstdio>
// After cstdio, which it needs.
#include <jpeglib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <utility>
#include <vector>

#include "bench/photo_scene.h"
#include "common/base/check.h"

namespace convoy::bench {
namespace {

constexpr double kPi = 3.14159265358979323846;

struct Group {
  PhotoGroup group;
  std::function<void(Dice&, Scene&)> arrange;
};

void OnDesk(Dice& dice, Scene& scene, double degrees) {
  scene.desk = dice.Between(0.05, 0.15);
  scene.tilt = degrees * kPi / 180;
  const double dark = dice.Between(0.5, 1.6);
  scene.table = {90 * dark, 70 * dark, 50 * dark};
  scene.grain = dice.Between(0, 0.25);
  scene.size = dice.Between(0.25, 0.45);
}

void OnLines(Dice& dice, Scene& scene, Lines lines, double lowest, double highest) {
  scene.lines = lines;
  scene.spacing = dice.Between(lowest, highest);
  const double pale = dice.Between(0, 1);
  scene.line = {120 + 60 * pale, 150 + 50 * pale, 200 + 20 * pale};
  scene.size = dice.Between(0.3, 0.6);
}

const std::vector<Group>& Groups() {
  static const auto* const groups = new std::vector<Group>{
      {{"plain sheet", true}, [](Dice&, Scene&) {}},
      {{"desk, sheet straight", true}, [](Dice& d, Scene& s) { OnDesk(d, s, 0); }},
      {{"desk, sheet askew by up to 10", true},
       [](Dice& d, Scene& s) { OnDesk(d, s, d.Between(-10, 10)); }},
      {{"desk, sheet askew by up to 20", true},
       [](Dice& d, Scene& s) { OnDesk(d, s, d.Between(-20, 20)); }},
      {{"vignette, weak", true}, [](Dice& d, Scene& s) { s.vignette = d.Between(0.2, 0.5); }},
      {{"vignette, strong", true}, [](Dice& d, Scene& s) { s.vignette = d.Between(0.5, 0.9); }},
      {{"gradient of light", true}, [](Dice& d, Scene& s) { s.gradient = d.Between(0.3, 0.8); }},
      {{"hard shadow", true}, [](Dice& d, Scene& s) { s.shadow = d.Between(0.3, 0.7); }},
      {{"soft shadow", true},
       [](Dice& d, Scene& s) {
         s.shadow = d.Between(0.3, 0.7);
         s.penumbra = d.Between(0.05, 0.4);
       }},
      {{"desk, vignette and shadow", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-10, 10));
         s.vignette = d.Between(0.2, 0.6);
         s.shadow = d.Between(0.3, 0.5);
         s.penumbra = d.Between(0, 0.1);
       }},
      {{"ruled paper", true}, [](Dice& d, Scene& s) { OnLines(d, s, Lines::kRuled, 0.05, 0.1); }},
      {{"squared paper", true},
       [](Dice& d, Scene& s) { OnLines(d, s, Lines::kSquared, 0.03, 0.08); }},
      {{"ruled paper askew, vignette", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kRuled, 0.05, 0.1);
         s.tilt = d.Between(-0.15, 0.15);
         s.vignette = d.Between(0.2, 0.6);
       }},
      {{"JPEG of quality 30 to 95", true}, [](Dice& d, Scene& s) { s.quality = 30 + d.Below(66); }},
      {{"turned by EXIF", true}, [](Dice& d, Scene& s) { s.orientation = 1 + d.Below(8); }},
      {{"640 to 4000 pixels", true},
       [](Dice& d, Scene& s) {
         s.width = static_cast<int>(640 * std::pow(6.25, d.Between(0, 1)));
         s.height = s.width * 3 / 4;
         if (d.Below(2) == 0) std::swap(s.width, s.height);
         s.size = d.Between(0.15, 0.5);
         s.vignette = d.Between(0, 0.4);
       }},
      {{"blue ink", true},
       [](Dice&, Scene& s) {
         s.ink = {40, 60, 150};
       }},
      {{"red ink", true},
       [](Dice&, Scene& s) {
         s.ink = {190, 40, 45};
       }},
      {{"pencil", true},
       [](Dice& d, Scene& s) {
         const double grey = d.Between(90, 150);
         s.ink = {grey, grey, grey + 5};
         s.texture = 0.2;
         s.vignette = d.Between(0, 0.4);
       }},
      {{"pencil on ruled paper", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kRuled, 0.05, 0.1);
         s.ink = {110, 110, 115};
         s.texture = 0.2;
       }},
      {{"thick pen", true}, [](Dice&, Scene& s) { s.pen = 0.2; }},
      {{"thin pen", true}, [](Dice&, Scene& s) { s.pen = 0.75; }},
      {{"small", true}, [](Dice& d, Scene& s) { s.size = d.Between(0.12, 0.2); }},
      {{"large", true}, [](Dice& d, Scene& s) { s.size = d.Between(0.8, 1.1); }},
      {{"chalk on a blackboard", true},
       [](Dice& d, Scene& s) {
         const double board = d.Between(0.6, 1.4);
         s.paper = {45 * board, 60 * board, 52 * board};
         s.ink = {225, 225, 215};
         s.texture = 0.3;
         s.pen = 0.35;
         s.vignette = d.Between(0, 0.5);
       }},
      {{"noise of a dark room", true},
       [](Dice& d, Scene& s) {
         s.noise = d.Between(8, 16);
         s.paper = {150, 140, 120};
         s.gradient = d.Between(0, 0.4);
       }},
      {{"several digits", false},
       [](Dice& d, Scene& s) {
         s.digits = 2 + d.Below(3);
         s.size = d.Between(0.2, 0.35);
         s.gap = d.Between(-0.1, 0.4);
       }},
      {{"empty sheet", false},
       [](Dice& d, Scene& s) {
         s.digits = 0;
         s.vignette = d.Between(0, 0.7);
         s.shadow = d.Between(0, 0.5);
         s.penumbra = d.Between(0, 0.3);
       }},
      {{"empty sheet on a desk", false},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.digits = 0;
       }},
      {{"a desk's edge", false},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-30, 30));
         s.desk = 0;
         s.digits = 0;
         s.edge = true;
       }},
      {{"page of text", false},
       [](Dice& d, Scene& s) {
         s.text = d.Between(0.03, 0.12);
         s.tilt = d.Between(-0.1, 0.1);
       }},
      {{"desk, sheet askew by 20 to 35", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Below(2) == 0 ? d.Between(20, 35) : -d.Between(20, 35));
       }},
      {{"desk, sheet's corners cut off", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Below(2) == 0 ? d.Between(8, 25) : -d.Between(8, 25));
         s.desk = d.Between(-0.05, 0.03);
       }},
      {{"desk of planks, sheet askew", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.plank = d.Between(0.06, 0.15);
         s.plank_tilt = d.Between(-0.4, 0.4);
       }},
      {{"desk, askew, hard shadow", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-20, 20));
         s.shadow = d.Between(0.3, 0.6);
       }},
      {{"a note on a wall", true},
       [](Dice& d, Scene& s) {
         OnDesk(d, s, d.Between(-15, 15));
         s.paper = {250, 232, 130};
         const double wall = d.Between(0.6, 1);
         s.table = {215 * wall, 212 * wall, 205 * wall};
         s.grain = d.Between(0, 0.05);
         s.desk = d.Between(0.25, 0.35);
         s.size = d.Between(0.18, 0.26);
       }},
      {{"a finger at the edge", true},
       [](Dice& d, Scene& s) {
         s.size = d.Between(0.25, 0.4);
         s.finger = d.Between(0.1, 0.25);
         s.gradient = d.Between(0, 0.4);
       }},
      {{"whiteboard, wiped, lamp reflected", true},
       [](Dice& d, Scene& s) {
         s.paper = {235, 238, 240};
         s.ink = {30, 45, 120};
         s.glare = d.Between(0.1, 0.4);
         s.residue = d.Between(0.05, 0.15);
       }},
      {{"in a box of a form", true},
       [](Dice& d, Scene& s) {
         const double print = d.Between(40, 150);
         s.line = {print, print, print};
         s.line_width = d.Between(0.003, 0.007);
         s.frame = d.Between(0.95, 1.6);
         s.size = d.Between(0.25, 0.45);
       }},
      {{"ruled paper with holes", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kRuled, 0.05, 0.1);
         s.size = d.Between(0.3, 0.45);
         s.holes = true;
       }},
      {{"squared paper, strong lines", true},
       [](Dice& d, Scene& s) {
         OnLines(d, s, Lines::kSquared, 0.04, 0.08);
         s.line = {90, 125, 190};
         s.line_width = 0.005;
       }},
      {{"on a screen, moire", true},
       [](Dice& d, Scene& s) {
         s.moire = d.Between(0.05, 0.2);
         s.gradient = d.Between(0, 0.3);
       }},
  };
  return *groups;
}

std::string ExifOf(int orientation) {
  const char exif[] = {'E', 'x',  'i', 'f', 0,
                       0,   'I',  'I', 42,  0,
                       8,   0,    0,   0,   1,
                       0,   0x12, 1,   3,   0,
                       1,   0,    0,   0,   static_cast<char>(orientation),
                       0,   0,    0,   0,   0,
                       0,   0};
  return {exif, sizeof(exif)};
}

std::string EncodeJpeg(const Pixels& pixels, int quality, int orientation) {
  jpeg_compress_struct encoder{};
  jpeg_error_mgr errors{};
  encoder.err = jpeg_std_error(&errors);
  jpeg_create_compress(&encoder);
  unsigned char* bytes = nullptr;
  unsigned long size = 0;  // NOLINT(google-runtime-int): libjpeg's type
  jpeg_mem_dest(&encoder, &bytes, &size);
  encoder.image_width = static_cast<JDIMENSION>(pixels.width);
  encoder.image_height = static_cast<JDIMENSION>(pixels.height);
  encoder.input_components = 3;
  encoder.in_color_space = JCS_RGB;
  jpeg_set_defaults(&encoder);
  jpeg_set_quality(&encoder, quality, TRUE);
  jpeg_start_compress(&encoder, TRUE);
  const std::string exif = ExifOf(orientation);
  jpeg_write_marker(&encoder, JPEG_APP0 + 1, reinterpret_cast<const JOCTET*>(exif.data()),
                    static_cast<unsigned>(exif.size()));
  while (encoder.next_scanline < encoder.image_height) {
    auto* row = const_cast<JSAMPROW>(pixels.values.data()) +
                static_cast<size_t>(encoder.next_scanline) * static_cast<size_t>(pixels.width) * 3;
    jpeg_write_scanlines(&encoder, &row, 1);
  }
  jpeg_finish_compress(&encoder);
  std::string file(reinterpret_cast<const char*>(bytes), size);
  jpeg_destroy_compress(&encoder);
  std::free(bytes);
  return file;
}

}  // namespace

std::span<const PhotoGroup> PhotoGroups() {
  static const auto* const named = [] {
    auto* all = new std::vector<PhotoGroup>;
    for (const Group& group : Groups()) all->push_back(group.group);
    return all;
  }();
  return *named;
}

std::string Photograph(int group, const data::DatasetView& data, int64_t number, uint64_t seed) {
  CONVOY_CHECK(group >= 0 && static_cast<size_t>(group) < Groups().size());
  Dice dice(seed, static_cast<uint32_t>(group), static_cast<uint32_t>(number));
  Scene scene;
  const double brightness = dice.Between(0.75, 1.05);
  scene.size = dice.Between(0.3, 0.6);
  scene.tilt = dice.Between(-0.03, 0.03);
  scene.pen = dice.Between(0.4, 0.55);
  scene.noise = dice.Between(1, 5);
  scene.quality = 70 + dice.Below(26);
  for (double& value : scene.paper) value *= brightness;
  Groups()[static_cast<size_t>(group)].arrange(dice, scene);
  return EncodeJpeg(Expose(scene, data, number, dice), scene.quality, scene.orientation);
}

}  // namespace convoy::bench
