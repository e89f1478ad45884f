// Files that are compiled into the program, such as those of its page.
#pragma once

#include <span>
#include <string_view>

#include "coordinator/http/router.h"

namespace convoy::http {

// All views last as long as the program.
struct StaticFile {
  std::string_view path;  // "/index.html"
  std::string_view content_type;
  std::string_view bytes;
  std::string_view gzip;  // the same bytes compressed; empty: not worth it
  std::string_view etag;  // with its quotes; changes with the bytes
};

// Serves `files`, which must outlive the server, each at its path, and /index.html at "/", too.
// What they may do in a browser is confined to this server: no script or style inline, no frame, no
// other origin.
void AddStaticFiles(std::span<const StaticFile> files, Router& router);

// Whether an Accept-Encoding header allows gzip.
bool AcceptsGzip(std::string_view accept_encoding);

}  // namespace convoy::http
