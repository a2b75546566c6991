# SondeRooms.cmake: the rooms of src/, each a folder with a CMakeLists.txt that names its sources.
#
#   sonde_room(<room> <library> [PUBLIC <libraries>...] [PRIVATE <libraries>...])
#
# compiles src/<room> into <library>. A library that does not exist yet is made, static, on top of
# libsonde, with what PUBLIC and PRIVATE name. Appends to `sonde_rooms`, and to `sonde_program_rooms`
# where the library is not libsonde.

function(sonde_room room library)
  cmake_parse_arguments(PARSE_ARGV 2 room "" "" "PUBLIC;PRIVATE")
  if(NOT TARGET ${library})
    add_library(${library} STATIC)
    sonde_target(${library})
    target_link_libraries(${library} PUBLIC ${room_PUBLIC} sonde::sonde PRIVATE ${room_PRIVATE})
  endif()
  add_subdirectory("${PROJECT_SOURCE_DIR}/src/${room}")
  set(sonde_rooms ${sonde_rooms} ${room} PARENT_SCOPE)
  if(NOT library STREQUAL "sonde")
    set(sonde_program_rooms ${sonde_program_rooms} ${room} PARENT_SCOPE)
  endif()
endfunction()
