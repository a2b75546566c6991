// option_table.hpp: the one table of subcommands and options.
//
// Argument parsing (cli/command_line.cpp), --help, the man page and the completions (cli/documents.hpp) all
// read it, so that an option is written once. Each subcommand's rows are in a file of their own (ping_table.cpp).
// Everything is constant data: nothing runs before main().
#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command_options.hpp"
#include "cli/documents.hpp"

namespace sonde::cli {

// The groups of --help, in its order.
enum class Section : std::uint8_t { targets, schedule, packet, measurement, service, output, information };

inline constexpr std::array all_sections = {Section::targets,     Section::schedule, Section::packet,
                                            Section::measurement, Section::service,  Section::output,
                                            Section::information};

std::string_view title(Section section);

// What a shell may offer for an option's argument, where there are no choices.
enum class Completion : std::uint8_t { nothing, file, interface };

using Applied = std::expected<void, std::string>;

struct OptionSpec {
  char short_name = 0;           // 0: none
  std::string_view long_name{};  // without "--"
  std::string_view argument{};   // its name in capitals; empty: a flag
  Section section = Section::targets;
  std::string_view help{};          // one line, no full stop
  std::string_view details{};       // further sentences for the man page; may be empty
  std::string_view default_text{};  // as the user would write it, or in words; empty: none, or off
  std::span<const std::string_view> choices{};  // empty: free
  Completion completion = Completion::nothing;
  bool repeatable = false;  // every use counts, not only the last
  bool hidden = false;      // works, but no document names it

  // Puts the value (empty for a flag) into the options, or says what is wrong with it. Null: asks for a
  // document.
  Applied (*apply)(std::string_view value, CommandOptions& options) = nullptr;
  // The document asked for; with `apply` null only. Requires: a value among `choices`, where there are any.
  Document (*document)(std::string_view value) = nullptr;

  bool takes_value() const { return !argument.empty(); }
};

// A command line worth showing, and what it does. The first word is "sonde".
struct Example {
  std::string_view command;
  std::string_view help{};
};

struct ExitStatusText {
  int status;
  std::string_view meaning;  // a sentence
};

struct SubcommandSpec {
  std::string_view name;
  std::string_view synopsis;  // what stands behind the name in a usage line
  std::string_view help{};    // one line, no full stop
  std::string_view about{};   // paragraphs of --help below the usage line, 80 columns; ends with a line break
  std::string_view description{};  // of the man page, as roff source
  std::span<const OptionSpec> options;
  std::span<const Example> examples{};
  std::span<const ExitStatusText> exit_statuses{};
  bool needs_words = true;  // without any behind its name, the usage is all it says

  // The options before any was given.
  CommandOptions (*defaults)();
  // Takes the words that are no options, checks what all say together and fills in what follows from it. The
  // error is one line without "sonde: ".
  std::expected<CommandOptions, std::string> (*complete)(CommandOptions options,
                                                         std::vector<std::string> operands);
};

// The first is the one that a command line without subcommand means.
std::span<const SubcommandSpec* const> subcommand_table();

// Null when there is none.
const SubcommandSpec* find_subcommand(std::string_view name);
const OptionSpec* find_long(std::span<const OptionSpec> options, std::string_view name);
const OptionSpec* find_short(std::span<const OptionSpec> options, char name);

}  // namespace sonde::cli
