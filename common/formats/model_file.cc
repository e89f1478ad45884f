// A model as a container: a message with network, recipe and the tensors' names and shapes, and all
// weights in one section, in Keras's order and layouts. weights_sha256 is taken over exactly these
// bytes, unpadded, which is why numpy can compute it from an .h5 file as well.
#include "common/formats/model_file.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/files.h"
#include "common/base/sha256.h"
#include "common/base/status.h"
#include "common/formats/sections.h"

namespace convoy::formats {
namespace {

constexpr size_t kSha256HexDigits = 64;

bool IsSha256Hex(std::string_view text) {
  return text.size() == kSha256HexDigits && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

std::vector<std::string_view> NamesOf(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string_view> names;
  names.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) names.push_back(tensor.name);
  return names;
}

std::vector<std::string_view> NamesOf(const metrics::EpochMetrics& metrics) {
  std::vector<std::string_view> names;
  names.reserve(metrics.size());
  for (const auto& [name, value] : metrics) names.push_back(name);
  return names;
}

absl::Status ValidateTensor(const NamedTensor& tensor) {
  CONVOY_ASSIGN_OR_RETURN(const int64_t expected, NumElems(tensor.shape));
  if (static_cast<size_t>(expected) != tensor.data.size()) {
    return absl::InvalidArgumentError(absl::StrCat("tensor '", tensor.name, "' has ",
                                                   tensor.data.size(), " elements, but its shape ",
                                                   ShapeToString(tensor.shape), " has ", expected));
  }
  return absl::OkStatus();
}

absl::Status ValidateFamily(const KernelFamily& family) {
  for (const std::string& name : {family.isa, family.blas_core}) {
    if (!name.empty() && !IsPlainName(name)) {
      return absl::InvalidArgumentError("the kernel family is not printable ASCII");
    }
  }
  return absl::OkStatus();
}

// Cuts the section "weights" into the tensors that the section "model" lists.
absl::Status ReadTensors(const ContainerReader& container, const v1::ModelSection& section,
                         std::vector<NamedTensor>* tensors) {
  CONVOY_ASSIGN_OR_RETURN(std::string_view bytes, container.SectionBytes(kWeightsSection));
  for (const v1::TensorEntry& entry : section.tensors()) {
    NamedTensor tensor{
        entry.name(), Shape(entry.shape().begin(), entry.shape().end()), entry.trainable(), {}};
    // Before any message quotes the name.
    CONVOY_RETURN_IF_ERROR(CheckNames({tensor.name}, "tensors"));
    const absl::StatusOr<int64_t> num_elems = NumElems(tensor.shape);
    if (!num_elems.ok() || static_cast<size_t>(*num_elems) > bytes.size() / sizeof(float)) {
      return absl::DataLossError(absl::StrCat("tensor '", tensor.name, "' of shape ",
                                              ShapeToString(tensor.shape),
                                              " exceeds section 'weights'"));
    }
    tensor.data.resize(static_cast<size_t>(*num_elems));
    const size_t num_bytes = tensor.data.size() * sizeof(float);
    if (num_bytes != 0) std::memcpy(tensor.data.data(), bytes.data(), num_bytes);
    bytes.remove_prefix(num_bytes);
    tensors->push_back(std::move(tensor));
  }
  if (!bytes.empty()) {
    return absl::DataLossError(
        absl::StrCat(bytes.size(), " bytes of section 'weights' belong to no tensor"));
  }
  return absl::OkStatus();
}

}  // namespace

int64_t TotalElems(const std::vector<NamedTensor>& tensors, bool only_trainable) {
  int64_t total = 0;
  for (const NamedTensor& tensor : tensors) {
    if (tensor.trainable || !only_trainable) total += static_cast<int64_t>(tensor.data.size());
  }
  return total;
}

std::string WeightsSha256(const std::vector<NamedTensor>& tensors) {
  Sha256 sha;
  for (std::string_view piece : WeightPieces(tensors)) sha.Update(piece);
  return sha.HexDigest();
}

std::vector<std::string_view> WeightPieces(const std::vector<NamedTensor>& tensors) {
  std::vector<std::string_view> pieces;
  pieces.reserve(tensors.size());
  for (const NamedTensor& tensor : tensors) pieces.push_back(FloatBytes(tensor.data));
  return pieces;
}

absl::Status ValidateModel(const ModelFile& model) {
  CONVOY_RETURN_IF_ERROR(CheckNames(NamesOf(model.tensors), "tensors"));
  for (const NamedTensor& tensor : model.tensors) CONVOY_RETURN_IF_ERROR(ValidateTensor(tensor));
  CONVOY_RETURN_IF_ERROR(CheckNames(NamesOf(model.metrics), "metrics"));
  CONVOY_RETURN_IF_ERROR(ValidateFamily(model.kernel_family));
  if (!model.data_sha256.empty() && !IsSha256Hex(model.data_sha256)) {
    return absl::InvalidArgumentError("data_sha256 is not 64 hexadecimal digits");
  }
  return absl::OkStatus();
}

v1::ImageForm ToProto(ImageForm form) {
  switch (form) {
    case ImageForm::kCentredDigits:
      return v1::CENTRED_DIGITS;
    case ImageForm::kWholePictures:
      return v1::WHOLE_PICTURES;
    case ImageForm::kUnknown:
      break;
  }
  return v1::IMAGE_FORM_UNSPECIFIED;
}

ImageForm FromProto(v1::ImageForm form) {
  if (form == v1::CENTRED_DIGITS) return ImageForm::kCentredDigits;
  return form == v1::WHOLE_PICTURES ? ImageForm::kWholePictures : ImageForm::kUnknown;
}

v1::ModelSection ToProto(const ModelFile& model) {
  v1::ModelSection section;
  section.set_model_textproto(model.model_textproto);
  section.set_recipe_textproto(model.recipe_textproto);
  section.set_data_sha256(model.data_sha256);
  section.set_image_form(ToProto(model.image_form));
  section.mutable_kernel_family()->set_isa(model.kernel_family.isa);
  section.mutable_kernel_family()->set_blas_core(model.kernel_family.blas_core);
  for (const NamedTensor& tensor : model.tensors) {
    v1::TensorEntry* entry = section.add_tensors();
    entry->set_name(tensor.name);
    entry->mutable_shape()->Add(tensor.shape.begin(), tensor.shape.end());
    entry->set_trainable(tensor.trainable);
  }
  ToProto(model.metrics, section.mutable_metrics());
  for (const std::string& name : model.class_names) section.add_class_names(name);
  return section;
}

absl::StatusOr<std::string> EncodeModel(const ModelFile& model) {
  CONVOY_RETURN_IF_ERROR(Annotate(ValidateModel(model), "model"));
  CONVOY_ASSIGN_OR_RETURN(const std::string section,
                          SerializeMessage(kModelSection, ToProto(model)));
  ContainerWriter writer(ContainerKind::kModel);
  writer.AddSection(kModelSection, section);
  writer.AddSection(kWeightsSection, WeightPieces(model.tensors));
  return writer.Finish();
}

absl::StatusOr<ModelFile> DecodeModel(const ContainerReader& container) {
  if (container.kind() == ContainerKind::kData) {
    return absl::InvalidArgumentError(
        absl::StrCat(container.name(), ": is a copy of a run's data, not a model"));
  }
  v1::ModelSection section;
  CONVOY_RETURN_IF_ERROR(ParseMessage(container, kModelSection, &section));
  ModelFile model;
  model.model_textproto = section.model_textproto();
  model.recipe_textproto = section.recipe_textproto();
  model.data_sha256 = section.data_sha256();
  model.image_form = FromProto(section.image_form());
  model.kernel_family = {section.kernel_family().isa(), section.kernel_family().blas_core()};
  model.metrics = FromProto(section.metrics());
  model.class_names.assign(section.class_names().begin(), section.class_names().end());
  CONVOY_RETURN_IF_ERROR(AsDamage(container, ReadTensors(container, section, &model.tensors)));
  CONVOY_RETURN_IF_ERROR(AsDamage(container, ValidateModel(model)));
  return model;
}

absl::Status WriteModel(const std::string& path, const ModelFile& model) {
  CONVOY_ASSIGN_OR_RETURN(const std::string bytes, EncodeModel(model));
  return WriteFileAtomically(path, bytes);
}

absl::StatusOr<ModelFile> ReadModel(const std::string& path) {
  CONVOY_ASSIGN_OR_RETURN(std::string bytes, ReadFile(path, kMaxFileBytes));
  CONVOY_ASSIGN_OR_RETURN(const ContainerReader container,
                          ContainerReader::Parse(std::move(bytes), path));
  return DecodeModel(container);
}

}  // namespace convoy::formats
