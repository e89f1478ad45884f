// The evaluation of a model, as the API answers it.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "common/data/dataset.h"
#include "common/evaluate/loaded_model.h"
#include "convoy/v1/model_service.pb.h"

namespace convoy::api {

// The most mistakes that one answer has.
inline constexpr int kMaxMistakes = 1000;

// Evaluates on the split of `source` that the request asks for (TEST where it asks for none), on
// `threads` threads, until `stop`, which may be empty, returns true (CANCELLED). The request's name
// names the model in messages; its data_set is the caller's, and so is the answer's model_version.
// Returns INVALID_ARGUMENT, naming the field, for what makes no sense or does not fit the network;
// FAILED_PRECONDITION if `source` has no such split. Thread-safe.
absl::StatusOr<v1::EvaluateModelResponse> EvaluateModel(const evaluate::LoadedModel& model,
                                                        const data::DataSource& source,
                                                        const v1::EvaluateModelRequest& request,
                                                        int threads,
                                                        const std::function<bool()>& stop = {});

}  // namespace convoy::api
