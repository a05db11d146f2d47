# SPDX-License-Identifier: Apache-2.0
cmake_minimum_required(VERSION 3.25)
#
# cmake -DDIRECTORY=bindings/js -DPUBLIC="serial mqtt" -DOUTPUT=builtin_sources.cpp -P EmbedJs.cmake
#
# Writes the built-in JavaScript as byte arrays. PUBLIC names the modules that scripts may import.
file(GLOB sources ${DIRECTORY}/*.js)
list(SORT sources)
separate_arguments(PUBLIC)
set(arrays "")
set(table "")
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  file(READ ${source} bytes HEX)
  string(LENGTH "${bytes}" digits)
  math(EXPR size "${digits} / 2")
  if(bytes MATCHES "^(..)*[89abcdef].")
    message(FATAL_ERROR "${source}: expected ASCII, found other characters")
  endif()
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "constexpr char ${name}[] = {${bytes}};\n")
  if(name IN_LIST PUBLIC)
    set(scheme deskd)
  else()
    set(scheme internal)
  endif()
  string(APPEND table "    BuiltinSource{\"${scheme}:${name}\", {source::${name}, ${size}}},\n")
endforeach()
file(WRITE ${OUTPUT}.new "// Generated from bindings/js by packaging/cmake/EmbedJs.cmake.
#include <array>

#include \"bindings/builtins.h\"

namespace deskd {
namespace source {
${arrays}}  // namespace source

std::span<const BuiltinSource> builtinSources() {
  static constexpr std::array list{
${table}  };
  return list;
}

}  // namespace deskd
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
