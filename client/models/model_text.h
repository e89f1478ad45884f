// What models answer, as text for people. Tables are made for `columns`, as client/view's; 0: any
// width.
#pragma once

#include <string>
#include <vector>

#include "convoy/v1/model_service.pb.h"

namespace convoy::client {

// Whether the evaluation says that it went through images that the model was not trained with.
bool OnOtherImages(const v1::EvaluateModelResponse& evaluation);

// "10,000 test images of MNIST"; says plainly where the images are generated, or others than those
// that the model was trained with.
std::string ImagesText(const v1::EvaluateModelResponse& evaluation);

// Loss and accuracy, a line a class, the worst mistakes. Of more than 100 classes only the 20 that
// are told apart worst have a line.
std::string EvaluationText(const v1::EvaluateModelResponse& evaluation, int columns);

// The confusion matrix: a row a true class, a column what it was taken for, and each row's share of
// right answers. Zeros are dots. Of more than 100 classes the 20 most frequent kinds of mistakes.
std::string ConfusionText(const v1::EvaluateModelResponse& evaluation, int columns);

// A line a picture: what it shows, how sure the network is, what else it might be, what was done
// to it. `model` names the classes. REQUIRES: as many names as predictions.
std::string PredictionsText(const std::vector<std::string>& names, const v1::TrainedModel& model,
                            const v1::PredictResponse& response, int columns);

// A line a model. Names and tags of their runs have columns where any has some.
std::string ModelsTable(const std::vector<v1::TrainedModel>& models, int columns);

}  // namespace convoy::client
