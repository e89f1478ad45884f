// From the images of requests to the pixels that a network takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/evaluate/loaded_model.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

inline constexpr int64_t kMaxImagePixels = 25'000'000;  // more than the photos of most cameras

struct NetworkImage {
  std::vector<uint8_t> pixels;  // [height, width, channels], as the network takes them
  v1::PreparationReport report;
};

// Decodes `image` and prepares it as asked, the way that the model's training images were: as a
// digit, or scaled as a whole (as LoadPictures does it, so a picture of the training files gives
// the same pixels). `field` names it in messages. Thread-safe. Returns INVALID_ARGUMENT if there is
// no image, it is broken, it shows no digit where one is wanted, its shape is not the network's
// where it may not be changed, or it has not the channels that the network takes;
// RESOURCE_EXHAUSTED if it has more pixels than `max_pixels`, which is known before anything of its
// size is unpacked.
absl::StatusOr<NetworkImage> ToNetworkImage(const v1::Image& image, v1::Preparation preparation,
                                            const evaluate::LoadedModel& model,
                                            const std::string& field,
                                            int64_t max_pixels = kMaxImagePixels);

}  // namespace convoy::api
