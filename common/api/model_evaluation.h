// The evaluation of a model, as the API answers it.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/evaluate/detailed_evaluation.h"
#include "common/evaluate/loaded_model.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

// The most mistakes that one answer has.
inline constexpr int kMaxMistakes = 1000;

// Evaluates a model image by image on `images`, with the noise of the options; the threads and when
// to stop are its own. May return what it computed before. Returns EvaluateInDetail's errors.
using Evaluator = std::function<absl::StatusOr<std::shared_ptr<const evaluate::DetailedEvaluation>>(
    const data::DatasetView& images, const evaluate::EvaluationOptions& options)>;

// Evaluates on the split of `source` that the request asks for (TEST where it asks for none), by
// `evaluator`. The request's name names the model in messages; its data_set is the caller's, and so
// is the answer's model_version. Returns INVALID_ARGUMENT, naming the field, for what makes no
// sense or does not fit the network; FAILED_PRECONDITION if `source` has no such split; the
// evaluator's errors. Thread-safe.
absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const evaluate::LoadedModel& model,
                                                        const data::DataSource& source,
                                                        const v1::EvaluateModelRequest& request,
                                                        const Evaluator& evaluator);

// The same, computed now on `threads` threads.
absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const evaluate::LoadedModel& model,
                                                        const data::DataSource& source,
                                                        const v1::EvaluateModelRequest& request,
                                                        int threads);

// A page of images: those from number `first` of the split on, at most so many.
struct ImagePage {
  int64_t first = 0;
  int most = 0;
};

struct ListedImages {
  v1::ListImagesResponse response;
  std::optional<int64_t> next;  // where the next page begins, if there is one
};

// Returns the images of the request's label that the model takes for its predicted label, as
// EvaluateModel with the same options counts them. Page size and tokens are the caller's, as are
// data_set and model_version. Errors as EvaluateModel. Thread-safe.
absl::StatusOr<ListedImages> ListImages(const evaluate::LoadedModel& model,
                                        const data::DataSource& source,
                                        const v1::ListImagesRequest& request, const ImagePage& page,
                                        const Evaluator& evaluator);

}  // namespace convoy::api
