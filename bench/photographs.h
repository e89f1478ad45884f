// Photographs of digits, drawn: a sheet with ink on it, under a lamp, on a desk, as a camera keeps
// it. Every one follows from its group, its number and a seed.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "common/base/random.h"
#include "common/data/dataset.h"

namespace convoy::bench {

struct PhotoGroup {
  const char* name;
  bool digit;  // whether there is one to be read; otherwise the picture is to be refused
};

// Returns the groups, each of one kind of photographs.
std::span<const PhotoGroup> PhotoGroups();

// Returns photograph `number` of a group as a JPEG file; what is written on it are images of `data`
// from `number` on. REQUIRES: group < PhotoGroups().size().
std::string Photograph(int group, const data::DatasetView& data, int64_t number, uint64_t seed);

}  // namespace convoy::bench
