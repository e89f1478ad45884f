// The figure of convoy predict: a person's picture, what the network saw of it, and its answer.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "client/models/model_source.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::client {

struct PredictionPicture {
  std::string path;  // to write: .png or .svg
  std::string lang;  // as --lang
  const Picture& picture;
  bool as_it_is = false;  // it was not prepared
  const v1::TrainedModel& model;
  const v1::Prediction& answer;
};

// Draws and writes it. Returns INVALID_ARGUMENT for a name that is no picture's, and what decoding,
// PrepareDigit and writing do. REQUIRES: the answer has the image as the network saw it.
absl::Status WritePredictionFigure(const PredictionPicture& wanted);

}  // namespace convoy::client
