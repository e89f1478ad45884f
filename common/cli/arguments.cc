#include "common/cli/arguments.h"

#include <CLI/CLI.hpp>
#include <memory>

namespace convoy::cli {
namespace {

CLI::Validator NotEmpty() {
  const auto check = [](const std::string& text) -> std::string {
    return text.empty() ? "must not be empty" : "";
  };
  return CLI::Validator(check, "");
}

}  // namespace

void Arguments::Positional(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, help)->check(NotEmpty())->type_name("");
}

void Arguments::RequiredPositional(const std::string& name, std::string* value,
                                   const std::string& help) {
  app_.add_option(name, *value, help)->check(NotEmpty())->type_name("")->required();
}

void Arguments::RequiredPositionals(const std::string& name, std::vector<std::string>* values,
                                    const std::string& help) {
  app_.add_option(name, *values, help)->check(NotEmpty())->type_name("")->required();
}

void Arguments::WordsAfterDashes(const std::string& name, std::vector<std::string>* values,
                                 const std::string& help) {
  app_.add_option(name, *values, help)->type_name("");
  takes_words_after_dashes_ = true;
}

void Arguments::Flag(const std::string& name, bool* value, const std::string& help) {
  app_.add_flag(name, *value, help)->group(group_);
}

void Arguments::Text(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, help)->check(NotEmpty())->group(group_);
}

void Arguments::Text(const std::string& name, std::optional<std::string>* value,
                     const std::string& help) {
  app_.add_option(name, *value, help)->check(NotEmpty())->group(group_);
}

void Arguments::Texts(const std::string& name, std::vector<std::string>* values,
                      const std::string& help) {
  // One value a time, or the next argument would be taken for one.
  app_.add_option(name, *values, help)->check(NotEmpty())->allow_extra_args(false)->group(group_);
}

void Arguments::TextOrNone(const std::string& name, std::string* value, const std::string& help) {
  app_.add_option(name, *value, help)->group(group_);
}

void Arguments::TextOrNone(const std::string& name, std::optional<std::string>* value,
                           const std::string& help) {
  app_.add_option(name, *value, help)->group(group_);
}

void Arguments::Choice(const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& help) {
  app_.add_option(name, *value, help)
      ->check(CLI::IsMember(choices).description(""))  // `help` lists them
      ->group(group_);
}

void Arguments::Numbers(const std::string& name, std::vector<double>* values, double least,
                        double most, const std::string& help) {
  const auto check = [least, most](const std::string& text) {
    double ignored = 0;
    return ReadReal(text, least, most, &ignored);
  };
  app_.add_option(name, *values, help)
      ->delimiter(',')
      ->check(CLI::Validator(check, ""))
      ->group(group_);
}

void Arguments::Add(const std::string& name, const std::string& type, const std::string& help,
                    const Reader& reader) {
  const auto nothing = [](const std::string& text) {};  // `reader` stores as it checks
  app_.add_option_function<std::string>(name, nothing, help)
      ->check(CLI::Validator(reader, ""))
      ->type_name(type)
      ->group(group_);
}

}  // namespace convoy::cli
