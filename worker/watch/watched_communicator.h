// A communicator that leaves word of each collective call on its rank's board.
#pragma once

#include "worker/comm/observed_communicator.h"
#include "worker/watch/rank_state.h"

namespace convoy::watch {

class WatchedCommunicator : private comm::CollectiveObserver, public comm::ObservedCommunicator {
 public:
  // Both must outlive this.
  WatchedCommunicator(comm::Communicator& wrapped, RankBoard& board)
      : ObservedCommunicator(wrapped, static_cast<CollectiveObserver&>(*this)), board_(board) {}

 private:
  void OnBegin(comm::Collective call) override;
  void OnEnd(comm::Collective call) override;

  RankBoard& board_;
};

}  // namespace convoy::watch
