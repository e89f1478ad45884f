#include "common/api/class_names.h"

#include "common/base/printable.h"

namespace convoy::api {

std::string ClassName(const formats::ModelFile& model, int label) {
  const auto index = static_cast<size_t>(label);
  if (label < 0 || index >= model.class_names.size()) return "";
  return Printable(model.class_names[index], kMaxQuoted);
}

}  // namespace convoy::api
