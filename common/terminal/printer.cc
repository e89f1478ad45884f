#include "common/terminal/printer.h"

#include <chrono>
#include <future>
#include <memory>
#include <utility>

namespace convoy::terminal {
namespace {

constexpr std::chrono::seconds kMoment{1};
constexpr int64_t kMostWaiting = 10'000;

}  // namespace

void Printer::Print(std::string text) {
  const int64_t before = waiting_.load();
  if (before >= kMostWaiting) return;
  ++waiting_;
  // Shared, because nobody may be waiting any more when it is kept.
  const auto printed = std::make_shared<std::promise<void>>();
  writer_.Post([this, printed, text = std::move(text)] {
    std::fputs(text.c_str(), out_);
    std::fflush(out_);
    --waiting_;
    printed->set_value();
    return absl::OkStatus();
  });
  if (before == 0) printed->get_future().wait_for(kMoment);
}

void Printer::PrintIfIdle(std::string text) {
  if (waiting_ == 0) Print(std::move(text));
}

}  // namespace convoy::terminal
