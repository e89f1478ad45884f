#include "client/supervise/patience.h"

#include <algorithm>

namespace convoy::client {
namespace {

using i18n::MakeMessage;
using std::chrono::milliseconds;

constexpr int kTriesByItself = 2;
constexpr int kTries = 12;
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{60'000};

}  // namespace

std::optional<i18n::Message> Patience::Fail(Cause cause, int64_t checkpoint) {
  if (cause == Cause::kInput) return MakeMessage("it would be refused again");
  if (cause == Cause::kComputed) return MakeMessage("data, recipe and seed would lead there again");
  if (checkpoint > checkpoint_) failures_ = failures_by_itself_ = 0;
  checkpoint_ = std::max(checkpoint_, checkpoint);
  ++failures_;
  if (cause == Cause::kTrainer) ++failures_by_itself_;
  if (failures_by_itself_ >= kTriesByItself || failures_ >= kTries) {
    return MakeMessage("it failed $0 times without a newer checkpoint", failures_);
  }
  if (restarts_ >= max_restarts_) {
    return MakeMessage("it was started again $0 times, no more are wanted", restarts_);
  }
  ++restarts_;
  return std::nullopt;
}

milliseconds Patience::Pause() const {
  if (failures_ <= 1) return milliseconds(0);
  return std::min(kLongestPause, kFirstPause * (1 << std::min(failures_ - 2, 10)));
}

}  // namespace convoy::client
