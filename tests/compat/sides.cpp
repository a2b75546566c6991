// sides.cpp: see sides.hpp.
#include "compat/sides.hpp"

#include <algorithm>
#include <cstdlib>
#include <regex>
#include <utility>

namespace sonde::compat_test {

namespace {

lab::Command found_in(const std::string& path, std::string_view tool, const Words& words,
                      lab::Command command) {
  command.arguments = {"/usr/bin/env", std::string(tool)};
  command.arguments.insert(command.arguments.end(), words.begin(), words.end());
  command.environment.push_back("PATH=" + path);
  const auto names_locale = [](const std::string& variable) { return variable.starts_with("LC_ALL="); };
  if (std::ranges::none_of(command.environment, names_locale)) command.environment.emplace_back("LC_ALL=C");
  return command;
}

}  // namespace

lab::Command original(std::string_view tool, const Words& words, lab::Command command) {
  std::string path = "/usr/bin:/bin:/usr/sbin:/sbin";
  if (const char* others = std::getenv("SONDE_ORIGINALS")) path = std::string(others) + ":" + path;
  return found_in(path, tool, words, std::move(command));
}

lab::Command face(std::string_view tool, const Words& words, lab::Command command) {
  return found_in(SONDE_FACES, tool, words, std::move(command));
}

Sides run_sides(const lab::Namespace& space, std::string_view tool, const Words& words,
                const lab::Command& command) {
  return {space.run(original(tool, words, command)), space.run(face(tool, words, command))};
}

Sides run_sides_together(const lab::Namespace& for_original, const lab::Namespace& for_face,
                         std::string_view tool, const Words& words, const lab::Command& command) {
  lab::Process first = for_original.start(original(tool, words, command));
  lab::Process second = for_face.start(face(tool, words, command));
  return {first.wait(), second.wait()};
}

std::string without_times(std::string_view text) {
  static const std::regex time(R"(([0-9]+\.[0-9]+|(time[ =])[0-9]+))");
  return std::regex_replace(std::string(text), time, "$2T");
}

}  // namespace sonde::compat_test
