// The files of the page that the coordinator serves at "/": made by CMakeLists.txt of this folder.
#pragma once

#include <span>

#include "coordinator/http/static_files.h"

namespace convoy::web {

// They last as long as the program.
std::span<const http::StaticFile> PageFiles();

}  // namespace convoy::web
