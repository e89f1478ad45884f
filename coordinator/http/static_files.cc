#include "coordinator/http/static_files.h"

#include <memory>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_split.h"

namespace convoy::http {
namespace {

constexpr char kIndex[] = "/index.html";
constexpr char kPolicy[] =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "font-src 'self'; connect-src 'self'; manifest-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'";

Headers HeadersOf(const StaticFile& file) {
  return {{"ETag", std::string(file.etag)},
          {"Cache-Control", "no-cache"},  // kept by the browser, which asks whether it changed
          {"Vary", "Accept-Encoding"},
          {"Content-Security-Policy", kPolicy},
          {"Referrer-Policy", "no-referrer"},
          {"Cross-Origin-Opener-Policy", "same-origin"},
          {"Cross-Origin-Resource-Policy", "same-origin"}};
}

Response Serve(const StaticFile& file, const Request& request) {
  Response response{
      .content_type = std::string(file.content_type), .body = {}, .headers = HeadersOf(file)};
  if (Find(request.headers, "If-None-Match") == file.etag) {
    response.status = 304;
  } else if (!file.gzip.empty() && AcceptsGzip(Find(request.headers, "Accept-Encoding"))) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = file.gzip;
  } else {
    response.body = file.bytes;
  }
  return response;
}

}  // namespace

bool AcceptsGzip(std::string_view accept_encoding) {
  const std::vector<std::string> codings = absl::StrSplit(std::string(accept_encoding), ',');
  for (const std::string& coding : codings) {
    const std::vector<std::string> parts = absl::StrSplit(coding, ';');
    if (!EqualsIgnoreCase(std::string(absl::StripAsciiWhitespace(parts[0])), "gzip")) continue;
    const std::string weight =
        parts.size() < 2 ? "" : std::string(absl::StripAsciiWhitespace(parts[1]));
    return weight.find_first_not_of("q=0.") != std::string::npos || weight.empty();
  }
  return false;
}

void AddStaticFiles(std::span<const StaticFile> files, Router& router) {
  for (const StaticFile& file : files) {
    const Handler handler = [&file](const Request& request, const std::shared_ptr<Reply>& reply) {
      reply->Send(Serve(file, request));
    };
    router.Add({.path = std::string(file.path), .handler = handler});
    if (file.path == kIndex) router.Add({.path = "/", .handler = handler});
  }
}

}  // namespace convoy::http
