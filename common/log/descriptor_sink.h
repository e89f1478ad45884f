// A spdlog sink that never waits for whoever reads the other end.
#pragma once

#include <spdlog/sinks/base_sink.h>

#include <cstdint>
#include <mutex>
#include <string_view>

namespace convoy::log {

// Writes lines to a descriptor that takes them at once: poll(2) tells whether a pipe or terminal
// has room for PIPE_BUF bytes, and no line is longer. Others are dropped and counted; the next line
// that finds room is preceded by one that says how many are missing. A file is always written, so a
// disk that hangs does hold up this thread. REQUIRES: SIGPIPE and SIGXFSZ are ignored.
class DescriptorSink : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit DescriptorSink(int fd) : fd_(fd) {}  // not owned

 protected:
  void sink_it_(const spdlog::details::log_msg& message) override;
  void flush_() override {}

 private:
  bool Write(std::string_view line) const;

  const int fd_;
  int64_t dropped_ = 0;
};

}  // namespace convoy::log
