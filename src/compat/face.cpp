// face.cpp: see face.hpp.
#include "compat/face.hpp"

#include <array>

#include "compat/oping/run.hpp"

namespace sonde::compat {

namespace {

struct Face {
  std::string_view name;
  Tool tool;
};

constexpr std::array faces = {
    Face{"oping", oping::run},
};

}  // namespace

Tool tool_called(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  for (const Face& face : faces) {
    if (face.name == name) return face.tool;
  }
  return nullptr;
}

}  // namespace sonde::compat
