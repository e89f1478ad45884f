// What a program is at while a person waits for its result.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace convoy::terminal {

// A line of a terminal, drawn over itself and gone at the end. Nothing is written where `out` is no
// terminal, or one that cannot draw again. Thread-compatible.
class Activity {
 public:
  // `out` must outlive this. Without `wanted` nothing is drawn.
  Activity(std::FILE* out, bool wanted);
  ~Activity();
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  // Says what is done from now on, with a bar where `total` is not 0.
  void Show(const std::string& what, int64_t done = 0, int64_t total = 0);

  // Takes the line away, before anything else is written.
  void Clear();

 private:
  std::FILE* out_;  // null: nothing is drawn
  bool drawn_ = false;
};

}  // namespace convoy::terminal
