# SondeCompiler.cmake: compiler flags, warnings, sanitizers and ccache for every target of this project.

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Build type" FORCE)
endif()

# ccache keeps working with the tests' precompiled header only when told that its timestamps do not matter.
find_program(CCACHE_PROGRAM ccache)
if(CCACHE_PROGRAM AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER
      "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime;${CCACHE_PROGRAM}")
endif()

if(SONDE_SANITIZE)
  add_compile_options("-fsanitize=${SONDE_SANITIZE}" -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options("-fsanitize=${SONDE_SANITIZE}")
endif()
if(SONDE_BUILD_FUZZERS)
  if(NOT CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
    message(FATAL_ERROR "SONDE_BUILD_FUZZERS needs Clang, for libFuzzer: configure with -DCMAKE_CXX_COMPILER=clang++-19")
  endif()
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# Tables that are computed at compile time take Clang more steps than it allows by itself, with checked containers.
if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fconstexpr-steps=8388608)
endif()

add_compile_options(-ffunction-sections -fdata-sections)
add_link_options(-Wl,--gc-sections -Wl,--as-needed)

set(sonde_warnings
    -Wall
    -Wextra
    -Wpedantic
    -Wconversion
    -Wsign-conversion
    -Wshadow
    -Wnon-virtual-dtor
    -Wold-style-cast
    -Wcast-align
    -Woverloaded-virtual
    -Werror)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  list(APPEND sonde_warnings -Wduplicated-cond -Wlogical-op)
  # GCC 12 believes that appending to a string literal of certain lengths overruns it: a
  # build would fail by the length of the path it lies in.
  if(CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
    list(APPEND sonde_warnings -Wno-array-bounds -Wno-restrict)
  endif()
endif()

if(SONDE_UNITY)
  list(REMOVE_ITEM sonde_warnings -Wshadow)  # would be of names that are another file's own
endif()

# What every target of sonde has in common: warnings, private includes rooted at src/, fmt from src/fmt.cpp.
function(sonde_target target)
  target_compile_options(${target} PRIVATE ${sonde_warnings})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
endfunction()
