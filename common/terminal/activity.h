// Something that takes seconds and has a name: a line that is there while it lasts.
#pragma once

#include <cstdio>
#include <string>

namespace convoy::terminal {

// Draws `what` ("loading data ...") where `out` is a terminal, over itself, and removes it at the
// end. Elsewhere nothing is written. Thread-compatible.
class Activity {
 public:
  // `out` may be null: nothing is drawn.
  explicit Activity(std::FILE* out) : out_(out) {}
  ~Activity() { End(); }
  Activity(const Activity&) = delete;
  Activity& operator=(const Activity&) = delete;

  void Show(const std::string& what);
  void End();

 private:
  std::FILE* out_;
  bool shown_ = false;
};

}  // namespace convoy::terminal
