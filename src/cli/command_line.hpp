// command_line.hpp: from argv to validated values, or to one clear line about what is wrong.
//
// The words are split by CLI11 (in command_line.cpp only), their meaning comes from cli/option_table.hpp.
#pragma once

#include <expected>
#include <span>
#include <string>
#include <variant>

#include "cli/command_options.hpp"
#include "cli/documents.hpp"
#include "cli/exit_status.hpp"

namespace sonde::cli {

// What the command line asks for: a text to print, or a subcommand's work.
using ParsedCommandLine = std::variant<DocumentRequest, CommandOptions>;

struct CommandLineError {
  std::string message;  // for standard error as it is, starting with "sonde: ", without a newline at the end
  ExitStatus status = ExitStatus::usage;
};

// `arguments` is argv with the program's name first: "bootstrap" means `sonde function`. When an option is given several times, the last one
// counts, except for those that gather (-f, -g).
std::expected<ParsedCommandLine, CommandLineError> parse_command_line(std::span<const char* const> arguments);

}  // namespace sonde::cli
