#include "client/cli/arguments.h"

#include <CLI/CLI.hpp>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace convoy::client {
namespace {

CLI::Validator NotEmpty() {
  const auto check = [](const std::string& text) -> std::string {
    return text.empty() ? "must not be empty" : "";
  };
  return CLI::Validator(check, "");
}

CLI::Validator WholeNumberIn(int64_t least, int64_t most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    int64_t value = 0;
    if (absl::SimpleAtoi(text, &value) && value >= least && value <= most) return "";
    return absl::StrCat("must be a whole number from ", least, " to ", most, ", not '", text, "'");
  };
  return CLI::Validator(check, "");
}

CLI::Validator NumberIn(double least, double most) {
  const auto check = [least, most](const std::string& text) -> std::string {
    double value = 0;
    if (absl::SimpleAtod(text, &value) && value >= least && value <= most) return "";
    return absl::StrCat("must be a number from ", least, " to ", most, ", not '", text, "'");
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

void Arguments::Choice(const std::string& name, std::string* value,
                       const std::vector<std::string>& choices, const std::string& help) {
  app_.add_option(name, *value, help)
      ->check(CLI::IsMember(choices).description(""))  // `help` lists them
      ->group(group_);
}

void Arguments::WholeNumber(const std::string& name, int64_t* value, int64_t least, int64_t most,
                            const std::string& help) {
  app_.add_option(name, *value, help)->check(WholeNumberIn(least, most))->group(group_);
}

void Arguments::Number(const std::string& name, double* value, double least, double most,
                       const std::string& help) {
  app_.add_option(name, *value, help)->check(NumberIn(least, most))->group(group_);
}

void Arguments::Numbers(const std::string& name, std::vector<double>* values, double least,
                        double most, const std::string& help) {
  app_.add_option(name, *values, help)->delimiter(',')->check(NumberIn(least, most))->group(group_);
}

}  // namespace convoy::client
