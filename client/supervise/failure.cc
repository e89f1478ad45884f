// The first rank to end is named by mpirun; why it did, by its last words, if it had time for any.
// Ranks that end later only follow, and are not asked.
#include "client/supervise/failure.h"

#include <array>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <optional>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "common/base/files.h"
#include "common/base/status.h"
#include "common/run/hang_texts.h"
#include "common/run/run_files.h"

namespace convoy::client {
namespace {

namespace fs = std::filesystem;
using i18n::MakeMessage;
using i18n::Message;

constexpr uint64_t kMaxWordsBytes = 1 << 20;
constexpr int kSignalCode = 128;
constexpr int kLastSignal = 64;
constexpr int kHostLostCode = 205;  // of mpirun

// What mpirun says of the first process to end.
struct FirstRank {
  int rank = -1;     // -1: it says nothing
  std::string host;  // "" where it does not say
  int signal = 0;
};

FirstRank ReadNotice(const std::string& errors) {
  FirstRank first;
  for (const absl::string_view text : absl::StrSplit(errors, '\n')) {
    const std::string line(text);
    std::array<char, 256> host{};
    if (std::sscanf(line.c_str(),
                    "mpirun noticed that process rank %d with PID %*d on node %255s exited on "
                    "signal %d",
                    &first.rank, host.data(), &first.signal) == 3) {
      first.host = host.data();
      return first;
    }
    if (std::sscanf(line.c_str(), " Process name: [[%*u,%*u],%d]", &first.rank) == 1) return first;
  }
  return first;
}

Message SignalName(int signal) {
  const char* name = ::sigabbrev_np(signal);
  return name == nullptr ? MakeMessage("signal $0", signal)
                         : i18n::AsItIs(absl::StrCat("SIG", name));
}

// A record without its time and level.
std::string TextOfRecord(const std::string& record) {
  const std::vector<std::string> parts = absl::StrSplit(record, absl::MaxSplits(' ', 2));
  return parts.size() < 3 ? record : parts[2];
}

// The first record of a file of last words, and what the terminal was shown.
Message FirstRecord(const std::string& path) {
  const auto text = ReadFile(path, kMaxWordsBytes);
  if (!text.ok()) return {};
  const std::vector<std::string> lines = absl::StrSplit(*text, '\n');
  Message words = i18n::AsItIs(TextOfRecord(lines[0]));
  const bool has_shown = lines.size() > 1 && absl::StartsWith(lines[1], run::kShownWords);
  if (has_shown) words.shown = lines[1].substr(std::string_view(run::kShownWords).size());
  return words;
}

// The last words of `rank`, or of who said his first.
Message LastWords(const std::string& run_dir, int rank) {
  Message own = FirstRecord(run::PathIn(run_dir, run::LastWordsFile(rank)));
  if (!own.empty()) return own;
  Message words;
  std::optional<fs::file_time_type> earliest;
  std::error_code error;
  for (fs::directory_iterator entry(run_dir, error), end; !error && entry != end;
       entry.increment(error)) {
    std::error_code unknown;
    if (!absl::StartsWith(entry->path().filename().string(), "last_words.")) continue;
    const fs::file_time_type time = fs::last_write_time(entry->path(), unknown);
    if (unknown || (earliest && time >= *earliest)) continue;
    earliest = time;
    words = FirstRecord(entry->path().string());
  }
  return words;
}

// A launcher that could not start anything says why in a frame of dashes.
std::string FirstFramedLine(const std::string& errors) {
  bool framed = false;
  for (const absl::string_view text : absl::StrSplit(errors, '\n')) {
    const absl::string_view line = absl::StripAsciiWhitespace(text);
    if (absl::StartsWith(line, "-----")) {
      framed = true;
    } else if (framed && !line.empty()) {
      return std::string(line);
    }
  }
  return "";
}

bool IsOfBug(int signal) {
  switch (signal) {
    case SIGSEGV:
    case SIGBUS:
    case SIGILL:
    case SIGFPE:
    case SIGABRT:
    case SIGTRAP:
    case SIGSYS:
      return true;
    default:
      return false;
  }
}

// Words of a rank that failed begin with the name of a status.
Cause CauseOfWords(const std::string& words) {
  const std::string_view status = std::string_view(words).substr(0, words.find(':'));
  if (status == absl::StatusCodeToString(absl::StatusCode::kAborted)) return Cause::kComputed;
  for (const absl::StatusCode code :
       {absl::StatusCode::kResourceExhausted, absl::StatusCode::kUnavailable}) {
    if (status == absl::StatusCodeToString(code)) return Cause::kOutside;
  }
  return Cause::kTrainer;
}

Message Killed(int signal, const Message& who) {
  return signal == SIGKILL ? MakeMessage("$0 was killed by SIGKILL (was the memory full?)", who)
                           : MakeMessage("$0 was killed by $1", who, SignalName(signal));
}

Failure OfSignal(int signal, const Message& who, const Message& words) {
  return {IsOfBug(signal) ? Cause::kTrainer : Cause::kOutside,
          words.empty() ? Killed(signal, who) : words};
}

Message NameOf(const FirstRank& first, const Message& launcher) {
  if (first.rank < 0) return launcher;
  return first.host.empty() ? MakeMessage("rank $0", first.rank)
                            : MakeMessage("rank $0 on $1", first.rank, first.host);
}

Message EndedWith(int code, const Message& who, const std::string& framed) {
  return framed.empty() ? MakeMessage("$0 ended with exit code $1", who, code)
                        : MakeMessage("$0 ended with exit code $1: $2", who, code, framed);
}

}  // namespace

Failure Explain(int code, const Message& launcher, const std::string& errors,
                const std::vector<std::string>& said, const std::string& run_dir) {
  const FirstRank first = ReadNotice(errors);
  Message words = LastWords(run_dir, std::max(first.rank, 0));
  if (words.empty() && !said.empty()) {
    words = i18n::AsItIs(std::string(absl::StripPrefix(said.front(), "trainer: error: ")));
  }
  const Message who = NameOf(first, launcher);
  if (code == static_cast<int>(ExitCode::kUsage)) return {Cause::kInput, words};
  // Also where mpirun had to be killed, because it waited for a frozen host.
  if (code == static_cast<int>(ExitCode::kHung) || run::TellsOfLateRank(words.english)) {
    return {Cause::kOutside, words.empty() ? MakeMessage("a rank hung") : words};
  }
  if (code == kHostLostCode && words.empty())
    return {Cause::kOutside, MakeMessage("a host was lost")};
  const int signal = first.signal != 0 ? first.signal : code - kSignalCode;
  // Words of others were a consequence of this one's death, if there are any.
  if (signal > 0 && signal <= kLastSignal) {
    return OfSignal(signal, who, IsOfBug(signal) ? words : Message());
  }
  if (!words.empty()) return {CauseOfWords(words.english), words};
  const std::string framed = first.rank < 0 ? FirstFramedLine(errors) : "";
  return {first.rank < 0 && framed.empty() ? Cause::kOutside : Cause::kTrainer,
          EndedWith(code, who, framed)};
}

}  // namespace convoy::client
