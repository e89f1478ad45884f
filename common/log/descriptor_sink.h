// A spdlog sink that never waits for whoever reads the other end.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <functional>
#include <mutex>
#include <string_view>
#include <utility>

namespace convoy::log {

// Writes lines to a descriptor that takes them at once: poll(2) tells whether a pipe or terminal
// has room for PIPE_BUF bytes, and no line is longer. Others are dropped and counted; the next line
// that finds room is preceded by one that says how many are missing. A file is always written, so a
// disk that hangs does hold up this thread. REQUIRES: SIGPIPE and SIGXFSZ are ignored.
class DescriptorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  // `fd` is not owned. `forgotten` counts the lines that the queue before this forgot so far.
  DescriptorSink(int fd, std::function<int64_t()> forgotten)
      : fd_(fd), forgotten_(std::move(forgotten)) {}

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  bool Write(std::string_view line) const;

  const int fd_;
  const std::function<int64_t()> forgotten_;
  int64_t dropped_ = 0;  // by this sink, ever
  int64_t told_ = 0;     // of those and the forgotten ones, as a line has said
};

}  // namespace convoy::log
