#include "common/cli/flag_names.h"

#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "common/base/text_error.h"

namespace convoy::cli {

FlagNames FlagsLikeFields(std::initializer_list<std::string_view> fields) {
  FlagNames flags;
  for (const std::string_view field : fields) {
    const std::string name(field);
    flags[name] = absl::StrCat("--", absl::StrReplaceAll(name, {{"_", "-"}}));
  }
  return flags;
}

std::string NameFlags(std::string_view message, const FlagNames& flags) {
  std::string named(message);
  const auto first = flags.find(message.substr(0, message.find(':')));
  if (first != flags.end() && message.find(':') != std::string_view::npos) {
    named.replace(0, first->first.size(), first->second);
  }
  for (size_t begin = named.find('`'); begin != std::string::npos;) {
    const size_t end = named.find('`', begin + 1);
    if (end == std::string::npos) break;
    const auto found = flags.find(std::string_view(named).substr(begin + 1, end - begin - 1));
    if (found == flags.end()) {
      begin = named.find('`', end + 1);
    } else {
      named.replace(begin, end + 1 - begin, found->second);
      begin = named.find('`', begin + found->second.size());
    }
  }
  return named;
}

absl::Status NameFlags(const absl::Status& status, const FlagNames& flags) {
  if (status.ok()) return status;
  if (std::optional<ErrorText> text = ErrorTextOf(status)) {
    // The text itself stays as catalogues have it: whoever shows it names its flags.
    text->context = NameFlags(text->context, flags);
    return MakeTextError(status.code(), *text);
  }
  return absl::Status(status.code(), NameFlags(std::string(status.message()), flags));
}

}  // namespace convoy::cli
