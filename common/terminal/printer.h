// Prints on a thread of its own: whoever stops the terminal (Ctrl-S, a selection with the mouse) or
// does not read the pipe stops the output, and not the work that it is about.
#pragma once

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <string>

#include "common/base/serial_executor.h"

namespace convoy::terminal {

// Thread-compatible.
class Printer {
 public:
  // `out` must outlive it.
  explicit Printer(std::FILE* out) : out_(out) {}
  // Waits until all is printed, however long that takes.
  ~Printer() = default;

  std::FILE* out() const { return out_; }

  // Prints `text` behind all before it. Usually it is printed on return, so that other output stays
  // in order with it; where it cannot be, only the first to wait does so, and for a moment. Where
  // thousands wait already it is left out.
  void Print(std::string text);

  // For what is out of date a moment later: printed only if nothing waits.
  void PrintIfIdle(std::string text);

 private:
  std::FILE* const out_;
  std::atomic<int64_t> waiting_{0};  // texts that are not printed yet
  SerialExecutor writer_;            // last: its tasks use the above
};

}  // namespace convoy::terminal
