#include "coordinator/bridge/codec.h"

#include <google/protobuf/message.h>
#include <google/protobuf/util/json_util.h>

#include <memory>

#include "absl/strings/str_cat.h"
#include "common/base/printable.h"

namespace convoy::bridge {
namespace {

namespace pb = google::protobuf;

constexpr size_t kMaxError = 300;  // the parser's messages quote the input

std::unique_ptr<pb::Message> New(const pb::Descriptor& type) {
  const pb::Message* prototype = pb::MessageFactory::generated_factory()->GetPrototype(&type);
  return std::unique_ptr<pb::Message>(prototype->New());
}

}  // namespace

absl::StatusOr<std::string> JsonToBytes(const pb::Descriptor& type, const std::string& json) {
  const std::unique_ptr<pb::Message> message = New(type);
  // By the way of text, an empty body is an empty message.
  const auto status = pb::util::JsonStringToMessage(json.empty() ? "{}" : json, message.get());
  if (status.ok()) return message->SerializeAsString();
  return absl::InvalidArgumentError(
      absl::StrCat("body: not a ", type.full_name(),
                   " as JSON: ", Printable(OneLine(std::string(status.message())), kMaxError)));
}

absl::StatusOr<std::string> BytesToJson(const pb::Descriptor& type, const std::string& bytes) {
  const std::unique_ptr<pb::Message> message = New(type);
  std::string json;
  if (message->ParseFromString(bytes) && pb::util::MessageToJsonString(*message, &json).ok()) {
    return json;
  }
  return absl::InvalidArgumentError(absl::StrCat("message: not a ", type.full_name()));
}

absl::Status CheckBytes(const pb::Descriptor& type, const std::string& bytes) {
  if (New(type)->ParseFromString(bytes)) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat("body: not a ", type.full_name()));
}

}  // namespace convoy::bridge
