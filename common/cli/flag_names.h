// Libraries name the fields of recipes and options; people know the flags that set them.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "absl/status/status.h"

namespace convoy::cli {

// A field's name and its flag: {"train_limit", "--train-limit"}.
using FlagNames = std::map<std::string, std::string, std::less<>>;

// Returns the map of flags that are called like their fields: "train_limit" is "--train-limit".
FlagNames FlagsLikeFields(std::initializer_list<std::string_view> fields);

// Returns the message with flags in place of the fields that `flags` knows: the one that it begins
// with ("train_limit: must be ...") and those in backquotes ("change `train_limit`").
std::string NameFlags(std::string_view message, const FlagNames& flags);
absl::Status NameFlags(const absl::Status& status, const FlagNames& flags);

}  // namespace convoy::cli
