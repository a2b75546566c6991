# SondeInstall.cmake: what `make install` puts where (FHS, below the prefix), and the packages other builds find sonde by.

include(CMakePackageConfigHelpers)
set(sonde_cmake_dir "${CMAKE_INSTALL_LIBDIR}/cmake/sonde")
set(sonde_pkgconfig_dir "${CMAKE_INSTALL_LIBDIR}/pkgconfig")

# --- The library -----------------------------------------------------------------------------------------------
install(TARGETS sonde EXPORT sondeTargets)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/sonde" DESTINATION "${CMAKE_INSTALL_INCLUDEDIR}")
install(EXPORT sondeTargets NAMESPACE sonde:: DESTINATION "${sonde_cmake_dir}")
configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/sondeConfig.cmake.in"
                              "${PROJECT_BINARY_DIR}/sondeConfig.cmake" INSTALL_DESTINATION "${sonde_cmake_dir}")
# Before 1.0 a new minor version may change the API.
write_basic_package_version_file("${PROJECT_BINARY_DIR}/sondeConfigVersion.cmake" COMPATIBILITY SameMinorVersion)
install(FILES "${PROJECT_BINARY_DIR}/sondeConfig.cmake" "${PROJECT_BINARY_DIR}/sondeConfigVersion.cmake"
              "${PROJECT_SOURCE_DIR}/cmake/SondeDependencies.cmake" DESTINATION "${sonde_cmake_dir}")

# The .pc file finds its prefix from where it lies, so that the prefix may be chosen at install time.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY "${CMAKE_INSTALL_PREFIX}/${sonde_pkgconfig_dir}"
           OUTPUT_VARIABLE SONDE_PREFIX_FROM_PKGCONFIG)
configure_file("${PROJECT_SOURCE_DIR}/cmake/sonde.pc.in" "${PROJECT_BINARY_DIR}/sonde.pc" @ONLY)
install(FILES "${PROJECT_BINARY_DIR}/sonde.pc" DESTINATION "${sonde_pkgconfig_dir}")

# --- The program, with the man page and completions that it writes from its own option table ----------------------
install(TARGETS sonde_program)
if(NOT CMAKE_CROSSCOMPILING)
  set(generated_dir "${PROJECT_BINARY_DIR}/generated")
  file(MAKE_DIRECTORY "${generated_dir}")
  set(generated)
  function(sonde_print file destination)
    add_custom_command(
      OUTPUT "${generated_dir}/${file}"
      COMMAND sonde_program ${ARGN} > "${generated_dir}/${file}.new"
      COMMAND "${CMAKE_COMMAND}" -E rename "${generated_dir}/${file}.new" "${generated_dir}/${file}"
      DEPENDS sonde_program
      COMMENT "Writing ${file}"
      VERBATIM)
    install(FILES "${generated_dir}/${file}" DESTINATION "${destination}")
    set(generated "${generated};${generated_dir}/${file}" PARENT_SCOPE)
  endfunction()
  sonde_print(sonde.1 "${CMAKE_INSTALL_MANDIR}/man1" --print-man-page)
  sonde_print(sonde "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" --print-completion bash)
  sonde_print(_sonde "${CMAKE_INSTALL_DATADIR}/zsh/site-functions" --print-completion zsh)
  sonde_print(sonde.fish "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" --print-completion fish)
  add_custom_target(sonde_documents ALL DEPENDS ${generated})
endif()

# --- Documents, and the setting that lets every user ping (offered, not activated: see scripts/install) ------------
install(FILES "${PROJECT_SOURCE_DIR}/scripts/60-sonde-ping.conf" DESTINATION "${CMAKE_INSTALL_DATADIR}/sonde")
install(FILES "${PROJECT_SOURCE_DIR}/README.md" "${PROJECT_SOURCE_DIR}/CHANGELOG.md" "${PROJECT_SOURCE_DIR}/LICENSE"
        DESTINATION "${CMAKE_INSTALL_DOCDIR}")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION "${CMAKE_INSTALL_DOCDIR}" FILES_MATCHING PATTERN "*.md")
install(DIRECTORY "${PROJECT_SOURCE_DIR}/examples" DESTINATION "${CMAKE_INSTALL_DOCDIR}")
