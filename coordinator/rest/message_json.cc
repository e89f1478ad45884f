#include "coordinator/rest/message_json.h"

#include <google/protobuf/descriptor.h>

namespace convoy::rest {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

// One value of `field`: element `index`, or the only one where index is negative.
Json Value(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& access = *message.GetReflection();
  const auto get = [&](auto single, auto repeated) -> Json {
    return index < 0 ? (access.*single)(message, &field)
                     : (access.*repeated)(message, &field, index);
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return get(&Reflection::GetInt32, &Reflection::GetRepeatedInt32);
    case FieldDescriptor::CPPTYPE_INT64:
      return get(&Reflection::GetInt64, &Reflection::GetRepeatedInt64);
    case FieldDescriptor::CPPTYPE_UINT32:
      return get(&Reflection::GetUInt32, &Reflection::GetRepeatedUInt32);
    case FieldDescriptor::CPPTYPE_UINT64:
      return get(&Reflection::GetUInt64, &Reflection::GetRepeatedUInt64);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return get(&Reflection::GetDouble, &Reflection::GetRepeatedDouble);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return get(&Reflection::GetFloat, &Reflection::GetRepeatedFloat);
    case FieldDescriptor::CPPTYPE_BOOL:
      return get(&Reflection::GetBool, &Reflection::GetRepeatedBool);
    case FieldDescriptor::CPPTYPE_STRING:
      return get(&Reflection::GetString, &Reflection::GetRepeatedString);
    case FieldDescriptor::CPPTYPE_ENUM:
      return (index < 0 ? access.GetEnum(message, &field)
                        : access.GetRepeatedEnum(message, &field, index))
          ->name();
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return ToJson(index < 0 ? access.GetMessage(message, &field)
                              : access.GetRepeatedMessage(message, &field, index));
  }
  return nullptr;
}

// A map's entries are messages of a key and a value.
Json MapOf(const Message& message, const FieldDescriptor& field) {
  const Reflection& access = *message.GetReflection();
  Json map = Json::object();
  for (int i = 0; i < access.FieldSize(message, &field); ++i) {
    const Json entry = ToJson(access.GetRepeatedMessage(message, &field, i));
    map[entry["key"].is_string() ? entry["key"].get<std::string>() : entry["key"].dump()] =
        entry["value"];
  }
  return map;
}

Json ListOf(const Message& message, const FieldDescriptor& field) {
  Json list = Json::array();
  for (int i = 0; i < message.GetReflection()->FieldSize(message, &field); ++i) {
    list.push_back(Value(message, field, i));
  }
  return list;
}

}  // namespace

Json ToJson(const Message& message) {
  Json json = Json::object();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor& field = *message.GetDescriptor()->field(i);
    const bool absent = field.has_presence() && !message.GetReflection()->HasField(message, &field);
    if (absent) continue;
    json[field.name()] = field.is_map()        ? MapOf(message, field)
                         : field.is_repeated() ? ListOf(message, field)
                                               : Value(message, field, -1);
  }
  return json;
}

}  // namespace convoy::rest
