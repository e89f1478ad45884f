// Who may call what, how many at a time and for how long: one rule for the services of people's
// tools. A method that nobody has put into the table of those that only read wants the token.
#pragma once

#include <grpcpp/server_context.h>

#include <array>
#include <list>
#include <string_view>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "common/rpc/grpc_status.h"
#include "common/system/ticker.h"
#include "coordinator/service/token_authenticator.h"

namespace convoy::coordinator {

// Each call takes a thread while it is answered or waits, so these numbers bound the threads.
struct CallLimits {
  int lookups = 64;      // lists and single entries
  int watches = 100;     // WatchJob
  int evaluations = 16;  // of which one is computed at a time
  int predictions = 128;
  int downloads = 16;
  int exports = 4;   // of which one is made at a time; each keeps its file in memory
  int changes = 32;  // and whatever the table does not know

  int in_all() const {
    return lookups + watches + evaluations + predictions + downloads + exports + changes;
  }
};

// Thread-safe.
class CallGate {
 public:
  // `authenticator` must outlive the gate.
  CallGate(const TokenAuthenticator& authenticator, const CallLimits& limits);
  CallGate(const CallGate&) = delete;
  CallGate& operator=(const CallGate&) = delete;

  class Pass;

  // Lets a call of `method`, "package.Service/Method", in until the end of its Pass. Returns
  // UNAUTHENTICATED without the token where one is needed, RESOURCE_EXHAUSTED if as many are under
  // way as may be. Calls without a deadline get one, but for watches.
  absl::StatusOr<Pass> Enter(grpc::ServerContext& context, std::string_view method);

 private:
  enum Kind { kLookup, kWatch, kEvaluation, kPrediction, kDownload, kExport, kChange, kNumKinds };
  struct Rule;
  static const Rule* FindRule(std::string_view method);
  // A call under way; cancelled when its time is over.
  struct Entry {
    grpc::ServerContext& context;
    Kind kind;
    absl::Duration end;  // as Moment::steady
  };
  using Entries = std::list<Entry>;

  int LimitOf(Kind kind) const;
  void Leave(Entries::iterator entry);
  void CancelOverdue();

  const TokenAuthenticator& authenticator_;
  const CallLimits limits_;
  absl::Mutex mutex_;
  std::array<int, kNumKinds> counts_ ABSL_GUARDED_BY(mutex_){};
  Entries entries_ ABSL_GUARDED_BY(mutex_);
  Ticker timer_;  // last: it uses all of the above
};

// A call that was let in. Movable.
class CallGate::Pass {
 public:
  ~Pass() {
    if (gate_ != nullptr) gate_->Leave(entry_);
  }
  Pass(Pass&& other) noexcept
      : gate_(std::exchange(other.gate_, nullptr)), entry_(other.entry_), end_(other.end_) {}
  Pass& operator=(Pass&&) = delete;

  // After that, as Moment::steady, nobody needs the answer.
  absl::Duration deadline() const { return end_; }
  // Whether the deadline has passed; whoever sets the wall clock does not change that.
  bool IsLate() const;
  // Whether the caller has gone or the deadline has passed.
  bool IsOver() const;
  // Says that the reader took a message just now: one that takes none for a minute is cancelled.
  void NoteTaken() const;
  // How many calls of this one's kind are under way, with this one.
  int NumAlike() const;

 private:
  friend CallGate;
  Pass(CallGate* gate, Entries::iterator entry, absl::Duration end)
      : gate_(gate), entry_(entry), end_(end) {}

  CallGate* gate_;
  Entries::iterator entry_;
  absl::Duration end_;  // as Moment::steady
};

// A handler's whole work: has `call`, which takes the Pass, answer a call that is let in.
template <typename Response, typename Call>
grpc::Status AnswerCall(CallGate& gate, grpc::ServerContext& context, std::string_view method,
                        Response* response, Call call) {
  absl::StatusOr<CallGate::Pass> pass = gate.Enter(context, method);
  if (!pass.ok()) return rpc::ToGrpc(pass.status());
  return rpc::Respond<Response>(call(*pass), response);
}

}  // namespace convoy::coordinator
