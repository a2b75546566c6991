// completions.cpp: completion scripts for bash, zsh and fish, made from the option table.
#include "cli/completions.hpp"

#include <fmt/format.h>

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

std::string subcommand_names(std::string_view separator) {
  std::string names;
  for (const SubcommandSpec& subcommand : subcommand_table()) {
    if (!names.empty()) names += separator;
    names += subcommand.name;
  }
  return names;
}

// A bash case pattern: "-c|--count".
std::string case_pattern(const OptionSpec& option) {
  return option.short_name != 0 ? fmt::format("-{}|--{}", option.short_name, option.long_name)
                                : fmt::format("--{}", option.long_name);
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

}  // namespace

std::string make_bash_completion() {
  std::string cases, names, free_values;
  for (const OptionSpec& option : option_table()) {
    if (option.hidden) continue;
    names += fmt::format(" --{}", option.long_name);
    if (option.short_name != 0) names += fmt::format(" -{}", option.short_name);
    if (!option.takes_value()) continue;
    if (bash_argument(option).empty()) {
      free_values += fmt::format("{}{}", free_values.empty() ? "" : "|", case_pattern(option));
    } else {
      cases +=
          fmt::format("    {})\n      {}\n      return ;;\n", case_pattern(option), bash_argument(option));
    }
  }
  return fmt::format(R"(# bash completion for sonde
_sonde() {{
  local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
  if [[ $current == '=' ]]; then
    current=
  elif [[ $previous == '=' ]]; then
    previous=${{COMP_WORDS[COMP_CWORD-2]}}
  fi
  case $previous in
{}    {})
      COMPREPLY=()
      return ;;
  esac
  if [[ $current == -* ]]; then
    COMPREPLY=($(compgen -W '{}' -- "$current"))
    return
  fi
  COMPREPLY=($(compgen -A hostname -- "$current"))
  if ((COMP_CWORD == 1)); then
    COMPREPLY+=($(compgen -W '{}' -- "$current"))
  fi
}}
complete -F _sonde sonde
)",
                     cases, free_values, names.substr(1), subcommand_names(" "));
}

std::string make_zsh_completion() {
  std::string specifications, subcommands;
  for (const OptionSpec& option : option_table()) {
    if (!option.hidden) specifications += fmt::format("    {} \\\n", zsh_specification(option));
  }
  for (const SubcommandSpec& subcommand : subcommand_table()) {
    subcommands += fmt::format(" '{}:{}'", subcommand.name, zsh_text(subcommand.help));
  }
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
  _arguments -s -S \
{}    '*:TARGET:_sonde_targets'
}}

if [[ $funcstack[1] == _sonde ]]; then
  _sonde "$@"
else
  compdef _sonde sonde
fi
)",
                     subcommands.substr(1), specifications);
}

std::string make_fish_completion() {
  std::string text = "# fish completion for sonde\ncomplete -c sonde -f\n";
  for (const SubcommandSpec& subcommand : subcommand_table()) {
    text += fmt::format("complete -c sonde -n __fish_use_subcommand -a {} -d '{}'\n", subcommand.name,
                        replace_all(subcommand.help, "'", "\\'"));
  }
  text += "complete -c sonde -a '(__fish_print_hostnames)'\n";
  for (const OptionSpec& option : option_table()) {
    if (option.hidden) continue;
    text += "complete -c sonde";
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
  return text;
}

}  // namespace sonde::cli
