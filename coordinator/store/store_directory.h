// The directory of a store: taken by one coordinator, and only where it is empty or a store's own.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "common/base/file_lock.h"

namespace convoy::coordinator {

// In the header of the database file (PRAGMA application_id): "Cnvy".
inline constexpr int kApplicationId = 0x436E7679;

inline constexpr char kDatabaseFile[] = "coordinator.sqlite";
inline constexpr char kModelsFolder[] = "models";

// Whether `name` is one that the store gives to files in its folder of models, or to one that it is
// writing there: nothing else in it is the store's.
bool IsModelFileName(const std::string& name);

// Makes `directory` if it is missing, checks that it is empty or a store of ours, closes it to
// other users, makes folder and database file in it if they are missing, and locks it for this
// process. Has changed nothing when it returns an error of these: FAILED_PRECONDITION where it is
// somebody else's, others may write in it, or another coordinator is at work in it; what the system
// says where it cannot be read or written; DATA_LOSS where the database file is not one of SQLite.
// Errors begin with "store: ".
absl::StatusOr<FileLock> TakeStoreDirectory(const std::string& directory);

}  // namespace convoy::coordinator
