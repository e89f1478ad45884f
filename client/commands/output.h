// Writing a command's result.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "absl/status/status.h"
#include "client/cli/context.h"
#include "common/base/files.h"
#include "common/i18n/translate.h"
#include "common/log/log.h"
#include "common/terminal/output.h"
#include "common/terminal/terminal.h"

namespace convoy::client {

// What convoy can make again (figures, reports, exports) it replaces; a model's file only if it is
// told to. Returns ALREADY_EXISTS if there is something at `output`.
inline absl::Status CheckNewFile(const std::string& output, bool force) {
  if (force || !PathExists(output)) return absl::OkStatus();
  return absl::AlreadyExistsError(
      Tr("$0: exists; give another --output, or --force to replace it", output));
}

// For people: fitted to the terminal, if it is one, and without what would change its state,
// whatever names and messages brought it.
inline void Print(const Context& context, const std::string& text) {
  terminal::Print(text, context.out);
}

// How wide a table may be: as the terminal is; 0, which is any width, for files and pipes.
inline int TableColumns(const Context& context) {
  const terminal::Terminal terminal = terminal::TerminalOf(context.out);
  return terminal.is_terminal ? terminal.columns : 0;
}

// What is no result, on standard error: "convoy: note: ...".
inline void PrintNote(const Context& context, const std::string& note) {
  std::fputs((log::LineToPerson("convoy", log::Level::kNote, note) + "\n").c_str(), context.err);
}

// Indented, for people who look at it too. Text that is not UTF-8 (names of files) is made so.
inline void Print(const Context& context, const nlohmann::ordered_json& json) {
  const auto invalid = nlohmann::ordered_json::error_handler_t::replace;
  std::fputs((json.dump(2, ' ', false, invalid) + "\n").c_str(), context.out);
}

// In one line, for streams of values.
inline void PrintLine(const Context& context, const nlohmann::ordered_json& json) {
  const auto invalid = nlohmann::ordered_json::error_handler_t::replace;
  std::fputs((json.dump(-1, ' ', false, invalid) + "\n").c_str(), context.out);
  std::fflush(context.out);
}

}  // namespace convoy::client
