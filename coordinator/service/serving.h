// All that serves trained networks: what the services that answer about them share.
#pragma once

#include <string>

#include "coordinator/batching/engine.h"
#include "coordinator/batching/model_cache.h"
#include "coordinator/batching/model_source.h"
#include "coordinator/evaluation/evaluation_data.h"

namespace convoy::coordinator {

struct ServingOptions {
  EngineOptions engine;
  ModelCacheOptions cache;
  int max_images = 1024;  // of one request
  std::string data;       // the value of --data
};

// Thread-safe, as its parts are.
struct Serving {
  // `model_source` must outlive it.
  Serving(ModelSource& model_source, const ServingOptions& serving_options)
      : source(model_source),
        options(serving_options),
        models(model_source, serving_options.cache),
        data(serving_options.data),
        engine(serving_options.engine) {}

  ModelSource& source;
  const ServingOptions options;
  ModelCache models;
  EvaluationData data;
  Engine engine;
};

}  // namespace convoy::coordinator
