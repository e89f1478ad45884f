#include "client/process/shell.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"

namespace convoy::client {

std::string ShellQuoted(const std::string& text) {
  return absl::StrCat("'", absl::StrReplaceAll(text, {{"'", "'\\''"}}), "'");
}

}  // namespace convoy::client
