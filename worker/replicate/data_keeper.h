// A copy of the data in a run directory: on a second host that has none itself, so that the run can
// go on there when the host is lost that had read them; or on the first, between two starts.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "worker/comm/communicator.h"

namespace convoy::replicate {

struct DataKeeperOptions {
  std::string run_directory;
  std::string file;       // the copy's name there
  int64_t num_bytes = 0;  // of the copy
  // Whether the host has the data, by themselves or as a copy. May take long.
  std::function<bool()> has_data;
  // Writes the copy, atomically.
  std::function<absl::Status(const std::string& path)> write;
  // Is told in one line, in another thread, what comes of it.
  std::function<void(const std::string& line)> on_note;
};

// Looks, and writes the copy if need be, in a thread of its own that gives way to all others. A
// disk that would be left with less room than the copy takes gets none.
class DataKeeper {
 public:
  explicit DataKeeper(DataKeeperOptions options);
  // Waits for the thread, which does not begin anything more.
  ~DataKeeper();
  DataKeeper(const DataKeeper&) = delete;
  DataKeeper& operator=(const DataKeeper&) = delete;

 private:
  void Keep();

  const DataKeeperOptions options_;
  std::atomic<bool> ended_ = false;
  std::thread thread_;  // last: it uses all of the above
};

// COLLECTIVE. At the end of a job: removes the copies that its hosts have (run::kDataCopyFile) from
// each rank's own `run_directory`; a directory of another run is left alone.
absl::Status RemoveDataCopies(comm::Communicator& communicator, const std::string& run_directory);

}  // namespace convoy::replicate
