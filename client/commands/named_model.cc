#include "client/commands/named_model.h"

#include "absl/strings/str_cat.h"

namespace convoy::client {

void AddModelArgument(Arguments& arguments, std::string* model) {
  arguments.Positional("MODEL", model,
                       "FILE.convoy, run directory, or name at the coordinator (its newest)");
}

absl::StatusOr<std::string> NamedModel(const std::string& argument, const Context& context) {
  if (!argument.empty() && !context.model.empty() && argument != context.model) {
    return absl::InvalidArgumentError(absl::StrCat("two models are named, '", argument, "' and '",
                                                   context.model, "'; give one of them"));
  }
  const std::string& named = argument.empty() ? context.model : argument;
  if (named.empty()) {
    return absl::InvalidArgumentError(
        "which model? Give a file (FILE.convoy) or the directory of a finished training");
  }
  return named;
}

}  // namespace convoy::client
