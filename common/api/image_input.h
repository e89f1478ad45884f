// From the images of requests to the pixels that a network takes.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "common/formats/model_file.h"
#include "common/nn/network.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

struct NetworkImage {
  std::vector<uint8_t> pixels;  // [height, width, channels], as the network takes them
  v1::PreparationReport report;
};

// Decodes `image` and prepares it as asked, for a network that was trained on images of `form`: as
// a digit, or scaled as a whole. `field` names it in messages. Thread-safe. Returns
// INVALID_ARGUMENT if there is no image, it is broken, it shows nothing, its shape is not the
// network's where it may not be changed, or it has not the colours that the network takes;
// RESOURCE_EXHAUSTED if it has too many pixels.
absl::StatusOr<NetworkImage> ToNetworkImage(const v1::Image& image, v1::Preparation preparation,
                                            const nn::Network& network, formats::ImageForm form,
                                            const std::string& field);

}  // namespace convoy::api
