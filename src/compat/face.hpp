// face.hpp: sonde called by another tool's name is that tool, as far as anybody can see: its options, its output on its
// streams, its exit status. Each face translates and nothing else: options to a session's, events to lines; all probing
// is the library's. What differs on purpose, and why, is in docs/compatibility.md.
//
// A face lies in a folder of its own (compat/ping/, compat/fping/, ...) and is entered by a row in face.cpp.
#pragma once

#include <string_view>

namespace sonde::compat {

// What a tool's main() is. `arguments[0]` is the name it was called by, as in main().
using Tool = int (*)(int count, char** arguments);

struct Face {
  std::string_view name;
  Tool tool;
  int refused_status;  // what the tool exits with where the system refuses
};

// The tool that a program called `path` is (its last part decides, up to a dot); null: none, it is sonde.
const Face* face_called(std::string_view path);

}  // namespace sonde::compat
