cmake_minimum_required(VERSION 3.25)
# Run at build time: writes a header that holds the texts of FILES (a list), as
# NAMESPACE::kBuiltinKINDs, such as convoy::nn::kBuiltinModels.
set(ENTRIES "")
foreach(FILE IN LISTS FILES)
  get_filename_component(NAME ${FILE} NAME_WE)
  file(READ ${FILE} TEXT)
  string(APPEND ENTRIES "    {\"${NAME}\", R\"textproto(${TEXT})textproto\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#pragma once
namespace @NAMESPACE@ {
struct Builtin@KIND@ {
  const char* name;
  const char* text;
};
inline constexpr Builtin@KIND@ kBuiltin@KIND@s[] = {
@ENTRIES@};
}  // namespace @NAMESPACE@
")
