// Keeps other web sites out: a page that a browser on this machine shows must not reach the server
// under a name that its author controls (DNS rebinding), nor send it requests across origins.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"

namespace convoy::http {

// Returns the name of "name:port", "[::1]:port" or one without a port, lower-case, without
// brackets.
std::string_view HostName(std::string_view authority);

// Whether `host`, the value of a Host header, is an address literal, localhost or one of `names`.
// No name that somebody else can point here passes.
bool IsOwnHost(std::string_view host, const std::vector<std::string>& names);

// Returns PERMISSION_DENIED for a request that a page of another origin sent: `origin` and
// `fetch_site` are the headers Origin and Sec-Fetch-Site, "" where they are missing, as with every
// client but a browser.
absl::Status CheckOrigin(std::string_view host, std::string_view origin,
                         std::string_view fetch_site);

}  // namespace convoy::http
