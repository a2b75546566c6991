// face.cpp: see face.hpp.
#include "compat/face.hpp"

#include <array>

#include "compat/fping/fping.hpp"
#include "compat/mtr/run.hpp"
#include "compat/oping/run.hpp"
#include "compat/ping/ping.hpp"

namespace sonde::compat {

namespace {

struct Face {
  std::string_view name;
  Tool tool;
};

constexpr auto faces = std::to_array<Face>({
    {"fping", fping::main},
    {"fping6", fping::main},
    {"mtr-packet", mtr::run},
    {"noping", oping::run_on_screen},
    {"oping", oping::run},
    {"ping", ping::ping},
    {"ping4", ping::ping},
    {"ping6", ping::ping},
});

}  // namespace

Tool tool_called(std::string_view path) {
  std::string_view name = path.substr(path.rfind('/') + 1);
  name = name.substr(0, name.find('.'));  // "fping.real", a copy put aside
  for (const Face& face : faces) {
    if (face.name == name) return face.tool;
  }
  return nullptr;
}

}  // namespace sonde::compat
