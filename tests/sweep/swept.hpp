// swept.hpp: `sonde sweep` as a user starts it, over a network whose truth is known, and what it wrote.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>
#include <vector>

#include "lab/network.hpp"
#include "lab/process.hpp"

namespace sonde::sweep_test {

using Words = std::vector<std::string>;
using nlohmann::json;

inline Words operator+(Words words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

// Special-purpose addresses are all that a test may ask.
inline lab::Command sweep_command(const Words& words, lab::User user = lab::User::ordinary) {
  return {.arguments = Words{SONDE_PROGRAM, "sweep", "--allow-special"} + words, .user = user};
}

// Rows as JSON objects, all fields of everything that was proved, in the order written.
inline std::vector<json> rows_of(const lab::Finished& finished) {
  std::vector<json> rows;
  std::istringstream lines(finished.output);
  for (std::string line; std::getline(lines, line);) rows.push_back(json::parse(line));
  return rows;
}

inline const Words everything{"--format", "json", "-f", "*", "--filter", "success = 0 || success = 1"};

inline std::multimap<std::string, json> by_address(const std::vector<json>& rows) {
  std::multimap<std::string, json> found;
  for (const json& row : rows) found.emplace(row["address"], row);
  return found;
}

}  // namespace sonde::sweep_test
