// face.cpp: see face.hpp.
#include "compat/face.hpp"

#include <array>

#include "compat/fping/fping.hpp"
#include "compat/mtr/run.hpp"
#include "compat/oping/run.hpp"
#include "compat/ping/ping.hpp"

namespace sonde::compat {

namespace {

constexpr auto faces = std::to_array<Face>({
    {"fping", fping::main, 4},
    {"fping6", fping::main, 4},
    {"mtr-packet", mtr::run, 1},
    {"noping", oping::run_on_screen, 1},
    {"oping", oping::run, 1},
    {"ping", ping::ping, 2},
    {"ping4", ping::ping, 2},
    {"ping6", ping::ping, 2},
});

}  // namespace

const Face* face_called(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.find('.'));  // "fping.real", a copy put aside
  for (const Face& face : faces) {
    if (face.name == name) return &face;
  }
  return nullptr;
}

}  // namespace sonde::compat
