// Fields are found in the recipe's message type itself, so that whatever a recipe learns can be
// swept without a word here.
#include "client/sweep/trials.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>

#include <algorithm>
#include <map>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/i18n/translate.h"

namespace convoy::client {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::TextFormat;

constexpr size_t kMostTrials = 1000;

// The way from the recipe to one of its values.
using Path = std::vector<const FieldDescriptor*>;

bool IsPart(const FieldDescriptor& field) {
  return field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field.is_repeated();
}

std::string PathText(const Path& path) {
  return absl::StrJoin(path, ".", [](std::string* out, const FieldDescriptor* field) {
    absl::StrAppend(out, field->name());
  });
}

// Appends the paths of all values below `type`; the network's layers are no values of the recipe.
void ListValues(const Descriptor& type, const Path& before, std::vector<Path>* paths) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor* field = type.field(i);
    if (field->is_repeated() || (before.empty() && field->name() == "model")) continue;
    Path path = before;
    path.push_back(field);
    if (IsPart(*field)) {
      ListValues(*field->message_type(), path, paths);
    } else {
      paths->push_back(std::move(path));
    }
  }
}

// Whether `asked` means the value: its path, its name, or the part whose name it is.
bool Means(const std::string& asked, const Path& path) {
  const std::string text = PathText(path);
  if (text == asked || text == asked + ".name" || text == asked + "_name") return true;
  return path.back()->name() == asked && asked != "name";
}

absl::StatusOr<Path> FindField(const std::string& asked) {
  std::vector<Path> all;
  ListValues(*v1::Recipe::descriptor(), {}, &all);
  std::vector<Path> found;
  std::vector<std::string> known;
  for (const Path& path : all) {
    known.push_back(PathText(path));
    if (known.back() == asked) return path;
    if (Means(asked, path)) found.push_back(path);
  }
  if (found.size() == 1) return found[0];
  if (found.empty()) {
    for (const Path& path : all) known.push_back(path.back()->name());
    const std::string near = NearestName(asked, known);
    return absl::InvalidArgumentError(
        near.empty() ? Tr("a recipe has no value $0 (docs/recipes.md lists them)", Quoted(asked))
                     : Tr("a recipe has no value $0; did you mean $1? (docs/recipes.md lists them)",
                          Quoted(asked), Quoted(near)));
  }
  return absl::InvalidArgumentError(
      Tr("$0 may be $1", Quoted(asked),
         absl::StrJoin(found, Tr(" or "), [](std::string* out, const Path& path) {
           absl::StrAppend(out, PathText(path));
         })));
}

bool StoreValue(const std::string& value, const FieldDescriptor* field, Message* message) {
  if (field->cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
    message->GetReflection()->SetString(message, field, value);
    return true;
  }
  // A text of several fields would be more than a value.
  if (value.find_first_of(" \t\n:{}#") != std::string::npos) return false;
  struct Silent : google::protobuf::io::ErrorCollector {
    void AddError(int, google::protobuf::io::ColumnNumber, const std::string&) override {}
  } silent;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&silent);
  return parser.ParseFieldValueFromString(value, field, message);
}

std::string ForFileName(const std::string& text) {
  std::string name;
  for (const char c : text) {
    name += absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' ? c : '-';
  }
  return name;
}

std::string TrialName(const Trial& trial) {
  std::string name;
  for (const auto& [field, value] : trial.settings) {
    absl::StrAppend(&name, ForFileName(field), "-", ForFileName(value), "_");
  }
  return absl::StrCat(name, "seed-", trial.seed);
}

absl::Status AppendSeeds(const std::string& part, std::vector<uint64_t>* seeds) {
  const std::vector<std::string> ends = absl::StrSplit(part, absl::MaxSplits("..", 1));
  uint64_t first = 0;
  uint64_t last = 0;
  if (!absl::SimpleAtoi(ends.front(), &first) || !absl::SimpleAtoi(ends.back(), &last) ||
      last < first) {
    return absl::InvalidArgumentError(Tr("must be like 1..5 or 1,2,7, not $0", Quoted(part)));
  }
  if (last - first >= kMostTrials) {
    return absl::InvalidArgumentError(Tr("more than $0 seeds", kMostTrials));
  }
  for (uint64_t i = 0; i <= last - first; ++i) seeds->push_back(first + i);
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Choice> ReadChoice(const std::string& text) {
  const std::vector<std::string> sides = absl::StrSplit(text, absl::MaxSplits('=', 1));
  if (sides.size() != 2 || sides[0].empty() || sides[1].empty()) {
    return absl::InvalidArgumentError(Tr("must be FIELD=VALUE,VALUE,..., not $0", Quoted(text)));
  }
  Choice choice{.field = sides[0], .values = absl::StrSplit(sides[1], ',')};
  std::set<std::string> seen;
  for (const std::string& value : choice.values) {
    if (seen.insert(value).second) continue;
    return absl::InvalidArgumentError(
        Tr("$0: $1 is there twice", Printable(choice.field), Quoted(value)));
  }
  return choice;
}

absl::StatusOr<std::vector<uint64_t>> ReadSeeds(const std::string& text) {
  std::vector<uint64_t> seeds;
  for (const absl::string_view part : absl::StrSplit(text, ',')) {
    CONVOY_RETURN_IF_ERROR(AppendSeeds(std::string(part), &seeds));
  }
  if (std::set<uint64_t>(seeds.begin(), seeds.end()).size() != seeds.size()) {
    return absl::InvalidArgumentError(Tr("a seed is there twice"));
  }
  return seeds;
}

absl::Status SetField(const std::string& field, const std::string& value, v1::Recipe* recipe) {
  absl::StatusOr<Path> path = FindField(field);
  if (!path.ok()) return path.status();
  Message* message = recipe;
  for (size_t i = 0; i + 1 < path->size(); ++i) {
    message = message->GetReflection()->MutableMessage(message, (*path)[i]);
  }
  if (StoreValue(value, path->back(), message)) return absl::OkStatus();
  return absl::InvalidArgumentError(Tr("$0: cannot be $1, it is a $2", Printable(field),
                                       Quoted(value), path->back()->type_name()));
}

absl::StatusOr<std::vector<Trial>> MakeTrials(const v1::Recipe& recipe,
                                              const std::vector<Choice>& choices,
                                              const std::vector<uint64_t>& seeds) {
  std::vector<Trial> trials = {{.name = "", .settings = {}, .seed = 0, .recipe = recipe}};
  for (const Choice& choice : choices) {
    std::vector<Trial> more;
    for (const Trial& trial : trials) {
      for (const std::string& value : choice.values) {
        Trial& next = more.emplace_back(trial);
        CONVOY_RETURN_IF_ERROR(SetField(choice.field, value, &next.recipe));
        if (choice.values.size() > 1) next.settings.emplace_back(choice.field, value);
      }
    }
    if (more.size() * seeds.size() > kMostTrials) {
      return absl::InvalidArgumentError(
          Tr("these are more than $0 trainings; choose fewer values", kMostTrials));
    }
    trials = std::move(more);
  }
  std::vector<Trial> seeded;
  for (const Trial& trial : trials) {
    for (const uint64_t seed : seeds) {
      Trial& next = seeded.emplace_back(trial);
      next.seed = seed;
      next.recipe.set_seed(seed);
      next.name = TrialName(next);
    }
  }
  return seeded;
}

}  // namespace convoy::client
