#include "worker/watch/watched_communicator.h"

namespace convoy::watch {
namespace {

// Starting a sum waits for nobody; Wait does.
bool Waits(comm::Collective call) { return call != comm::Collective::kStartAllReduceSum; }

}  // namespace

void WatchedCommunicator::OnBegin(comm::Collective call) {
  if (!Waits(call)) return;
  board_.collectives.fetch_add(1, std::memory_order_relaxed);
  board_.waiting.store(1, std::memory_order_relaxed);
}

void WatchedCommunicator::OnEnd(comm::Collective call) {
  if (Waits(call)) board_.waiting.store(0, std::memory_order_relaxed);
}

}  // namespace convoy::watch
