// ping_sides.cpp: see ping_sides.hpp.
#include "compat/ping_sides.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <regex>

namespace sonde::compat_test {

int original_release() {
  static const int release = [] {
    const lab::Finished version = lab::Process(original("ping", {"-V"})).wait();
    const auto at = version.output.find("iputils ");
    return at == std::string::npos ? 0 : std::atoi(version.output.c_str() + at + 8);
  }();
  return release;
}

std::string modern(std::string text) {
  static const std::regex header(R"(PING ([^ (]+)\()"), named(R"(PING ([^ (]+) \([^ ()]+ (\([^()]+\))\))");
  text = std::regex_replace(text, header, "PING $1 (");
  return std::regex_replace(text, named, "PING $1 $2");
}

std::string timeless(const std::string& text) {
  static const std::regex in_line(R"((time[ =])[0-9.]+)"), stamp(R"(\[[0-9]+\.[0-9]{6}\])"),
      figures(R"(((= |ipg/ewma ))[0-9./]+ ms)"),
      // Of the timestamp option only the first is whole, and both are as old as the run; before noon, when the far clock stands,
      // the difference is negative.
      since_midnight(R"(\n\t-?[0-9]+\n)");
  std::string result = std::regex_replace(text, in_line, "$1T");
  result = std::regex_replace(result, stamp, "[T]");
  result = std::regex_replace(result, since_midnight, "\n\tT\n");
  return std::regex_replace(result, figures, "$1T ms");
}

void expect_same(const Sides& sides) {
  EXPECT_EQ(timeless(sides.face.output), timeless(modern(sides.original.output)));
  EXPECT_EQ(timeless(sides.face.errors), timeless(sides.original.errors));
  EXPECT_EQ(sides.face.status, sides.original.status);
  EXPECT_EQ(sides.face.signal, sides.original.signal);
}

Sides NetworkPair::run(const Words& words, std::string_view tool, lab::User user) const {
  return run_sides_together(for_original_.space(), for_face_.space(), tool, words, {.user = user});
}

void NetworkPair::compare(const Words& words, std::string_view tool, lab::User user) const {
  std::string trace(tool);
  for (const std::string& word : words) trace += " " + word;
  SCOPED_TRACE(trace);
  expect_same(run(words, tool, user));
}

}  // namespace sonde::compat_test
