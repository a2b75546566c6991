# EmbedFile.cmake: a file's bytes as a C++ header. Run as a script:
#
#   cmake -DINPUT=FILE -DOUTPUT=HEADER -DNAME=name -DNAMESPACE=a::b -P EmbedFile.cmake
#
# Without INPUT the array is empty. It is aligned as any object in the file may want to be.
set(bytes "")
if(INPUT)
  file(READ "${INPUT}" hex HEX)
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${hex}")
  file(SIZE "${INPUT}" size)
else()
  set(size 0)
endif()
file(
  WRITE "${OUTPUT}"
  "// Made by EmbedFile.cmake.
#pragma once

#include <array>

namespace ${NAMESPACE} {

alignas(16) inline constexpr std::array<unsigned char, ${size}> ${NAME}{${bytes}};

}  // namespace ${NAMESPACE}
")
