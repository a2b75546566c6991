// command.hpp: what mtr-packet is told on standard input: lines, and the commands in them. Pure.
//
//   TOKEN COMMAND [NAME VALUE]...
//
// The token is a number of the asker's, repeated in the answer. Names that nobody knows are read over.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace sonde::compat::mtr {

struct Argument {
  std::string_view name, value;
};

// Views the line that it was read from.
struct Command {
  int token = 0;
  std::string_view name;
  std::vector<Argument> arguments;

  // The first of that name.
  std::optional<std::string_view> find(std::string_view name) const;
};

// nullopt: no command, a name without a value, or more than 16 arguments. A token that is no number is 0, as with mtr.
std::optional<Command> parse_command(std::string_view line);

// A decimal number, maybe with a sign, and nothing else.
std::optional<int> parse_number(std::string_view text);

// Gathers lines out of what comes in pieces.
class LineBuffer {
 public:
  // Where to read into, never empty; took() says how much of it was filled, and next() is then called until it is nullopt.
  std::span<char> room() { return std::span(bytes_).subspan(used_); }
  void took(std::size_t bytes) { used_ += bytes; }
  // The next whole line, without its end.
  std::optional<std::string> next();
  // Whether it was full without a line in it; what it held is then gone.
  bool take_overflow();

 private:
  std::array<char, 4095> bytes_{};  // as many as mtr-packet takes
  std::size_t used_ = 0;
};

}  // namespace sonde::compat::mtr
