#include "common/run/hang_texts.h"

#include <string_view>

#include "absl/strings/match.h"

namespace convoy::run {
namespace {

// The words of a text between its values $1 and $2.
std::string WordsWithin(std::string_view text) {
  const size_t begin = text.find("$1") + 2;
  return std::string(text.substr(begin, text.find("$2") - begin));
}

}  // namespace

bool TellsOfLateRank(const std::string& line) {
  for (const char* text : {kRankIsLate, kRankIsFrozen, kRankIsUnheardOf}) {
    if (absl::StrContains(line, WordsWithin(text))) return true;
    if (absl::StrContains(line, WordsWithin(Tr(text)))) return true;
  }
  return false;
}

}  // namespace convoy::run
