// face.cpp: see face.hpp.
#include "compat/face.hpp"

#include <array>

#include "compat/fping/fping.hpp"

namespace sonde::compat {

namespace {

struct Face {
  std::string_view name;
  Tool tool;
};

constexpr auto faces = std::to_array<Face>({
    {"fping", fping::main},
    {"fping6", fping::main},
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
