#include "common/textproto/text_proto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/strings/strip.h"
#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/suggest.h"
#include "common/textproto/strings.h"

namespace convoy {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;

// Nesting that no sensible file reaches, so that a hostile one cannot exhaust the stack.
constexpr int kMaxNesting = 32;

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

std::string NoSuchField(const std::string& type_name, const std::string& field) {
  const Descriptor* type = DescriptorPool::generated_pool()->FindMessageTypeByName(type_name);
  const std::string owner = type == nullptr ? Printable(type_name) : std::string(type->name());
  const std::string known = type == nullptr ? "" : DidYouMean(field, FieldNames(*type));
  return absl::StrCat(owner, " has no field ", Quoted(field), known);
}

std::string NoSuchValue(const std::string& value, const std::string& field) {
  const std::string unknown = absl::StrCat("unknown ", Printable(field), " ", Quoted(value));
  for (const char* type : {"convoy.v1.ActivationFunction", "convoy.v1.Padding"}) {
    const auto* values = DescriptorPool::generated_pool()->FindEnumTypeByName(type);
    if (values == nullptr) continue;
    const std::string known = DidYouMean(value, EnumValueNames(*values));
    if (!known.empty()) return absl::StrCat(unknown, known);
  }
  return unknown;
}

// Turns protobuf's words for a misspelt name into ours, with the nearest known one.
std::string Reword(const std::string& message) {
  if (const auto names = NamesIn(message, "Message type", "has no field named")) {
    return NoSuchField(names->first, names->second);
  }
  if (const auto names = NamesIn(message, "Unknown enumeration value of", "for field")) {
    return NoSuchValue(names->first, names->second);
  }
  return Printable(message, kMaxMessage);
}

// Keeps the first error.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  explicit FirstError(std::string_view source) : source_(source) {}

  void AddError(int line, google::protobuf::io::ColumnNumber column,
                const std::string& message) override {
    if (!error_.empty()) return;
    error_ = line < 0 ? absl::StrCat(source_, ": ", Reword(message))
                      : absl::StrCat(source_, ":", line + 1, ": ", Reword(message));
  }

  const std::string& error() const { return error_; }

 private:
  std::string source_;
  std::string error_;
};

}  // namespace

absl::Status ParseTextProto(std::string_view text, std::string_view source,
                            google::protobuf::Message* message) {
  FirstError errors(source);
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&errors);
  parser.SetRecursionLimit(kMaxNesting);
  if (parser.ParseFromString(std::string(text), message)) {
    return Annotate(CheckStrings(*message), source);
  }
  return absl::InvalidArgumentError(
      errors.error().empty()
          ? absl::StrCat(std::string(source), ": is not in protobuf's text format")
          : errors.error());
}

}  // namespace convoy
