// What is served at "/".
#pragma once

#include <span>

#include "coordinator/http/static_files.h"

namespace convoy::coordinator {

// A page that says what is where.
std::span<const http::StaticFile> WelcomeFiles();

}  // namespace convoy::coordinator
