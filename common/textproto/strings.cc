#include "common/textproto/strings.h"

#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "common/base/printable.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/base/utf8.h"

namespace convoy {
namespace {

using ::google::protobuf::FieldDescriptor;
using ::google::protobuf::Message;

// Whether it is no text: control characters (C0, DEL, C1), or bytes that are not UTF-8.
bool IsNoText(uint32_t code) {
  return code == kNoUtf8 || code < 0x20 || (code >= 0x7f && code < 0xa0);
}

absl::Status CheckString(const std::string& text) {
  for (std::string_view rest = text; !rest.empty();) {
    const Utf8Character character = FirstUtf8(rest);
    if (IsNoText(character.code)) {
      return InvalidArgumentTextError(
          "$0 has control characters, or bytes that are not UTF-8; give plain text", Quoted(text));
    }
    rest.remove_prefix(character.bytes);
  }
  return absl::OkStatus();
}

// The value at `index` of a repeated field, or the only one of another.
absl::Status CheckValue(const Message& message, const FieldDescriptor& field, int index) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
    return CheckStrings(field.is_repeated() ? reflection.GetRepeatedMessage(message, &field, index)
                                            : reflection.GetMessage(message, &field));
  }
  std::string scratch;
  return CheckString(field.is_repeated()
                         ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                         : reflection.GetStringReference(message, &field, &scratch));
}

}  // namespace

absl::Status CheckStrings(const Message& message) {
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const bool text = field->type() == FieldDescriptor::TYPE_STRING;
    if (!text && field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int count = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < count; ++i) {
      CONVOY_RETURN_IF_ERROR(Annotate(CheckValue(message, *field, i), field->name()));
    }
  }
  return absl::OkStatus();
}

}  // namespace convoy
