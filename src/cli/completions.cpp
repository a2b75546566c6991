// completions.cpp: completion scripts for bash, zsh and fish, made from the option table.
#include "cli/completions.hpp"

#include <fmt/format.h>

#include <span>
#include <string_view>

#include "cli/option_table.hpp"

namespace sonde::cli {
namespace {

std::string replace_all(std::string_view text, std::string_view what, std::string_view by) {
  std::string result;
  for (auto at = text.find(what); at != std::string_view::npos; at = text.find(what)) {
    result += text.substr(0, at);
    result += by;
    text.remove_prefix(at + what.size());
  }
  return result += text;
}

std::string subcommand_names(std::string_view separator, std::span<const SubcommandSpec* const> subcommands) {
  std::string names;
  for (const SubcommandSpec* subcommand : subcommands) {
    if (!names.empty()) names += separator;
    names += subcommand->name;
  }
  return names;
}

// A bash case pattern: "ping:-c|ping:--count".
std::string case_pattern(std::string_view subcommand, const OptionSpec& option) {
  const std::string name = fmt::format("{}:--{}", subcommand, option.long_name);
  return option.short_name != 0 ? fmt::format("{}:-{}|{}", subcommand, option.short_name, name) : name;
}

std::string bash_argument(const OptionSpec& option) {
  if (!option.choices.empty()) {
    return fmt::format("COMPREPLY=($(compgen -W '{}' -- \"$current\"))", fmt::join(option.choices, " "));
  }
  switch (option.completion) {
    case Completion::file:
      return R"(compopt -o filenames; COMPREPLY=($(compgen -f -- "$current")))";
    case Completion::interface:
      return R"(COMPREPLY=($(cd /sys/class/net && compgen -G "$current*")))";
    case Completion::nothing:
      break;
  }
  return {};
}

// In zsh's _arguments, brackets and colons are its own.
std::string zsh_text(std::string_view text) {
  std::string result = replace_all(text, "\\", "\\\\");
  for (const std::string_view special : {"[", "]", ":"}) {
    result = replace_all(result, special, fmt::format("\\{}", special));
  }
  return replace_all(result, "'", "'\\''");
}

std::string zsh_action(const OptionSpec& option) {
  if (!option.choices.empty()) return fmt::format("({})", fmt::join(option.choices, " "));
  switch (option.completion) {
    case Completion::file:
      return "_files";
    case Completion::interface:
      return "_net_interfaces";
    case Completion::nothing:
      break;
  }
  return " ";
}

// '(-c --count)'{-c+,--count=}'[stop after N probes]:N: '
std::string zsh_specification(const OptionSpec& option) {
  const std::string_view value_short = option.takes_value() ? "+" : "";
  const std::string_view value_long = option.takes_value() ? "=" : "";
  std::string help = fmt::format("[{}]", zsh_text(option.help));
  if (option.takes_value()) help += fmt::format(":{}:{}", option.argument, zsh_action(option));
  const std::string_view again = option.repeatable ? "*" : "";
  if (option.short_name == 0) return fmt::format("'{}--{}{}{}'", again, option.long_name, value_long, help);
  const std::string both =
      fmt::format("{{-{}{},--{}{}}}", option.short_name, value_short, option.long_name, value_long);
  if (option.repeatable) return fmt::format("'*'{}'{}'", both, help);
  return fmt::format("'(-{} --{})'{}'{}'", option.short_name, option.long_name, both, help);
}

struct BashCases {
  std::string arguments;    // what to offer behind an option
  std::string free_values;  // options behind which nothing is offered
  std::string options;      // a case for each subcommand
};

void add_bash_cases(const SubcommandSpec& subcommand, BashCases& cases) {
  std::string names;
  for (const OptionSpec& option : subcommand.options) {
    if (option.hidden) continue;
    names += fmt::format(" --{}", option.long_name);
    if (option.short_name != 0) names += fmt::format(" -{}", option.short_name);
    if (!option.takes_value()) continue;
    const std::string pattern = case_pattern(subcommand.name, option);
    if (bash_argument(option).empty()) {
      cases.free_values += fmt::format("{}{}", cases.free_values.empty() ? "" : "|", pattern);
    } else {
      cases.arguments += fmt::format("    {})\n      {}\n      return ;;\n", pattern, bash_argument(option));
    }
  }
  cases.options += fmt::format("      {}) options='{}' ;;\n", subcommand.name, names.substr(1));
}

std::string zsh_arguments(const SubcommandSpec& subcommand, std::string_view operands) {
  std::string text = "      _arguments -s -S \\\n";
  for (const OptionSpec& option : subcommand.options) {
    if (!option.hidden) text += fmt::format("        {} \\\n", zsh_specification(option));
  }
  return text + fmt::format("        {} ;;\n", operands);
}

void add_fish_options(const SubcommandSpec& subcommand, std::string_view condition, std::string& text) {
  for (const OptionSpec& option : subcommand.options) {
    if (option.hidden) continue;
    text += fmt::format("complete -c sonde -n '{}'", condition);
    if (option.short_name != 0) text += fmt::format(" -s {}", option.short_name);
    text += fmt::format(" -l {}", option.long_name);
    if (!option.choices.empty()) {
      text += fmt::format(" -x -a '{}'", fmt::join(option.choices, " "));
    } else if (option.completion == Completion::interface) {
      text += " -x -a '(__fish_print_interfaces)'";
    } else if (option.completion == Completion::file) {
      text += " -r -F";
    } else if (option.takes_value()) {
      text += " -x";
    }
    text += fmt::format(" -d '{}'\n", replace_all(option.help, "'", "\\'"));
  }
}

}  // namespace

std::string make_bash_completion() {
  BashCases cases;
  for (const SubcommandSpec* subcommand : subcommand_table()) add_bash_cases(*subcommand, cases);
  return fmt::format(R"(# bash completion for sonde
_sonde() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  local subcommand={} options
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  case ${{COMP_WORDS[1]}} in
    {}) subcommand=${{COMP_WORDS[1]}} ;;
  esac
  case $subcommand:$previous in
{}    {})
      COMPREPLY=()
      return ;;
  esac
  if [[ $current == -* ]]; then
    case $subcommand in
{}    esac
    COMPREPLY=($(compgen -W "$options" -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -A hostname -- "$current"))
  if ((COMP_CWORD == 1)); then
    COMPREPLY+=($(compgen -W '{}' -- "$current"))
  fi
}}
complete -F _sonde sonde
)",
                     subcommand_table().front()->name, subcommand_names("|", subcommand_table()),
                     cases.arguments, cases.free_values, cases.options,
                     subcommand_names(" ", subcommand_table()));
}

std::string make_zsh_completion() {
  std::string cases, subcommands;
  for (const SubcommandSpec* subcommand : subcommand_table().subspan(1))
    cases += fmt::format("    {})\n{}", subcommand->name, zsh_arguments(*subcommand, "'*:TARGET:_hosts'"));
  cases += "    *)\n" + zsh_arguments(*subcommand_table().front(), "'*:TARGET:_sonde_targets'");
  for (const SubcommandSpec* subcommand : subcommand_table())
    subcommands += fmt::format(" '{}:{}'", subcommand->name, zsh_text(subcommand->help));
  return fmt::format(R"(#compdef sonde
# zsh completion for sonde
_sonde_targets() {{
  if ((CURRENT == 2)); then
    local -a subcommands
    subcommands=({})
    _describe subcommand subcommands
  fi
  _hosts
}}

_sonde() {{
  case $words[2] in
{}  esac
}}

if [[ $funcstack[1] == _sonde ]]; then
  _sonde "$@"
else
  compdef _sonde sonde
fi
)",
                     subcommands.substr(1), cases);
}

std::string make_fish_completion() {
  std::string text = "# fish completion for sonde\ncomplete -c sonde -f\n";
  for (const SubcommandSpec* subcommand : subcommand_table()) {
    text += fmt::format("complete -c sonde -n __fish_use_subcommand -a {} -d '{}'\n", subcommand->name,
                        replace_all(subcommand->help, "'", "\\'"));
  }
  text += "complete -c sonde -a '(__fish_print_hostnames)'\n";
  const auto others = subcommand_table().subspan(1);
  const std::string first =
      others.empty() ? std::string("true")
                     : fmt::format("not __fish_seen_subcommand_from {}", subcommand_names(" ", others));
  add_fish_options(*subcommand_table().front(), first, text);
  for (const SubcommandSpec* subcommand : others)
    add_fish_options(*subcommand, fmt::format("__fish_seen_subcommand_from {}", subcommand->name), text);
  return text;
}

}  // namespace sonde::cli
