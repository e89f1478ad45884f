// A sentence is parts with "; " between. A part is looked up with $0, $1, ... for its numbers.
#include "client/models/preparation_text.h"

#include <cctype>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

// All that images::Preparation and api::ToNetworkImage say.
[[maybe_unused]] constexpr const char* kParts[] = {
    Marked("made light on dark"),
    Marked("it looked prepared otherwise"),
    Marked("left as it is: it looked prepared already"),
    Marked("cut out $0 x $1 pixels at ($2, $3)"),
    Marked("turned by $0 degrees, as its sheet lies askew"),
    Marked("made its thin strokes wider"),
    Marked("scaled to $0 x $1"),
    Marked("moved by ($0, $1) to centre its mass"),
    Marked("left as it is"),
    Marked("left as it is, as a whole picture"),
    Marked("scaled to $0 x $1 as a whole picture"),
    Marked("scaled to $0 x $1 with black bars, as a whole picture"),
    Marked("stretched to $0 x $1, as a whole picture"),
    Marked("cut to the middle and scaled to $0 x $1, as a whole picture"),
};

bool IsDigit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }

using Translated = absl::FunctionRef<std::string(const std::string&)>;

std::string PartText(const std::string& part, Translated translated) {
  if (part.find('$') != std::string::npos) return part;  // none of ours
  std::string text;
  std::vector<std::pair<std::string, std::string>> values;  // $0 and its number, ...
  for (size_t i = 0; i < part.size();) {
    const bool sign = (part[i] == '+' || part[i] == '-') && i + 1 < part.size();
    size_t end = i + (sign && IsDigit(part[i + 1]) ? 1 : 0);
    while (end < part.size() && IsDigit(part[end])) ++end;
    if (end == i || values.size() == 10) {
      text += part[i++];
      continue;
    }
    values.emplace_back(absl::StrCat("$", values.size()), part.substr(i, end - i));
    text += values.back().first;
    i = end;
  }
  return absl::StrReplaceAll(translated(text), values);
}

}  // namespace

std::string PreparationText(const std::string& summary) {
  return PreparationText(summary, [](const std::string& text) { return Tr(text); });
}

std::string PreparationText(const std::string& summary, Translated translated) {
  std::vector<std::string> parts = absl::StrSplit(summary, "; ");
  for (std::string& part : parts) part = PartText(part, translated);
  return absl::StrJoin(parts, "; ");
}

}  // namespace convoy::client
