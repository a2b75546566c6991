# SondeFaces.cmake: the names by which sonde is another tool, as links to the program: in the build tree for tests, and
# installed out of the way of PATH, so that nobody gets another `ping` without asking for it.
set(sonde_faces fping fping6 mtr-packet noping oping ping ping4 ping6)

set(sonde_faces_dir "${PROJECT_BINARY_DIR}/faces")
file(MAKE_DIRECTORY "${sonde_faces_dir}")
foreach(face IN LISTS sonde_faces)
  file(CREATE_LINK ../sonde "${sonde_faces_dir}/${face}" SYMBOLIC)
  if(SONDE_INSTALL)
    # Relative, so that the prefix may be chosen at install time.
    cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_BINDIR BASE_DIRECTORY "${CMAKE_INSTALL_FULL_LIBEXECDIR}/sonde"
               OUTPUT_VARIABLE sonde_face_to_bin)
    file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/installed-faces")
    file(CREATE_LINK "${sonde_face_to_bin}/sonde" "${PROJECT_BINARY_DIR}/installed-faces/${face}" SYMBOLIC)
    install(FILES "${PROJECT_BINARY_DIR}/installed-faces/${face}" DESTINATION "${CMAKE_INSTALL_LIBEXECDIR}/sonde")
  endif()
endforeach()
