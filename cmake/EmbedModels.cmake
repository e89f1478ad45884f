cmake_minimum_required(VERSION 3.25)
# Run at build time: writes a header that holds the network descriptions of MODELS (a list of files).
set(ENTRIES "")
foreach(FILE IN LISTS MODELS)
  get_filename_component(NAME ${FILE} NAME_WE)
  file(READ ${FILE} TEXT)
  string(APPEND ENTRIES "    {\"${NAME}\", R\"textproto(${TEXT})textproto\"},\n")
endforeach()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#pragma once
namespace convoy::nn {
struct BuiltinModel {
  const char* name;
  const char* text;
};
inline constexpr BuiltinModel kBuiltinModels[] = {
@ENTRIES@};
}  // namespace convoy::nn
")
