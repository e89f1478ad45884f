// CONVOY_CHECK: broken invariants, that is, bugs of ours. No user input may reach one: that gets an
// absl::Status. A failed check prints the place and both values, then calls the abort hook, so that
// a program can take its peers down with it (the trainer calls MPI_Abort).
#pragma once

#include <cstddef>
#include <sstream>
#include <string>

namespace convoy {

// Replaces what a failed check does after printing; the default is std::abort. `hook` is told what
// was printed and must not return. Not thread-safe: call it once, at the start of main.
void SetAbortHook(void (*hook)(const std::string& message));

// A prefix for the messages of failed checks, such as "rank 3". Not thread-safe.
void SetCheckContext(const std::string& context);

// Ends the program with one line, as it cannot have `bytes` more of memory: no bug, but no caller
// could go on either. With an abort hook all its peers end, too; the exit code is 1 without one.
[[noreturn]] void OutOfMemory(size_t bytes);

namespace internal {
[[noreturn]] void CheckFailed(const char* file, int line, const std::string& what);

template <typename A, typename B>
std::string DescribeOperands(const char* expression, const A& a, const B& b) {
  std::ostringstream out;
  out << expression << " (" << a << " against " << b << ")";
  return out.str();
}
}  // namespace internal
}  // namespace convoy

#define CONVOY_CHECK(condition)                                                        \
  do {                                                                                 \
    if (!(condition)) ::convoy::internal::CheckFailed(__FILE__, __LINE__, #condition); \
  } while (false)

#define CONVOY_CHECK_OP_(op, a, b)                                                        \
  do {                                                                                    \
    const auto& convoy_a_ = (a);                                                          \
    const auto& convoy_b_ = (b);                                                          \
    if (!(convoy_a_ op convoy_b_)) {                                                      \
      ::convoy::internal::CheckFailed(                                                    \
          __FILE__, __LINE__,                                                             \
          ::convoy::internal::DescribeOperands(#a " " #op " " #b, convoy_a_, convoy_b_)); \
    }                                                                                     \
  } while (false)

#define CONVOY_CHECK_EQ(a, b) CONVOY_CHECK_OP_(==, a, b)
#define CONVOY_CHECK_NE(a, b) CONVOY_CHECK_OP_(!=, a, b)
#define CONVOY_CHECK_LT(a, b) CONVOY_CHECK_OP_(<, a, b)
#define CONVOY_CHECK_LE(a, b) CONVOY_CHECK_OP_(<=, a, b)
#define CONVOY_CHECK_GT(a, b) CONVOY_CHECK_OP_(>, a, b)
#define CONVOY_CHECK_GE(a, b) CONVOY_CHECK_OP_(>=, a, b)
