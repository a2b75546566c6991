// target_file.hpp: reads targets from a file, a line each, however long, broken or binary the file is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "cli/command_line.hpp"
#include "cli/target_list.hpp"

namespace sonde::cli {

// Takes a file's bytes in pieces of any size and adds its targets to a list.
//
// A line is TARGET [LABEL], ended by a newline or CRLF; '#' at its start or behind white space begins a
// comment. A byte order mark at the start is left out. Broken lines become warnings of the list, the first
// `most_warnings` in full. Memory: one line of at most `longest_line_bytes`, of a longer one no more is kept.
class TargetFileReader {
 public:
  static constexpr std::size_t longest_line_bytes = 4096;
  static constexpr std::size_t most_warnings = 10;
  static constexpr std::uint64_t most_bytes = std::uint64_t{1} << 30;

  // `name` appears in messages. The list must outlive the reader.
  TargetFileReader(std::string name, TargetRules rules, TargetList& targets);

  // Errors: the file is binary (a zero byte among its first 4096), larger than `most_bytes`, or has more
  // targets than a list takes. Nothing may be fed after an error.
  std::expected<void, CommandLineError> feed(std::string_view bytes);
  // The end of the file: takes a last line without newline and tells how many warnings were left out.
  std::expected<void, CommandLineError> finish();

 private:
  std::expected<void, CommandLineError> take_line();
  void warn(std::string_view what);

  std::string name_;
  TargetRules rules_;
  TargetList& targets_;
  std::string line_;
  bool line_too_long_ = false;
  std::uint64_t line_number_ = 0;
  std::uint64_t bytes_ = 0;
  std::size_t warnings_ = 0;
};

// Reads the file `path`, "-" for standard input. Errors: those of the reader, and what the system says.
std::expected<void, CommandLineError> read_target_file(const std::string& path, const TargetRules& rules,
                                                       TargetList& targets);

}  // namespace sonde::cli
