// The watchdog of a rank: a thread that calls no MPI, so it still runs when a collective never
// returns. Ranks write where they are to boards in shared memory (between hosts, by beats over
// UDP); each watchdog reads all of them and judges by the usual lengths of steps and phases who
// hangs. One rank speaks, then all end without a collective. Rank 0 also writes the boards to the
// run directory.
#include "worker/watch/watch.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <memory>
#include <system_error>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/time/clock.h"
#include "common/base/cpus.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/log/log.h"
#include "common/run/progress_file.h"
#include "common/run/run_files.h"
#include "worker/watch/last_words.h"

namespace convoy::watch {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kLookInterval{250};
constexpr std::chrono::seconds kProgressInterval{1};
// How long ranks that do not speak leave the one that does before they end, and the job with them.
constexpr std::chrono::milliseconds kSpeakTime{1500};
// The newest step's part of what is a typical step.
constexpr double kNewestPart = 0.1;

// Before the boards: which rank of the host is its first.
struct alignas(64) BlockHeader {
  std::atomic<int32_t> first_rank;  // plus one; 0: nobody has entered himself
};

void EnterFirst(std::atomic<int32_t>& first, int32_t mine) {
  int32_t seen = first.load();
  while ((seen == 0 || mine < seen) && !first.compare_exchange_weak(seen, mine)) {
  }
}

// A terminal that somebody stopped is no reason to hang, too.
void SayWithin(std::chrono::milliseconds time, const std::string& message) {
  const auto said = std::make_shared<std::promise<void>>();
  std::thread([said, message] {
    log::Error(message);
    said->set_value();
  }).detach();
  said->get_future().wait_for(time);
}

double SecondsOf(steady_clock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

absl::StatusOr<std::chrono::milliseconds> PatienceFromEnvironment() {
  const char* value = std::getenv("CONVOY_HANG_SECONDS");
  if (value == nullptr) return WatchOptions().patience;
  double seconds = 0;
  if (!absl::SimpleAtod(value, &seconds) || !(seconds >= 0 && seconds <= 1e6)) {
    return InvalidArgumentTextError(
        "CONVOY_HANG_SECONDS: $0 is no number of seconds; 0 looks for no hangs, without it 30",
        Quoted(value));
  }
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

absl::StatusOr<std::unique_ptr<Watch>> Watch::Start(comm::Communicator& communicator,
                                                    WatchOptions options) {
  std::unique_ptr<Watch> watch(new Watch(communicator, std::move(options)));
  CONVOY_RETURN_IF_ERROR(watch->Open(communicator));
  return watch;
}

Watch::Watch(comm::Communicator& communicator, WatchOptions options)
    : rank_(communicator.rank()), options_(std::move(options)), entered_(steady_clock::now()) {}

absl::Status Watch::Open(comm::Communicator& communicator) {
  const auto world_size = static_cast<size_t>(communicator.world_size());
  const std::vector<uint8_t> zeros(sizeof(BlockHeader) + world_size * sizeof(RankBoard));
  CONVOY_ASSIGN_OR_RETURN(memory_,
                          communicator.ShareFromRoot({zeros}, static_cast<int64_t>(zeros.size())));
  auto* header = reinterpret_cast<BlockHeader*>(memory_->data());
  boards_ = reinterpret_cast<RankBoard*>(memory_->data() + sizeof(BlockHeader));
  EnterFirst(header->first_rank, rank_ + 1);
  CONVOY_RETURN_IF_ERROR(communicator.Barrier());
  const int first_of_host = header->first_rank.load() - 1;
  std::vector<int> firsts(world_size);
  CONVOY_RETURN_IF_ERROR(
      communicator.AllGather(&first_of_host, sizeof(first_of_host), firsts.data()));
  CONVOY_ASSIGN_OR_RETURN(hosts_, comm::AllGatherStrings(communicator, HostName()));
  if (!communicator.on_one_host()) {
    CONVOY_ASSIGN_OR_RETURN(beats_, Beats::Start(communicator, boards_, std::move(firsts)));
  }
  communicator_ =
      std::make_unique<WatchedCommunicator>(communicator, boards_[static_cast<size_t>(rank_)]);
  judge_.emplace(rank_, hosts_, options_.patience);
  // A rank that is stopped before its watchdog's first look was there, too.
  boards_[static_cast<size_t>(rank_)].pulse.store(1, std::memory_order_relaxed);
  thread_ = std::thread([this] { Serve(); });
  return absl::OkStatus();
}

Watch::~Watch() {
  if (!thread_.joinable()) return;
  Enter(Phase::kGone);
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  changed_.notify_all();
  thread_.join();
  if (beats_ != nullptr) beats_->Exchange();
  if (rank_ != 0 || !run_directory_) return;
  std::error_code ignored;  // nobody takes it for a run under way: summary.json says how it ended
  std::filesystem::remove(run::PathIn(*run_directory_, run::kProgressFile), ignored);
}

absl::Status Watch::SetRunDirectory(const std::string& run_directory) {
  std::error_code error;
  const std::string own = std::filesystem::absolute(run_directory, error).string();
  CONVOY_ASSIGN_OR_RETURN(const std::string directory,
                          comm::BroadcastString(communicator(), own, 0));
  {
    const std::lock_guard lock(mutex_);
    run_directory_ = directory;
  }
  SetLastWordsFile(
      run::PathIn(directory, run::LastWordsFile(options_.ranks_are_threads ? 0 : rank_)));
  return absl::OkStatus();
}

void Watch::Enter(Phase phase) {
  const auto now = steady_clock::now();
  NoteLength(now - entered_);
  entered_ = now;
  RankBoard& board = boards_[static_cast<size_t>(rank_)];
  board.first_collective.store(board.collectives.load(std::memory_order_relaxed),
                               std::memory_order_relaxed);
  board.phase.store(static_cast<int32_t>(phase), std::memory_order_relaxed);
}

void Watch::EnterStep(int64_t step) {
  boards_[static_cast<size_t>(rank_)].step.store(step, std::memory_order_relaxed);
  Enter(Phase::kStep);
}

// Of the phase that is left.
void Watch::NoteLength(steady_clock::duration length) {
  const auto phase = boards_[static_cast<size_t>(rank_)].phase.load(std::memory_order_relaxed);
  const int64_t nanos = std::chrono::nanoseconds(length).count();
  std::atomic<int64_t>& longest = longest_nanos_[static_cast<size_t>(phase)];
  longest = std::max(longest.load(), nanos);
  if (static_cast<Phase>(phase) != Phase::kStep) return;
  const int64_t typical = step_nanos_.load();
  step_nanos_ = typical == 0
                    ? nanos
                    : static_cast<int64_t>(kNewestPart * static_cast<double>(nanos) +
                                           (1 - kNewestPart) * static_cast<double>(typical));
}

PhaseLengths Watch::Lengths() const {
  PhaseLengths lengths{.step = std::chrono::nanoseconds(step_nanos_.load())};
  for (size_t i = 0; i < kPhases; ++i) {
    lengths.longest[i] = std::chrono::nanoseconds(longest_nanos_[i].load());
  }
  return lengths;
}

void Watch::Serve() {
  std::unique_lock lock(mutex_);
  while (!changed_.wait_for(lock, kLookInterval, [this] { return ending_; })) {
    lock.unlock();
    Look();
    lock.lock();
  }
}

void Watch::Look() {
  boards_[static_cast<size_t>(rank_)].pulse.fetch_add(1, std::memory_order_relaxed);
  if (beats_ != nullptr) beats_->Exchange();
  std::vector<RankState> states;
  for (size_t rank = 0; rank < hosts_.size(); ++rank) states.push_back(boards_[rank].Read());
  const auto now = steady_clock::now();
  judge_->Look(states, now);
  if (rank_ == 0 && now - progress_written_ >= kProgressInterval) {
    progress_written_ = now;
    WriteProgress(states);
  }
  if (options_.patience.count() == 0) return;
  const StopState stop = options_.stop_state();
  const std::optional<Hang> hang = judge_->Judge(Lengths(), stop.requested);
  if (hang) EndAfter(*hang, stop.cancelled);
}

std::optional<std::string> Watch::RunDirectory() const {
  const std::lock_guard lock(mutex_);
  return run_directory_;
}

void Watch::WriteProgress(const std::vector<RankState>& states) const {
  const std::optional<std::string> directory = RunDirectory();
  if (!directory) return;
  run::Progress progress{.time = absl::Now()};
  for (size_t rank = 0; rank < states.size(); ++rank) {
    progress.ranks.push_back({.host = hosts_[rank],
                              .step = states[rank].step,
                              .phase = PlaceOf(states[rank]).english,
                              .seconds = SecondsOf(judge_->InPlaceSince(static_cast<int>(rank)))});
  }
  // A full disk is told of by who writes what matters.
  ReplaceFile(run::PathIn(*directory, run::kProgressFile), run::ToJson(progress)).IgnoreError();
}

// Without MPI, destructors and exit handlers: any of them may wait for who hangs.
void Watch::EndAfter(const Hang& hang, bool cancelled) {
  if (hang.speaker == rank_) {
    if (const std::optional<std::string> directory = RunDirectory()) {
      AppendToFile(run::PathIn(*directory, run::kLogFile),
                   log::Record(log::Level::kError, hang.message.english) + "\n")
          .IgnoreError();  // on another host the directory may not be there
    }
    LeaveLastWords(hang.message);
    SayWithin(kSpeakTime / 2, hang.message.shown);
  } else {
    std::this_thread::sleep_for(kSpeakTime);
  }
  std::_Exit(static_cast<int>(cancelled ? ExitCode::kCancelled : ExitCode::kHung));
}

}  // namespace convoy::watch
