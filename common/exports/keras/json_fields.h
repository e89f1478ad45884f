// Reading JSON that somebody else wrote: every field has the type that is asked for, or the error
// says where and what it has instead.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "common/nn/model_spec.h"

namespace convoy::exports {

// Parses `text`. Returns INVALID_ARGUMENT, beginning with `where`, if it is no JSON object.
absl::StatusOr<nlohmann::json> ParseJsonObject(std::string_view text, const std::string& where);

// Returns the value as compact JSON in ASCII, cut after some 60 characters: for messages.
std::string BriefJson(const nlohmann::json& value);

// The fields of one JSON object. A field that is null counts as missing. A view: the object must
// outlive it. All errors are INVALID_ARGUMENT: "WHERE: field 'KEY' must be ..., not ...".
class JsonFields {
 public:
  // `where` says which object this is, for messages. If `object` is null or no JSON object, every
  // field is missing.
  JsonFields(const nlohmann::json* object, std::string where);

  // Returns the field's value, or null where it is missing.
  const nlohmann::json* Find(const char* key) const;

  // Return the field, or an error where it is missing or of another type.
  absl::StatusOr<std::string> String(const char* key) const;
  absl::StatusOr<int> PositiveInt(const char* key) const;
  absl::StatusOr<double> Number(const char* key) const;
  // Also takes one number for both axes, as Keras does.
  absl::StatusOr<nn::Size2d> Size(const char* key) const;

  // As above, but where the field is missing return `fallback`.
  absl::StatusOr<std::string> StringOr(const char* key, const std::string& fallback) const;
  absl::StatusOr<double> NumberOr(const char* key, double fallback) const;
  absl::StatusOr<nn::Size2d> SizeOr(const char* key, nn::Size2d fallback) const;
  absl::StatusOr<bool> BoolOr(const char* key, bool fallback) const;

  // Returns the error that `key` must be `expected` and is not.
  absl::Status Mismatch(const char* key, std::string_view expected) const;

  const std::string& where() const { return where_; }

 private:
  const nlohmann::json* object_;
  std::string where_;
};

}  // namespace convoy::exports
