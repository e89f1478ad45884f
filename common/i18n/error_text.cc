#include "common/i18n/error_text.h"

#include <optional>

#include "common/base/text_error.h"
#include "common/i18n/translate.h"

namespace convoy::i18n {
namespace {

// What ErrnoStatus makes of the system's words where people meet it most.
[[maybe_unused]] constexpr const char* kOfTheSystem[] = {
    Marked("cannot open $0: No such file or directory"),
    Marked("cannot open $0: Permission denied"),
    Marked("cannot open the data directory $0: No such file or directory"),
    Marked("cannot open the data directory $0: Permission denied"),
    Marked("cannot read the folder $0: No such file or directory"),
    Marked("cannot read the folder $0: Permission denied"),
    Marked("cannot read the folder $0: Not a directory"),
    Marked("cannot create $0: No such file or directory"),
    Marked("cannot create $0: Permission denied"),
    Marked("cannot create $0: Is a directory"),
    Marked("cannot create the directory $0: No such file or directory"),
    Marked("cannot create the directory $0: Permission denied"),
    Marked("cannot create the directory $0: Not a directory"),
    Marked("cannot create the directory $0: Read-only file system"),
    Marked("cannot write $0: No space left on device"),
    Marked("cannot rename to $0: Is a directory"),
};

}  // namespace

std::string InUsersLanguage(const absl::Status& status) {
  std::optional<ErrorText> text = ErrorTextOf(status);
  if (!text) return std::string(status.message());
  text->text = Tr(text->text);
  return text->English();
}

}  // namespace convoy::i18n
