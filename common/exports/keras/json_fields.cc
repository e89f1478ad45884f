#include "common/exports/keras/json_fields.h"

#include <limits>
#include <nlohmann/json.hpp>
#include <utility>

#include "absl/strings/str_cat.h"
#include "common/base/status.h"

namespace convoy::exports {
namespace {

using nlohmann::json;

constexpr size_t kBriefChars = 60;

bool IsPositiveInt(const json& value) {
  return value.is_number_unsigned() && value.get<uint64_t>() >= 1 &&
         value.get<uint64_t>() <= uint64_t{std::numeric_limits<int>::max()};
}

}  // namespace

absl::StatusOr<json> ParseJsonObject(std::string_view text, const std::string& where) {
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (value.is_discarded()) {
    return absl::InvalidArgumentError(absl::StrCat(where, ": is not JSON"));
  }
  if (!value.is_object()) {
    return absl::InvalidArgumentError(
        absl::StrCat(where, ": must be a JSON object, not ", BriefJson(value)));
  }
  return value;
}

std::string BriefJson(const json& value) {
  std::string text = value.dump(-1, ' ', /*ensure_ascii=*/true, json::error_handler_t::replace);
  if (text.size() > kBriefChars) text = text.substr(0, kBriefChars) + "...";
  return text;
}

JsonFields::JsonFields(const json* object, std::string where)
    : object_(object != nullptr && object->is_object() ? object : nullptr),
      where_(std::move(where)) {}

const json* JsonFields::Find(const char* key) const {
  if (object_ == nullptr) return nullptr;
  const auto found = object_->find(key);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

absl::StatusOr<std::string> JsonFields::String(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_string()) return Mismatch(key, "a string");
  return value->get<std::string>();
}

absl::StatusOr<int> JsonFields::PositiveInt(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !IsPositiveInt(*value)) return Mismatch(key, "a whole number above 0");
  return value->get<int>();
}

absl::StatusOr<double> JsonFields::Number(const char* key) const {
  const json* value = Find(key);
  if (value == nullptr || !value->is_number()) return Mismatch(key, "a number");
  return value->get<double>();
}

absl::StatusOr<nn::Size2d> JsonFields::Size(const char* key) const {
  const json* value = Find(key);
  if (value != nullptr && IsPositiveInt(*value)) return nn::Size2d{*value, *value};
  if (value != nullptr && value->is_array() && value->size() == 2 && IsPositiveInt((*value)[0]) &&
      IsPositiveInt((*value)[1])) {
    return nn::Size2d{(*value)[0], (*value)[1]};
  }
  return Mismatch(key, "one or two whole numbers above 0");
}

absl::StatusOr<std::string> JsonFields::StringOr(const char* key,
                                                 const std::string& fallback) const {
  if (Find(key) == nullptr) return fallback;
  return String(key);
}

absl::StatusOr<double> JsonFields::NumberOr(const char* key, double fallback) const {
  if (Find(key) == nullptr) return fallback;
  return Number(key);
}

absl::StatusOr<nn::Size2d> JsonFields::SizeOr(const char* key, nn::Size2d fallback) const {
  if (Find(key) == nullptr) return fallback;
  return Size(key);
}

absl::StatusOr<bool> JsonFields::BoolOr(const char* key, bool fallback) const {
  const json* value = Find(key);
  if (value == nullptr) return fallback;
  if (!value->is_boolean()) return Mismatch(key, "true or false");
  return value->get<bool>();
}

absl::Status JsonFields::Mismatch(const char* key, std::string_view expected) const {
  const json* value = Find(key);
  return absl::InvalidArgumentError(
      absl::StrCat(where_, ": field '", key, "' must be ", std::string(expected), ", ",
                   value == nullptr ? "but is missing" : "not " + BriefJson(*value)));
}

}  // namespace convoy::exports
