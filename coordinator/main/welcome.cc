#include "coordinator/main/welcome.h"

namespace convoy::coordinator {
namespace {

constexpr http::StaticFile kFiles[] = {{.path = "/index.html",
                                        .content_type = "text/html; charset=utf-8",
                                        .bytes = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Convoy</title>
<h1>Convoy</h1>
<p>A coordinator of training jobs. <a href="/metrics">Metrics</a>, <a href="/healthz">health</a>.
</html>
)",
                                        .gzip = {},
                                        .etag = "\"welcome-1\""}};

}  // namespace

std::span<const http::StaticFile> WelcomeFiles() { return kFiles; }

}  // namespace convoy::coordinator
