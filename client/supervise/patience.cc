#include "client/supervise/patience.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

using std::chrono::milliseconds;

constexpr int kTriesByItself = 2;
constexpr int kTries = 12;
constexpr milliseconds kFirstPause{500};
constexpr milliseconds kLongestPause{60'000};

}  // namespace

std::optional<std::string> Patience::Fail(Cause cause, int64_t checkpoint) {
  if (cause == Cause::kInput) return "it would be refused again";
  if (cause == Cause::kComputed) return "data, recipe and seed would lead there again";
  if (checkpoint > checkpoint_) failures_ = failures_by_itself_ = 0;
  checkpoint_ = std::max(checkpoint_, checkpoint);
  ++failures_;
  if (cause == Cause::kTrainer) ++failures_by_itself_;
  if (failures_by_itself_ >= kTriesByItself || failures_ >= kTries) {
    return absl::StrCat("it failed ", failures_, " times without a newer checkpoint");
  }
  if (restarts_ >= max_restarts_) {
    return absl::StrCat("it was started again ", restarts_, " times, no more are wanted");
  }
  ++restarts_;
  return std::nullopt;
}

milliseconds Patience::Pause() const {
  if (failures_ <= 1) return milliseconds(0);
  return std::min(kLongestPause, kFirstPause * (1 << std::min(failures_ - 2, 10)));
}

}  // namespace convoy::client
