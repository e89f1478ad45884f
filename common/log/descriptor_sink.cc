#include "common/log/descriptor_sink.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <string>

#include "absl/strings/str_cat.h"
#include "common/base/printable.h"
#include "common/log/log.h"

namespace convoy::log {

// "2026-11-26T04:39:48Z error ", and the line's end.
static_assert(kMaxPrintable + 64 < PIPE_BUF, "a line is written at once or not at all");

void DescriptorSink::sink_it_(const spdlog::details::log_msg& message) {
  const int64_t missing = dropped_ + forgotten_() - told_;
  if (missing > 0) {
    const std::string line =
        Record(Level::kNote, absl::StrCat(missing, " lines are missing here: nobody took them"));
    if (!Write(line)) {
      ++dropped_;
      return;
    }
    told_ += missing;
  }
  if (!Write({message.payload.data(), message.payload.size()})) ++dropped_;
}

bool DescriptorSink::Write(std::string_view line) const {
  pollfd room{.fd = fd_, .events = POLLOUT, .revents = 0};
  if (::poll(&room, 1, /*timeout=*/0) != 1 || (room.revents & POLLOUT) == 0) return false;
  const std::string whole = std::string(line) + "\n";
  ssize_t written = 0;
  do {
    written = ::write(fd_, whole.data(), whole.size());
  } while (written < 0 && errno == EINTR);
  return written == static_cast<ssize_t>(whole.size());
}

}  // namespace convoy::log
