#include "client/supervise/hosts.h"

#include <algorithm>
#include <cctype>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "common/base/files.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"

namespace convoy::client {
namespace {

constexpr uint64_t kMaxFileBytes = 1 << 20;
constexpr int kMostSlots = 4096;

// Nothing that a shell or ssh would take for something else.
bool IsName(const std::string& name) {
  return !name.empty() && name.front() != '-' &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) {
           return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '@';
         });
}

// Adds the host, with "" for slots that are not given.
absl::Status Add(const std::string& name, const std::string& slots, std::vector<Host>* hosts) {
  Host host{.name = name};
  if (!IsName(name)) return InvalidArgumentTextError("$0 is no host", Quoted(name));
  for (const Host& known : *hosts) {
    if (known.name == name) {
      return InvalidArgumentTextError("$0 is named twice; its slots say how many ranks it gets",
                                      name);
    }
  }
  if (!slots.empty() &&
      (!absl::SimpleAtoi(slots, &host.slots) || host.slots < 1 || host.slots > kMostSlots)) {
    return InvalidArgumentTextError("$0 is no number of ranks for $1", Quoted(slots), name);
  }
  hosts->push_back(host);
  return absl::OkStatus();
}

absl::Status AddLine(const std::string& line, std::vector<Host>* hosts) {
  const std::string text = line.substr(0, line.find('#'));
  const std::vector<std::string> words =
      absl::StrSplit(text, absl::ByAnyChar(" \t\r"), absl::SkipEmpty());
  if (words.empty()) return absl::OkStatus();
  constexpr char kSlots[] = "slots=";
  const bool has_slots = words.size() == 2 && words[1].rfind(kSlots, 0) == 0;
  if (words.size() > 1 && !has_slots) {
    return InvalidArgumentTextError("expected NAME or NAME slots=N, found: $0", Quoted(text));
  }
  const std::string slots = has_slots ? words[1].substr(sizeof(kSlots) - 1) : "";
  if (has_slots && slots.empty()) {
    return InvalidArgumentTextError("slots= of $0 has no number", words[0]);
  }
  return Add(words[0], slots, hosts);
}

}  // namespace

absl::StatusOr<std::vector<Host>> HostsFromList(const std::string& list) {
  std::vector<Host> hosts;
  const std::vector<std::string> items = absl::StrSplit(list, ',');
  for (const std::string& item : items) {
    const std::vector<std::string> parts = absl::StrSplit(item, absl::MaxSplits(':', 1));
    if (parts.size() == 2 && parts[1].empty()) {
      return InvalidArgumentTextError("hosts: $0 has no number", Quoted(item));
    }
    CONVOY_RETURN_IF_ERROR(
        Annotate(Add(parts[0], parts.size() == 2 ? parts[1] : "", &hosts), "hosts"));
  }
  return hosts;
}

absl::StatusOr<std::vector<Host>> HostsFromFile(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, kMaxFileBytes));
  std::vector<Host> hosts;
  int number = 0;
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const std::string& line : lines) {
    CONVOY_RETURN_IF_ERROR(Annotate(AddLine(line, &hosts), absl::StrCat(path, ":", ++number)));
  }
  if (hosts.empty()) return InvalidArgumentTextError("$0: names no host", path);
  return hosts;
}

}  // namespace convoy::client
