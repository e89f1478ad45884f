// Which handler answers which path.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/http/message.h"

namespace convoy::http {

struct Route {
  // Exactly this, or everything below it where it ends with '/'; "/" alone is the root.
  std::string path;
  Handler handler;
  bool reads_only = true;  // GET and HEAD; otherwise POST, too
  uint64_t max_body_bytes = 0;
};

// The longest path that fits wins. Immutable once the server runs, so thread-safe.
class Router {
 public:
  void Add(Route route) { routes_.push_back(std::move(route)); }

  // Returns nullptr if no route fits. `path` is plain as in Request::path.
  const Route* Match(std::string_view path) const;

 private:
  std::vector<Route> routes_;
};

}  // namespace convoy::http
