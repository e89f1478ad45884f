// Where a command says which arguments it takes. The library that parses them (CLI11) is behind
// this, so that only this folder compiles its headers.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace convoy::client {

// Values are written when the command line is parsed; what is not given stays as it is. All bound
// variables must outlive that. Names of flags begin with "--". `help` is a few words for --help;
// say the default there. Empty texts are refused.
class Arguments {
 public:
  // `app` must outlive this object.
  explicit Arguments(CLI::App& app) : app_(app) {}

  // Arguments without a name, in the order of these calls; `name` is upper case, such as "JOB".
  void Positional(const std::string& name, std::string* value, const std::string& help);
  void RequiredPositional(const std::string& name, std::string* value, const std::string& help);
  // One or more, at the end.
  void RequiredPositionals(const std::string& name, std::vector<std::string>* values,
                           const std::string& help);

  // --name, without a value.
  void Flag(const std::string& name, bool* value, const std::string& help);

  // --name TEXT.
  void Text(const std::string& name, std::string* value, const std::string& help);
  void Text(const std::string& name, std::optional<std::string>* value, const std::string& help);

  // --name WORD, one of `choices`, which `help` lists.
  void Choice(const std::string& name, std::string* value, const std::vector<std::string>& choices,
              const std::string& help);

  // --name N, a whole number in [least, most].
  void WholeNumber(const std::string& name, int64_t* value, int64_t least, int64_t most,
                   const std::string& help);

  // --name X, a finite number in [least, most].
  void Number(const std::string& name, double* value, double least, double most,
              const std::string& help);

  // --name X,Y,...: one or more such numbers, separated by commas.
  void Numbers(const std::string& name, std::vector<double>* values, double least, double most,
               const std::string& help);

  // The options added from here on stand under this title in --help.
  void Group(const std::string& title) { group_ = title; }

 private:
  CLI::App& app_;
  std::string group_ = "Options";
};

}  // namespace convoy::client
