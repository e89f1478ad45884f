#include "common/formats/sections.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "absl/strings/str_cat.h"
#include "common/base/check.h"
#include "common/base/status.h"
#include "common/base/text_error.h"
#include "common/base/utf8.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"

namespace convoy::formats {
namespace {

constexpr size_t kMaxNameBytes = 255;

}  // namespace

bool IsPlainName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes) return false;
  while (!name.empty()) {
    const Utf8Character next = FirstUtf8(name);
    const bool control = next.code < 0x20 || (next.code >= 0x7f && next.code < 0xa0);
    if (next.code == kNoUtf8 || control) return false;
    name.remove_prefix(next.bytes);
  }
  return true;
}

absl::Status CheckNames(const std::vector<std::string_view>& names, std::string_view what) {
  std::set<std::string_view> seen;
  for (std::string_view name : names) {
    if (!IsPlainName(name)) {
      return InvalidArgumentTextError(
          "$0: a name must be 1 to $1 bytes of text, without control characters", std::string(what),
          kMaxNameBytes);
    }
    if (!seen.insert(name).second) {
      return absl::InvalidArgumentError(
          absl::StrCat(std::string(what), ": '", std::string(name), "' occurs twice"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<std::string> SerializeMessage(std::string_view section,
                                             const google::protobuf::MessageLite& message) {
  if (message.ByteSizeLong() > kMaxMessageBytes) {
    return absl::InvalidArgumentError(absl::StrCat("section '", std::string(section), "' of ",
                                                   message.ByteSizeLong(), " bytes is too large"));
  }
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    CONVOY_CHECK(message.SerializeToCodedStream(&coded));
  }
  return bytes;
}

absl::Status ParseMessage(const ContainerReader& container, std::string_view section,
                          google::protobuf::MessageLite* message) {
  CONVOY_ASSIGN_OR_RETURN(const std::string_view bytes, container.SectionBytes(section));
  if (bytes.size() > kMaxMessageBytes ||
      !message->ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return AsDamage(container, absl::DataLossError(absl::StrCat("section '", std::string(section),
                                                                "' is no proper message")));
  }
  return absl::OkStatus();
}

std::string_view FloatBytes(const std::vector<float>& values) {
  return {reinterpret_cast<const char*>(values.data()), values.size() * sizeof(float)};
}

absl::StatusOr<std::vector<float>> ReadFloats(const ContainerReader& container,
                                              std::string_view section, int64_t expected_elems) {
  CONVOY_ASSIGN_OR_RETURN(const std::string_view bytes, container.SectionBytes(section));
  const size_t num_elems = bytes.size() / sizeof(float);
  if (bytes.size() % sizeof(float) != 0 || num_elems != static_cast<size_t>(expected_elems)) {
    return AsDamage(container, absl::DataLossError(absl::StrCat(
                                   "section '", std::string(section), "' has ", bytes.size(),
                                   " bytes, not ", expected_elems, " numbers")));
  }
  std::vector<float> values(num_elems);
  if (!bytes.empty()) std::memcpy(values.data(), bytes.data(), bytes.size());
  return values;
}

absl::Status AsDamage(const ContainerReader& container, const absl::Status& status) {
  if (status.ok()) return status;
  return absl::DataLossError(absl::StrCat(container.name(), ": is damaged: ", status.message()));
}

void ToProto(const metrics::EpochMetrics& values,
             google::protobuf::RepeatedPtrField<v1::MetricValue>* out) {
  for (const auto& [name, value] : values) {
    v1::MetricValue* metric = out->Add();
    metric->set_name(name);
    metric->set_value(value);
  }
}

metrics::EpochMetrics FromProto(const google::protobuf::RepeatedPtrField<v1::MetricValue>& values) {
  metrics::EpochMetrics metrics;
  for (const v1::MetricValue& value : values) metrics.emplace_back(value.name(), value.value());
  return metrics;
}

}  // namespace convoy::formats
