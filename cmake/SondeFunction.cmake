# SondeFunction.cmake: function.zip, what is uploaded to run sonde as a function: the program, self-contained, as `bootstrap`.
#
# Static, glibc included: the sandboxes of functions have all kinds of it. glibc's resolver would load modules at run
# time, of which the linker warns; `sonde function` never calls it, but asks c-ares alone (function/measurement.hpp).

set(sonde_function_dir "${PROJECT_BINARY_DIR}/function")
# A sandbox has no device to put rings on, and no terminal: defined here, the absence of AF_XDP keeps libbpf and its like out,
# and that of a screen ncurses.
add_executable(sonde_bootstrap EXCLUDE_FROM_ALL src/cli/main.cpp src/xdp/unavailable.cpp src/compat/oping/no_screen.cpp)
sonde_target(sonde_bootstrap)
target_link_libraries(sonde_bootstrap PRIVATE sonde_cli)
target_link_options(sonde_bootstrap PRIVATE -static -s -Wl,--no-warnings)
set_target_properties(sonde_bootstrap PROPERTIES OUTPUT_NAME bootstrap RUNTIME_OUTPUT_DIRECTORY "${sonde_function_dir}")

add_custom_command(
  OUTPUT "${sonde_function_dir}/function.zip"
  COMMAND "${CMAKE_COMMAND}" -E tar cf function.zip --format=zip bootstrap
  WORKING_DIRECTORY "${sonde_function_dir}"
  DEPENDS sonde_bootstrap
  COMMENT "Packing function.zip"
  VERBATIM)
add_custom_target(sonde_function_zip DEPENDS "${sonde_function_dir}/function.zip")
