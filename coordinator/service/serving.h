// All that serves trained networks: what the services that answer about them share.
#pragma once

#include <cstdint>
#include <string>

#include "coordinator/batching/dynamic_batcher.h"
#include "coordinator/batching/model_cache.h"
#include "coordinator/evaluation/evaluation_cache.h"
#include "coordinator/evaluation/evaluation_data.h"
#include "coordinator/store/model_source.h"

namespace convoy::coordinator {

struct ServingOptions {
  BatcherOptions batcher;
  ModelCacheOptions cache;
  int max_images = 1024;                      // of one request
  int64_t max_evaluation_bytes = 64LL << 20;  // that are kept; one of MNIST takes 0.1 MB
  std::string data;                           // the value of --data
};

// Thread-safe, as its parts are.
struct Serving {
  // `model_source` must outlive it.
  Serving(ModelSource& model_source, const ServingOptions& serving_options)
      : source(model_source),
        options(serving_options),
        models(model_source, serving_options.cache),
        data(serving_options.data),
        evaluations(serving_options.max_evaluation_bytes),
        batcher(serving_options.batcher) {}

  ModelSource& source;
  const ServingOptions options;
  ModelCache models;
  EvaluationData data;
  EvaluationCache evaluations;
  DynamicBatcher batcher;
};

}  // namespace convoy::coordinator
