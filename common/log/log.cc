// The lines are made here; spdlog brings them out: to a person at once, as records through its
// queue, which forgets the oldest where a reader does not keep up.
#include "common/log/log.h"

#include <spdlog/async.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <mutex>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "common/base/printable.h"
#include "common/log/descriptor_sink.h"

namespace convoy::log {
namespace {

constexpr size_t kQueuedLines = 1024;

const char* NameOf(Level level) {
  switch (level) {
    case Level::kInfo:
      return "info";
    case Level::kNote:
      return "note";
    case Level::kError:
      return "error";
  }
  return "";
}

// Where lines go. Replaced by main alone, before and after all other threads.
struct Outlet {
  std::string program = "convoy";
  bool records = false;
  std::shared_ptr<spdlog::details::thread_pool> queue;
  std::shared_ptr<spdlog::logger> logger;
};

std::shared_ptr<spdlog::logger> WithoutDecoration(std::shared_ptr<spdlog::logger> logger) {
  logger->set_pattern("%v");
  return logger;
}

Outlet ToPerson() {
  Outlet outlet;
  outlet.logger = WithoutDecoration(std::make_shared<spdlog::logger>(
      "person", std::make_shared<spdlog::sinks::stderr_sink_mt>()));
  return outlet;
}

Outlet& Current() {
  static auto* outlet = new Outlet(ToPerson());
  return *outlet;
}

void Say(Level level, std::string_view message) {
  const Outlet& outlet = Current();
  outlet.logger->info(outlet.records ? Record(level, message)
                                     : LineToPerson(outlet.program, level, message));
}

}  // namespace

void Start(std::string_view program) { Current().program = program; }

void StartRecords(int fd) {
  Outlet& outlet = Current();
  outlet.records = true;
  outlet.queue = std::make_shared<spdlog::details::thread_pool>(kQueuedLines, /*threads=*/1);
  outlet.logger = WithoutDecoration(std::make_shared<spdlog::async_logger>(
      "records",
      std::make_shared<DescriptorSink>(
          fd,
          [queue = outlet.queue.get()] { return static_cast<int64_t>(queue->overrun_counter()); }),
      outlet.queue, spdlog::async_overflow_policy::overrun_oldest));
}

void Stop() {
  std::string program = Current().program;
  Current() = ToPerson();  // the queue's thread ends with its last line
  Current().program = std::move(program);
}

void Info(std::string_view message) { Say(Level::kInfo, message); }
void Note(std::string_view message) { Say(Level::kNote, message); }
void Error(std::string_view message) { Say(Level::kError, message); }

std::string LineToPerson(std::string_view program, Level level, std::string_view message) {
  return absl::StrCat(std::string(program), ": ", NameOf(level), ": ", Printable(message));
}

std::string Record(Level level, std::string_view message) {
  return absl::StrCat(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::Now(), absl::UTCTimeZone()), " ",
                      NameOf(level), " ", Printable(message));
}

}  // namespace convoy::log
