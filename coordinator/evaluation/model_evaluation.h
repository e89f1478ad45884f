// EvaluateModel's work.
#pragma once

#include <functional>

#include "absl/status/statusor.h"
#include "convoy/v1/model_service.pb.h"
#include "coordinator/batching/model_cache.h"
#include "coordinator/evaluation/evaluation_data.h"

namespace convoy::coordinator {

// The most mistakes that one answer has.
inline constexpr int kMaxMistakes = 1000;

// Evaluates on `threads` threads, until `stop` says so (CANCELLED). Returns INVALID_ARGUMENT,
// naming the field, for what makes no sense or does not fit the network; FAILED_PRECONDITION if
// there are no such data. Thread-safe.
absl::StatusOr<v1::EvaluateModelResponse> EvaluateServedModel(
    const ServedModel& served, const v1::EvaluateModelRequest& request, EvaluationData& data,
    int threads, const std::function<bool()>& stop);

}  // namespace convoy::coordinator
