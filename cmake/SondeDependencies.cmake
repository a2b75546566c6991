# SondeDependencies.cmake: what libsonde links. Used by sonde's own build, and installed with its CMake package, so
# that a program which links libsonde.a gets the same libraries.
#
# c-ares is taken as a static archive where the system has one: the program then starts faster and runs on machines
# without it.

find_package(Threads REQUIRED)

if(NOT TARGET sonde::cares)
  find_library(SONDE_CARES_LIBRARY NAMES libcares.a cares)
  find_path(SONDE_CARES_INCLUDE_DIR NAMES ares.h)
  mark_as_advanced(SONDE_CARES_LIBRARY SONDE_CARES_INCLUDE_DIR)
  if(NOT SONDE_CARES_LIBRARY OR NOT SONDE_CARES_INCLUDE_DIR)
    message(FATAL_ERROR "sonde needs c-ares with its headers; on Debian: apt install libc-ares-dev")
  endif()
  add_library(sonde::cares UNKNOWN IMPORTED)
  set_target_properties(sonde::cares PROPERTIES IMPORTED_LOCATION "${SONDE_CARES_LIBRARY}"
                                                INTERFACE_INCLUDE_DIRECTORIES "${SONDE_CARES_INCLUDE_DIR}")
endif()
