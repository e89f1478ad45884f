#include "common/textproto/text_proto.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/message.h>
#include <google/protobuf/text_format.h>

#include <regex>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "common/base/suggest.h"

namespace convoy {
namespace {

using ::google::protobuf::Descriptor;
using ::google::protobuf::DescriptorPool;

// Nesting that no sensible file reaches, so that a hostile one cannot exhaust the stack.
constexpr int kMaxNesting = 32;

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

// Turns protobuf's words for a misspelt name into ours, with the nearest known one.
std::string Reword(const std::string& message) {
  static const std::regex kUnknownField(
      R"re(Message type "([^"]+)" has no field named "([^"]+)"\.)re");
  static const std::regex kUnknownValue(
      R"re(Unknown enumeration value of "([^"]+)" for field "([^"]+)"\.)re");
  const DescriptorPool* pool = DescriptorPool::generated_pool();
  std::smatch match;
  if (std::regex_match(message, match, kUnknownField)) {
    const Descriptor* type = pool->FindMessageTypeByName(match[1]);
    const std::string known = type == nullptr ? "" : DidYouMean(match[2].str(), FieldNames(*type));
    const std::string owner = type == nullptr ? match[1].str() : std::string(type->name());
    return absl::StrCat(owner, " has no field '", match[2].str(), "'", known);
  }
  if (std::regex_match(message, match, kUnknownValue)) {
    for (const char* type : {"convoy.v1.ActivationFunction", "convoy.v1.Padding"}) {
      const auto* values = pool->FindEnumTypeByName(type);
      if (values == nullptr) continue;
      const std::string known = DidYouMean(match[1].str(), EnumValueNames(*values));
      if (!known.empty()) {
        return absl::StrCat("unknown ", match[2].str(), " '", match[1].str(), "'", known);
      }
    }
    return absl::StrCat("unknown ", match[2].str(), " '", match[1].str(), "'");
  }
  return message;
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
  if (parser.ParseFromString(std::string(text), message)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      errors.error().empty()
          ? absl::StrCat(std::string(source), ": is not in protobuf's text format")
          : errors.error());
}

}  // namespace convoy
