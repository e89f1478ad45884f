// Files: whole-file reads and atomic, durable writes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace convoy {

// Returns the whole content of `path`. Returns NOT_FOUND or PERMISSION_DENIED as the system says,
// OUT_OF_RANGE if the file has more than `max_bytes`, INVALID_ARGUMENT if it is no regular file.
absl::StatusOr<std::string> ReadFile(const std::string& path, uint64_t max_bytes);

// Replaces `path` by `content`, atomically and durably: a temporary file beside it, fsync, rename,
// fsync of the directory. After a crash at any moment `path` has its old content or the new one.
// Returns RESOURCE_EXHAUSTED if the disk is full, INVALID_ARGUMENT if `path` is no regular file.
absl::Status WriteFileAtomically(const std::string& path, std::string_view content);

// As WriteFileAtomically, but not durably: after a crash of the system `path` may be gone. For what
// is out of date a second later.
absl::Status ReplaceFile(const std::string& path, std::string_view content);

// Appends `content` to `path`, which is created if missing; not synced.
absl::Status AppendToFile(const std::string& path, std::string_view content);

// Has `guard` called from here on whenever one of the three above is about to change a file; it may
// end the process. Called once, by a program, before its threads write.
void GuardWrites(std::function<void()> guard);

// Creates `path` and its parents. OK if it is a directory already.
absl::Status CreateDirectories(const std::string& path);

bool PathExists(const std::string& path);

// Returns a status whose code follows `error_number` (an errno): "`what` PATH: reason".
absl::Status ErrnoStatus(int error_number, std::string_view what, std::string_view path);

}  // namespace convoy
