// model.convoy: a network's description and its weights, in one container. The file of a finished
// training is covered by the same-bits promise as a whole: it names no time, host, version or
// commit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/base/shape.h"
#include "common/formats/container.h"
#include "common/metrics/history.h"

namespace convoy::formats {

// The largest file that is read: far above any network that fits a lab's PC.
inline constexpr uint64_t kMaxFileBytes = uint64_t{4} << 30;

// One array of weights in Keras's layout: convolution kernels [KH, KW, C, OC], dense kernels
// [in, out], biases [out].
struct NamedTensor {
  std::string name;  // such as "conv2d/kernel:0"; printable ASCII, one of a kind
  Shape shape;
  bool trainable = true;
  std::vector<float> data;  // row-major, as many as the shape says
};

// What computed the numbers; the same-bits promise holds within one family.
struct KernelFamily {
  std::string isa;        // such as "avx512"
  std::string blas_core;  // such as "SkylakeX"

  bool operator==(const KernelFamily&) const = default;
};

// What the images were that a network was trained on: pictures for it are brought to the same form.
enum class ImageForm {
  kUnknown,
  kCentredDigits,  // as MNIST's (common/images/digit.h)
  kWholePictures,  // anything else
};

// The texts are opaque here. Whoever fills them in must leave out what may differ between two runs
// with the same bits, such as threads, hosts and paths.
struct ModelFile {
  std::string model_textproto;
  std::string recipe_textproto;  // how it was trained; may be empty
  std::string data_sha256;       // what it was trained on: 64 hexadecimal digits, or empty
  ImageForm image_form = ImageForm::kUnknown;
  KernelFamily kernel_family;
  std::vector<NamedTensor> tensors;  // trainable and not, in Keras's order
  metrics::EpochMetrics metrics;     // final metrics of a finished training, in order
  // What the network tells apart, a name a class, which may hold any bytes but must be escaped
  // where people see it; empty: numbers.
  std::vector<std::string> class_names;
};

// Returns the number of elements of the tensors, all of them or only the trainable ones.
int64_t TotalElems(const std::vector<NamedTensor>& tensors, bool only_trainable);

// Returns the SHA-256 over the elements of all tensors in the given order, unpadded, as
// little-endian float32: the `weights_sha256` of summary.json. It is also the SHA-256 of the
// container's section "weights".
std::string WeightsSha256(const std::vector<NamedTensor>& tensors);

// Returns INVALID_ARGUMENT if a tensor's data do not fit its shape, a name is not 1 to 255
// characters of printable ASCII or occurs twice, or data_sha256 is no digest.
absl::Status ValidateModel(const ModelFile& model);

// Returns the file's bytes: the same for the same content. Errors as ValidateModel.
absl::StatusOr<std::string> EncodeModel(const ModelFile& model);

// Returns what `container` holds as a model. A checkpoint holds one too: the weights at its step.
// Returns DATA_LOSS if the sections contradict one another.
absl::StatusOr<ModelFile> DecodeModel(const ContainerReader& container);

// Writes `path` atomically and durably.
absl::Status WriteModel(const std::string& path, const ModelFile& model);

// Reads a model, or the model part of a checkpoint. Errors name the file: those of ReadFile,
// ContainerReader::Parse and DecodeModel.
absl::StatusOr<ModelFile> ReadModel(const std::string& path);

}  // namespace convoy::formats
