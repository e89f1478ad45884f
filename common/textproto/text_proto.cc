// protobuf's own parser reads; its first error is put into words that say what to do, found in its
// message by plain searches: the nearest known name, a forgotten brace, brackets for a list.
#include "common/textproto/text_proto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/base/text_error.h"
#include "common/textproto/strings.h"

namespace convoy {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;

// Nesting that no sensible file reaches, so that a hostile one cannot exhaust the stack.
constexpr int kMaxNesting = 32;

// How deep the types of networks and recipes stand in one another.
constexpr int kTypesDeep = 6;

// Bytes of what protobuf says itself, which may quote all of a file.
constexpr size_t kMaxMessage = 200;

std::vector<std::string> FieldNames(const Descriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.field_count(); ++i) {
    names.emplace_back(descriptor.field(i)->name());
  }
  return names;
}

std::vector<std::string> EnumValueNames(const google::protobuf::EnumDescriptor& descriptor) {
  std::vector<std::string> names;
  for (int i = 0; i < descriptor.value_count(); ++i) {
    names.emplace_back(descriptor.value(i)->name());
  }
  return names;
}

// What stands in `message` in place of the two names of `before "NAME" between "NAME".`, nothing if
// it is another message. By plain searches: what is quoted came from outside and has any length.
std::optional<std::pair<std::string, std::string>> NamesIn(absl::string_view message,
                                                           absl::string_view before,
                                                           absl::string_view between) {
  const std::string separator = absl::StrCat("\" ", between, " \"");
  if (!absl::ConsumePrefix(&message, absl::StrCat(before, " \"")) ||
      !absl::ConsumeSuffix(&message, "\".")) {
    return std::nullopt;
  }
  const size_t middle = message.find(separator);
  if (middle == absl::string_view::npos) return std::nullopt;
  return std::pair(std::string(message.substr(0, middle)),
                   std::string(message.substr(middle + separator.size())));
}

// Whether a message of type `inner` may stand somewhere in one of type `outer`.
bool Holds(const Descriptor& outer, const Descriptor& inner, int depth = kTypesDeep) {
  for (int i = 0; i < outer.field_count() && depth > 0; ++i) {
    const Descriptor* type = outer.field(i)->message_type();
    if (type != nullptr && (type == &inner || Holds(*type, inner, depth - 1))) return true;
  }
  return false;
}

// Whether a message around one of type `inner`, up to `outer`, has the field.
bool StandsFurtherOut(const Descriptor& outer, const Descriptor& inner, const std::string& field) {
  if (!Holds(outer, inner)) return false;
  if (outer.FindFieldByName(field) != nullptr) return true;
  for (int i = 0; i < outer.field_count(); ++i) {
    const Descriptor* type = outer.field(i)->message_type();
    if (type != nullptr && StandsFurtherOut(*type, inner, field)) return true;
  }
  return false;
}

// Of a field that belongs further out, as where a brace was forgotten; of a misspelt one; or of one
// that there is not. `whole` is read.
absl::Status NoSuchField(const std::string& type_name, const std::string& field,
                         const Descriptor& whole) {
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(type_name);
  const std::string owner = type == nullptr ? Printable(type_name) : std::string(type->name());
  const std::vector<std::string> known =
      type == nullptr ? std::vector<std::string>() : FieldNames(*type);
  if (type != nullptr && StandsFurtherOut(whole, *type, field)) {
    return InvalidArgumentTextError("$0 has no field $1; is a } missing above?", owner,
                                    Quoted(field));
  }
  const std::string near = NearestName(field, known);
  if (!near.empty()) {
    return InvalidArgumentTextError("$0 has no field $1; did you mean $2?", owner, Quoted(field),
                                    Quoted(near));
  }
  return known.empty() ? InvalidArgumentTextError("$0 has no field $1", owner, Quoted(field))
                       : InvalidArgumentTextError("$0 has no field $1 (known: $2)", owner,
                                                  Quoted(field), absl::StrJoin(known, ", "));
}

absl::Status NoSuchValue(const std::string& value, const std::string& field) {
  for (const char* type : {"convoy.v1.ActivationFunction", "convoy.v1.Padding"}) {
    const auto* values = DescriptorPool::generated_pool()->FindEnumTypeByName(type);
    if (values == nullptr) continue;
    const std::string near = NearestName(value, EnumValueNames(*values));
    if (near.empty()) continue;
    return InvalidArgumentTextError("unknown $0 $1; did you mean $2?", Printable(field),
                                    Quoted(value), Quoted(near));
  }
  return InvalidArgumentTextError("unknown $0 $1", Printable(field), Quoted(value));
}

// Of "Expected WHAT, got: FOUND".
absl::Status WrongValue(absl::string_view what, const std::string& found) {
  if (found.empty())
    return InvalidArgumentTextError("the text ends here; a value or a } is missing");
  if (found == "(") {
    return InvalidArgumentTextError("found (; several numbers are written in brackets, as [3, 3]");
  }
  if (what == "integer") {
    return InvalidArgumentTextError("a whole number is expected, not $0", found);
  }
  if (what == "double") return InvalidArgumentTextError("a number is expected, not $0", found);
  if (what == "string") {
    return InvalidArgumentTextError("a text in quotes is expected, not $0", found);
  }
  return InvalidArgumentTextError("the name of a field is expected, not $0", found);
}

// What stands in `message` between the two, cut and printable; nothing if it is another message.
std::optional<std::string> Between(absl::string_view message, absl::string_view before,
                                   absl::string_view after) {
  if (!absl::ConsumePrefix(&message, before) || !absl::ConsumeSuffix(&message, after)) {
    return std::nullopt;
  }
  return Printable(std::string(message), kMaxMessage);
}

// Turns protobuf's words for the usual slips into ours, that say what to do.
absl::Status Reword(const std::string& message, const Descriptor& whole) {
  if (const auto names = NamesIn(message, "Message type", "has no field named")) {
    return NoSuchField(names->first, names->second, whole);
  }
  if (const auto names = NamesIn(message, "Unknown enumeration value of", "for field")) {
    return NoSuchValue(names->first, names->second);
  }
  for (const char* what : {"integer", "double", "string", "identifier"}) {
    const auto found = Between(message, absl::StrCat("Expected ", what, ", got: "), "");
    if (found) return WrongValue(what, *found);
  }
  for (const char* sign : {"\":\"", "\"{\"", "\"}\""}) {
    const auto found = Between(message, absl::StrCat("Expected ", sign, ", found "), ".");
    if (found) return InvalidArgumentTextError("$0 is expected, not $1", sign, *found);
  }
  if (const auto field = Between(message, "Non-repeated field ", " is specified multiple times.")) {
    return InvalidArgumentTextError("$0 is there twice; give it once", *field);
  }
  if (const auto number = Between(message, "Integer out of range (", ")")) {
    return InvalidArgumentTextError("the number $0 does not fit here", *number);
  }
  return absl::InvalidArgumentError(Printable(message, kMaxMessage));
}

// Keeps the first error.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  FirstError(std::string_view source, const Descriptor& whole) : source_(source), whole_(whole) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!error_.ok()) return;
    error_ = Annotate(Reword(message, whole_),
                      line < 0 ? source_ : absl::StrCat(source_, ":", line + 1));
  }

  const absl::Status& error() const { return error_; }

 private:
  const std::string source_;
  const Descriptor& whole_;
  absl::Status error_;
};

}  // namespace

absl::Status ParseTextProto(std::string_view text, std::string_view source,
                            google::protobuf::Message* message) {
  FirstError errors(source, *message->GetDescriptor());
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(kMaxNesting);
  if (parser.ParseFromString(std::string(text), message)) {
    return Annotate(CheckStrings(*message), source);
  }
  if (!errors.error().ok()) return errors.error();
  return InvalidArgumentTextError("$0: is not in protobuf's text format", std::string(source));
}

}  // namespace convoy
