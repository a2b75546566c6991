# SondeDependencies.cmake: what libsonde links. Used by sonde's own build, and installed with its CMake package, so
# that a program which links libsonde.a gets the same libraries.
#
# c-ares and libcap are taken as static archives where the system has them: the program then starts faster and runs on
# machines without them.

find_package(Threads REQUIRED)

function(sonde_find_dependency name library header package)
  string(TOUPPER "${name}" upper)
  find_library(SONDE_${upper}_LIBRARY NAMES "lib${library}.a" "${library}")
  find_path(SONDE_${upper}_INCLUDE_DIR NAMES "${header}")
  mark_as_advanced(SONDE_${upper}_LIBRARY SONDE_${upper}_INCLUDE_DIR)
  if(NOT SONDE_${upper}_LIBRARY OR NOT SONDE_${upper}_INCLUDE_DIR)
    message(FATAL_ERROR "sonde needs ${name} with its headers; on Debian: apt install ${package}")
  endif()
  if(NOT TARGET sonde::${name})
    add_library(sonde::${name} UNKNOWN IMPORTED GLOBAL)
    set_target_properties(sonde::${name} PROPERTIES IMPORTED_LOCATION "${SONDE_${upper}_LIBRARY}"
                                                    INTERFACE_INCLUDE_DIRECTORIES "${SONDE_${upper}_INCLUDE_DIR}")
  endif()
endfunction()

sonde_find_dependency(cares cares ares.h libc-ares-dev)
sonde_find_dependency(libcap cap sys/capability.h libcap-dev)
