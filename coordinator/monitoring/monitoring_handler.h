// /metrics for Prometheus and /healthz.
#pragma once

#include "coordinator/http/router.h"
#include "coordinator/jobs/job_registry.h"
#include "coordinator/store/store.h"

namespace convoy::monitoring {

// `registry` and `store` must outlive the server. /healthz answers 200 while the store can be read,
// 503 otherwise.
void AddRoutes(coordinator::JobRegistry& registry, coordinator::Store& store, http::Router& router);

}  // namespace convoy::monitoring
