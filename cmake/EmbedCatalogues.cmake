cmake_minimum_required(VERSION 3.25)
# Run at build time: writes the header that holds the catalogues MO_FILES (a list), each made by msgfmt of the file
# of the same name in PO_DIR, whose plural rule, an expression of C, becomes a function. OUTPUT is the header.
set(ARRAYS "")
set(ENTRIES "")
set(NAMES "")
foreach(FILE IN LISTS MO_FILES)
  get_filename_component(NAME ${FILE} NAME_WE)
  file(READ ${FILE} BYTES HEX)
  string(REGEX REPLACE "(..)" "\\\\x\\1" BYTES "${BYTES}")
  string(REGEX REPLACE "((\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..)(\\\\x..))" "\\1\"\n    \"" BYTES "${BYTES}")
  file(READ ${PO_DIR}/${NAME}.po PO)
  if(NOT PO MATCHES "plural=([^;\\\\]+)")
    message(FATAL_ERROR "${NAME}.po: its header has no Plural-Forms")
  endif()
  set(RULE ${CMAKE_MATCH_1})
  file(SIZE ${FILE} SIZE)
  string(APPEND ARRAYS "inline constexpr char kMo_${NAME}[] =\n    \"${BYTES}\";\n")
  string(APPEND ENTRIES "    {\"${NAME}\", {kMo_${NAME}, ${SIZE}},\n     [](uint64_t n) { return static_cast<uint64_t>(${RULE}); }},\n")
  string(APPEND NAMES "\"${NAME}\", ")
endforeach()
file(CONFIGURE OUTPUT ${OUTPUT} @ONLY CONTENT "#pragma once
#include <cstdint>
#include <string_view>
namespace convoy::i18n {
struct EmbeddedCatalogue {
  std::string_view language;
  std::string_view mo;
  uint64_t (*rule)(uint64_t n);
};
@ARRAYS@inline constexpr EmbeddedCatalogue kCatalogues[] = {
@ENTRIES@};
inline constexpr std::string_view kLanguages[] = {@NAMES@};
}  // namespace convoy::i18n
")
