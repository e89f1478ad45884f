#include "coordinator/http/router.h"

namespace convoy::http {

const Route* Router::Match(std::string_view path) const {
  const Route* best = nullptr;
  for (const Route& route : routes_) {
    const bool below =
        route.path.size() > 1 && route.path.back() == '/' && path.starts_with(route.path);
    if (!below && path != route.path) continue;
    if (best == nullptr || route.path.size() > best->path.size()) best = &route;
  }
  return best;
}

}  // namespace convoy::http
