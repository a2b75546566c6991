// documents.cpp: help, usage and version, made from the option table.
#include "cli/documents.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <span>
#include <string_view>

#include "cli/completions.hpp"
#include "cli/man_page.hpp"
#include "cli/option_table.hpp"
#include "sonde/version.hpp"

namespace sonde::cli {
namespace {

constexpr std::size_t line_width = 80;
constexpr std::size_t help_column = 27;

// `text` in lines of at most `width` bytes, broken at spaces; a longer word stands alone.
std::string wrap(std::string_view text, std::size_t width, std::size_t indent) {
  std::string result;
  std::size_t used = 0;
  while (!text.empty()) {
    const auto end = std::min(text.find(' '), text.size());
    if (used > 0 && used + 1 + end > width) {
      result += '\n';
      result.append(indent, ' ');
      used = 0;
    } else if (used > 0) {
      result += ' ';
      ++used;
    }
    result += text.substr(0, end);
    used += end;
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return result;
}

// A row of two columns; when the left one is too wide, the right one starts on the next line.
std::string row(std::string_view left, std::string_view right) {
  std::string line = fmt::format("  {}", left);
  if (line.size() + 2 > help_column) {
    line += '\n';
    line.append(help_column, ' ');
  } else {
    line.append(help_column - line.size(), ' ');
  }
  return line + wrap(right, line_width - help_column, help_column) + '\n';
}

std::string left_column(const OptionSpec& option) {
  std::string left = option.short_name != 0 ? fmt::format("-{}, ", option.short_name) : "    ";
  left += fmt::format("--{}", option.long_name);
  if (option.takes_value()) left += fmt::format(" {}", option.argument);
  return left;
}

std::string right_column(const OptionSpec& option) {
  std::string right(option.help);
  if (!option.choices.empty()) right += fmt::format(": {}", fmt::join(option.choices, ", "));
  if (!option.default_text.empty()) right += fmt::format(" (default: {})", option.default_text);
  return right;
}

std::string section_text(std::span<const OptionSpec> options, Section section) {
  std::string text;
  for (const OptionSpec& option : options) {
    if (option.section == section && !option.hidden) text += row(left_column(option), right_column(option));
  }
  return text.empty() ? text : fmt::format("\n{}:\n{}", title(section), text);
}

std::string examples_text(const SubcommandSpec& subcommand) {
  if (subcommand.examples.empty()) return {};
  std::string text = "\nExamples:\n";
  for (const Example& example : subcommand.examples)
    text += fmt::format("  {}\n      {}\n", example.command, example.help);
  return text;
}

const SubcommandSpec& first_subcommand() {
  return *subcommand_table().front();
}

std::string subcommand_help(const SubcommandSpec& subcommand) {
  const std::string name = &subcommand == &first_subcommand() ? fmt::format("[{}]", subcommand.name)
                                                              : std::string(subcommand.name);
  std::string text = fmt::format("Usage: sonde {} {}\n\n", name, subcommand.synopsis);
  text += subcommand.about;
  for (const Section section : all_sections) text += section_text(subcommand.options, section);
  text += examples_text(subcommand);
  text += "\nExit status:\n";
  for (const auto& [status, meaning] : subcommand.exit_statuses)
    text += row(fmt::format("{}", status), meaning);
  return text;
}

std::string overview() {
  std::string text = "Usage: sonde TARGET...\n       sonde SUBCOMMAND [options] ...\n\nSubcommands:\n";
  for (const SubcommandSpec* subcommand : subcommand_table()) text += row(subcommand->name, subcommand->help);
  text +=
      "\nWithout a subcommand, sonde TARGET... is sonde ping TARGET...; a host named like\n"
      "a subcommand is pinged with sonde ping NAME. See sonde SUBCOMMAND --help.\n";
  text += section_text(first_subcommand().options, Section::information);
  return text + examples_text(first_subcommand());
}

}  // namespace

std::string short_usage() {
  std::string text = "Usage:";
  for (const SubcommandSpec* subcommand : subcommand_table()) {
    const bool is_default = subcommand == &first_subcommand();
    text += fmt::format(" sonde {}{}{} {}\n      ", is_default ? "[" : "", subcommand->name,
                        is_default ? "]" : "", subcommand->synopsis);
  }
  return text + " sonde --help";
}

std::string make_document(const DocumentRequest& request) {
  switch (request.document) {
    case Document::overview:
      return overview();
    case Document::subcommand_help: {
      const SubcommandSpec* subcommand = find_subcommand(request.subcommand);
      return subcommand_help(subcommand != nullptr ? *subcommand : first_subcommand());
    }
    case Document::version:
      return fmt::format("sonde {}\n", version());
    case Document::man_page:
      return make_man_page();
    case Document::bash_completion:
      return make_bash_completion();
    case Document::zsh_completion:
      return make_zsh_completion();
    case Document::fish_completion:
      return make_fish_completion();
  }
  return {};
}

}  // namespace sonde::cli
