// Each training is a process in a session of its own, so that the terminal's Ctrl-C comes to this
// process alone, which passes it on once: a trainer that hears a second one ends without waiting
// for its checkpoint.
#include "client/sweep/trainings.h"

#include <csignal>
#include <list>
#include <memory>
#include <optional>

#include "absl/time/clock.h"
#include "client/process/child.h"
#include "client/process/wishes.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

constexpr absl::Duration kLook = absl::Milliseconds(50);

struct Running {
  std::unique_ptr<Child> child;
  size_t number;
};

class Crew {
 public:
  Crew(const std::vector<Training>& trainings, size_t at_once,
       const std::function<absl::Status(size_t, int)>& on_end)
      : trainings_(trainings), at_once_(at_once), on_end_(on_end) {}

  bool done() const { return running_.empty() && (!status_.ok() || next_ == trainings_.size()); }
  const absl::Status& status() const { return status_; }

  void StartMore() {
    while (status_.ok() && running_.size() < at_once_ && next_ < trainings_.size()) {
      const Training& training = trainings_[next_];
      absl::StatusOr<std::unique_ptr<Child>> child =
          Child::Start({.command = training.command,
                        .environment = training.environment,
                        .log = training.log,
                        .death_signal = SIGTERM},
                       nullptr);
      if (!child.ok()) return Stop(child.status());
      running_.push_back({*std::move(child), next_++});
    }
  }

  void Reap() {
    for (auto one = running_.begin(); one != running_.end();) {
      const std::optional<int> code = one->child->Wait(std::chrono::milliseconds(0));
      if (!code) {
        ++one;
        continue;
      }
      const size_t number = one->number;
      one = running_.erase(one);
      if (absl::Status told = on_end_(number, *code); !told.ok()) Stop(told);
    }
  }

  // The first reason is the one that counts; the trainings are asked once.
  void Stop(const absl::Status& why) {
    if (!status_.ok()) return;
    status_ = why;
    for (const Running& one : running_) one.child->Signal(SIGTERM);
  }

 private:
  const std::vector<Training>& trainings_;
  const size_t at_once_;
  const std::function<absl::Status(size_t, int)>& on_end_;
  std::list<Running> running_;
  size_t next_ = 0;
  absl::Status status_;
};

}  // namespace

absl::Status RunTrainings(const std::vector<Training>& trainings, int at_once,
                          const std::function<absl::Status(size_t number, int code)>& on_end) {
  HearWishes();
  Crew crew(trainings, static_cast<size_t>(at_once), on_end);
  while (!crew.done()) {
    if (Wishes() > 0) crew.Stop(absl::AbortedError(Tr("stopped")));
    crew.StartMore();
    absl::SleepFor(kLook);
    crew.Reap();
  }
  return crew.status();
}

}  // namespace convoy::client
