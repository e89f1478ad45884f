// Helpers for what stands inside sections: protobuf messages and arrays of floats. Private to this
// folder, as are the generated classes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/formats/container.h"
#include "common/formats/model_file.h"
#include "convoy/v1/checkpoint.pb.h"
#include "google/protobuf/message_lite.h"

namespace convoy::formats {

inline constexpr char kModelSection[] = "model";
inline constexpr char kWeightsSection[] = "weights";

// The largest message that is parsed. Parsed messages take a small multiple of their bytes.
inline constexpr size_t kMaxMessageBytes = size_t{16} << 20;

// True for 1 to 255 characters of printable ASCII.
bool IsPlainName(std::string_view name);

// Returns INVALID_ARGUMENT unless all names are plain and differ; `what` is what they name.
absl::Status CheckNames(const std::vector<std::string_view>& names, std::string_view what);

// Returns the message's bytes, always the same for the same content, or INVALID_ARGUMENT if they
// are more than kMaxMessageBytes. `section` is for the error's text.
absl::StatusOr<std::string> SerializeMessage(std::string_view section,
                                             const google::protobuf::MessageLite& message);

// Parses a section into `message`, or returns DATA_LOSS.
absl::Status ParseMessage(const ContainerReader& container, std::string_view section,
                          google::protobuf::MessageLite* message);

// Returns the floats' bytes; a view.
std::string_view FloatBytes(const std::vector<float>& values);

// Returns a section's floats, or DATA_LOSS if they are not `expected_elems`.
absl::StatusOr<std::vector<float>> ReadFloats(const ContainerReader& container,
                                              std::string_view section, int64_t expected_elems);

// Returns `status` as DATA_LOSS about the container's file; OK stays OK.
absl::Status AsDamage(const ContainerReader& container, const absl::Status& status);

// The section "model" of a valid `model`.
v1::ModelSection ToProto(const ModelFile& model);

// The form as a message has it, and back; what a newer version wrote counts as unknown.
v1::ImageForm ToProto(ImageForm form);
ImageForm FromProto(v1::ImageForm form);

// Returns views of the tensors' bytes, in order: the pieces of the section "weights".
std::vector<std::string_view> WeightPieces(const std::vector<NamedTensor>& tensors);

void ToProto(const metrics::EpochMetrics& values,
             google::protobuf::RepeatedPtrField<v1::MetricValue>* out);
metrics::EpochMetrics FromProto(const google::protobuf::RepeatedPtrField<v1::MetricValue>& values);

}  // namespace convoy::formats
