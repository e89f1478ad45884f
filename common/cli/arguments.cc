#include "common/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <memory>

#include "absl/strings/str_join.h"
#include "common/base/printable.h"
#include "common/i18n/translate.h"

namespace convoy::cli {
namespace {

CLI::Validator NotEmpty() {
  const auto check = [](const std::string& text) -> std::string {
    return text.empty() ? Tr("must not be empty") : "";
  };
  return CLI::Validator(check, "");
}

}  // namespace

void Arguments::Group(const std::string& title) { group_ = Tr(title); }

void Arguments::Positional(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, Tr(help))->check(NotEmpty())->type_name("");
}

void Arguments::RequiredPositional(const std::string& name, std::string* value,
                                   const std::string& help) {
  app_.add_option(name, *value, Tr(help))->check(NotEmpty())->type_name("")->required();
}

void Arguments::RequiredPositionals(const std::string& name, std::vector<std::string>* values,
                                    const std::string& help) {
  app_.add_option(name, *values, Tr(help))->check(NotEmpty())->type_name("")->required();
}

void Arguments::WordsAfterDashes(const std::string& name, std::vector<std::string>* values,
                                 const std::string& help) {
  app_.add_option(name, *values, Tr(help))->type_name("");
  takes_words_after_dashes_ = true;
}

void Arguments::Flag(const std::string& name, bool* value, const std::string& help) {
  app_.add_flag(name, *value, Tr(help))->group(group_);
}

void Arguments::Text(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, Tr(help))->check(NotEmpty())->group(group_);
}

void Arguments::Text(const std::string& name, std::optional<std::string>* value,
                     const std::string& help) {
  app_.add_option(name, *value, Tr(help))->check(NotEmpty())->group(group_);
}

void Arguments::Texts(const std::string& name, std::vector<std::string>* values,
                      const std::string& help) {
  // One value a time, or the next argument would be taken for one.
  app_.add_option(name, *values, Tr(help))
      ->check(NotEmpty())
      ->allow_extra_args(false)
      ->group(group_);
}

void Arguments::TextOrNone(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, Tr(help))->group(group_);
}

void Arguments::Choice(const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& help) {
  const auto check = [choices](const std::string& text) -> std::string {
    if (std::find(choices.begin(), choices.end(), text) != choices.end()) return "";
    return Tr("must be one of $0, not $1", absl::StrJoin(choices, ", "), Quoted(text));
  };
  app_.add_option(name, *value, Tr(help))->check(CLI::Validator(check, ""))->group(group_);
}

void Arguments::Numbers(const std::string& name, std::vector<double>* values, double least,
                        double most, const std::string& help) {
  const auto check = [least, most](const std::string& text) {
    double ignored = 0;
    return ReadReal(text, least, most, &ignored);
  };
  app_.add_option(name, *values, Tr(help))
      ->delimiter(',')
      ->check(CLI::Validator(check, ""))
      ->group(group_);
}

void Arguments::Add(const std::string& name, const std::string& type, const std::string& help,
                    const Reader& reader) {
  const auto nothing = [](const std::string& text) {};  // `reader` stores as it checks
  app_.add_option_function<std::string>(name, nothing, Tr(help))
      ->check(CLI::Validator(reader, ""))
      ->type_name(type)
      ->group(group_);
}

}  // namespace convoy::cli
