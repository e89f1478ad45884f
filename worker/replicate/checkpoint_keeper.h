// The other side of the copies: keeps what comes, as rank 0 keeps it.
#pragma once

#include <future>
#include <memory>
#include <thread>

#include "common/formats/checkpoint_store.h"
#include "worker/replicate/checkpoint_sender.h"
#include "worker/replicate/connection.h"

namespace convoy::replicate {

// In a thread of its own, until the sender is gone.
class CheckpointKeeper {
 public:
  // Keeps them in `store`, which is nobody else's.
  CheckpointKeeper(std::unique_ptr<Connection> connection, formats::CheckpointStore store);
  // Waits for what is still coming; some seconds at most.
  ~CheckpointKeeper();
  CheckpointKeeper(const CheckpointKeeper&) = delete;
  CheckpointKeeper& operator=(const CheckpointKeeper&) = delete;

 private:
  void Serve();

  const std::unique_ptr<Connection> connection_;
  formats::CheckpointStore store_;  // the thread's
  std::promise<void> ended_;
  std::thread thread_;  // last: it uses all of the above
};

}  // namespace convoy::replicate
