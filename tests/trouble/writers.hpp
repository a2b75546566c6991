// writers.hpp: every command and stand-in that writes anything, small and large, and what is missing in an output of it.
#pragma once

#include <ostream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "trouble/nothing_lost.hpp"
#include "trouble/program.hpp"

namespace sonde::trouble {

// What makes an output whole. Figures differ from run to run.
enum class Shape : std::uint8_t {
  exact,       // every byte is that of an undisturbed run
  lines,       // as many lines as that has, and the last begins as its last does
  account,     // it ends with the lines of ping's account for people
  last_line,   // the last line begins as its last does
  object,      // one JSON object, or one a line
  ping_json,   // JSON lines of ping; the account at the end is that of the lines before
  drawing,     // SVG
  picture,     // PNG
  capture,     // pcapng, of as many blocks
  screen,      // it ends as that ends
  sweep_rows,  // rows of a sweep, as many as it says on standard error
  tokens,      // an answer for each token of mtr-packet's
};

struct Writer {
  std::string name;
  std::string program;  // "sonde", or a stand-in's name
  Words arguments;      // FILE: where it writes, unless that is standard output
  Shape shape;
  std::string input{};

  bool is_stand_in() const { return program != "sonde"; }
  friend void PrintTo(const Writer& writer, std::ostream* stream) { *stream << writer.name; }
  // Whether it names its output itself.
  bool names_file() const;
  // `extra` in front of its other arguments.
  Command command(const std::string& file = "", const Words& extra = {}) const;
};

// Each some milliseconds and at most some kilobytes.
const std::vector<Writer>& small_writers();
// Each writes more than a pipe holds, and most more than any buffer of its own.
const std::vector<Writer>& large_writers();

// Of an output beside one of an undisturbed run (for large writers no such run is needed).
std::string what_is_missing(const Writer& writer, std::string_view output, std::string_view undisturbed,
                            const Finished& finished);

// Status 0 or 1 in all of them, and of those that may end otherwise by themselves.
Ends ends_of(const Writer& writer);

}  // namespace sonde::trouble
