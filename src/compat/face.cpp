// face.cpp: see face.hpp.
#include "compat/face.hpp"

#include <array>

#include "compat/ping/ping.hpp"

namespace sonde::compat {

namespace {

struct Face {
  std::string_view name;
  Tool tool;
};

constexpr auto faces = std::to_array<Face>({
    {"ping", ping::ping},
    {"ping4", ping::ping},
    {"ping6", ping::ping},
});

}  // namespace

Tool tool_called(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const Face& face : faces) {
    if (face.name == name) return face.tool;
  }
  return nullptr;
}

}  // namespace sonde::compat
