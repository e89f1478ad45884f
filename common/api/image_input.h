// From the images of requests to the pixels that a network takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/nn/network.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

inline constexpr int64_t kMaxImagePixels = 25'000'000;  // more than the photos of most cameras

struct NetworkImage {
  std::vector<uint8_t> pixels;  // [height, width, channels], as the network takes them
  v1::PreparationReport report;
};

// Decodes `image` and prepares it as asked. `field` names it in messages. Thread-safe. Returns
// INVALID_ARGUMENT if there is no image, it is broken, it shows nothing, or its shape is not the
// network's where it may not be changed; RESOURCE_EXHAUSTED if it has more pixels than
// `max_pixels`, which is known before anything of its size is unpacked.
absl::StatusOr<NetworkImage> ToNetworkImage(const v1::Image& image, v1::Preparation preparation,
                                            const nn::Network& network, const std::string& field,
                                            int64_t max_pixels = kMaxImagePixels);

}  // namespace convoy::api
