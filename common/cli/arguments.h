// Where a program or a command says which arguments it takes. The library that parses them (CLI11)
// is behind this, so that only this folder compiles its headers.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "common/cli/numbers.h"

namespace CLI {
class App;
}  // namespace CLI

namespace convoy::cli {

// Values are written when the command line is parsed; what is not given stays as it is. All bound
// variables must outlive that. Names of flags begin with "--". `help` is a few words for --help, as
// literals, which are translated here (common/i18n), or made by Tr; say the default there. What a
// value may be is checked as it is read: nothing is taken for something else ("" for nothing given,
// -1 for a huge number).
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

  // Words for another program, which may look like flags: they stand at the end, after "--".
  void WordsAfterDashes(const std::string& name, std::vector<std::string>* values,
                        const std::string& help);

  // --name, without a value.
  void Flag(const std::string& name, bool* value, const std::string& help);

  // --name TEXT, which is not empty.
  void Text(const std::string& name, std::string* value, const std::string& help);
  void Text(const std::string& name, std::optional<std::string>* value, const std::string& help);
  // --name TEXT, not empty; given again, one more.
  void Texts(const std::string& name, std::vector<std::string>* values, const std::string& help);
  // --name TEXT; "" means none, and the help says so. Anywhere else "" is the value of a variable
  // that its user forgot to set, and must not mean something else in silence: no token, say.
  void TextOrNone(const std::string& name, std::string* value, const std::string& help);

  // --name WORD, one of `choices`, which `help` lists, made by Tr.
  void Choice(const std::string& name, std::string* value, const std::vector<std::string>& choices,
              const std::string& help);

  // --name N, a whole number in [least, most]. T is an integer, or std::optional of one.
  template <typename T>
  void WholeNumber(const std::string& name, T* value, Plain<T> least, Plain<T> most,
                   const std::string& help) {
    Add(name, "INT", help,
        [=](const std::string& text) { return ReadWhole<Plain<T>>(text, least, most, value); });
  }
  template <typename T>
  void WholeNumber(const std::string& name, T* value, const std::string& help) {
    using Limits = std::numeric_limits<Plain<T>>;
    WholeNumber(name, value, Limits::lowest(), Limits::max(), help);
  }

  // --name X, a finite number in [least, most]. T is double or std::optional<double>.
  template <typename T>
  void Number(const std::string& name, T* value, double least, double most,
              const std::string& help) {
    Add(name, "FLOAT", help,
        [=](const std::string& text) { return ReadReal(text, least, most, value); });
  }
  template <typename T>
  void Number(const std::string& name, T* value, const std::string& help) {
    using Limits = std::numeric_limits<double>;
    Number(name, value, Limits::lowest(), Limits::max(), help);
  }

  // --name X,Y,...: one or more such numbers, separated by commas.
  void Numbers(const std::string& name, std::vector<double>* values, double least, double most,
               const std::string& help);

  // The options added from here on stand under this title in --help; translated as `help` is.
  void Group(const std::string& title);

  // Whether WordsAfterDashes was called.
  bool takes_words_after_dashes() const { return takes_words_after_dashes_; }

 private:
  // Takes one value. Returns what is wrong with it; "" for nothing, and then it is stored.
  using Reader = std::function<std::string(const std::string& text)>;
  void Add(const std::string& name, const std::string& type, const std::string& help,
           const Reader& reader);

  CLI::App& app_;
  std::string group_ = "Options";
  bool takes_words_after_dashes_ = false;
};

}  // namespace convoy::cli
