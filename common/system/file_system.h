// What kind of file system a path is on.
#pragma once

#include <string>

namespace convoy {

// Whether `path` is on a file system that other computers may have too, or that a program serves
// (FUSE): memory maps are not shared there with everybody who has the file. False where the system
// does not say.
bool IsNetworkFileSystem(const std::string& path);

}  // namespace convoy
