// man_page.cpp: the man page sonde(1), made from the option table.
#include "cli/man_page.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "cli/option_table.hpp"
#include "sonde/version.hpp"

namespace sonde::cli {
namespace {

// Of the page's last change; not the day of the build, so that equal sources make equal pages.
constexpr std::string_view page_date = "2026-11-22";

// `text` as roff source: hyphens that can be copied, backslashes that show, no line that is read as a
// request.
std::string escape(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool at_line_start = result.empty() || result.back() == '\n';
    if (at_line_start && (c == '.' || c == '\'')) result += "\\&";
    if (c == '-') {
      result += "\\-";
    } else if (c == '\\') {
      result += "\\e";
    } else {
      result += c;
    }
  }
  return result;
}

// Prose as source lines: each sentence begins one, and none is longer than 80 bytes.
std::string paragraph(std::string_view text) {
  constexpr std::size_t longest_line = 80;
  std::string lines, line;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    const std::string next = line.empty() ? escape(word) : fmt::format("{} {}", line, escape(word));
    if (next.size() > longest_line && !line.empty()) {
      lines += line + '\n';
      line = escape(word);
    } else {
      line = next;
    }
    if (word.ends_with('.') || text.empty()) {
      lines += line + '\n';
      line.clear();
    }
  }
  return lines;
}

std::string option_entry(const OptionSpec& option) {
  std::string entry = ".TP\n";
  if (option.short_name != 0) entry += fmt::format("\\fB\\-{}\\fR, ", option.short_name);
  entry += fmt::format("\\fB\\-\\-{}\\fR", escape(option.long_name));
  if (option.takes_value()) entry += fmt::format(" \\fI{}\\fR", escape(option.argument));
  std::string help(option.help);
  help.front() =
      help.front() >= 'a' && help.front() <= 'z' ? static_cast<char>(help.front() - 'a' + 'A') : help.front();
  help += '.';
  if (!option.choices.empty()) help += fmt::format(" One of {}.", fmt::join(option.choices, ", "));
  if (!option.details.empty()) help += fmt::format(" {}", option.details);
  if (option.repeatable) help += " May be given several times.";
  if (!option.default_text.empty()) help += fmt::format(" Default: {}.", option.default_text);
  return entry + '\n' + paragraph(help);
}

std::string synopsis() {
  std::string text = ".SH SYNOPSIS\n.B sonde\n\\fR[\\fBping\\fR] [\\fIoptions\\fR] \\fITARGET\\fR...\n";
  for (const SubcommandSpec* subcommand : subcommand_table().subspan(1)) {
    text += fmt::format(".br\n.B sonde {}\n{}\n", escape(subcommand->name), escape(subcommand->synopsis));
  }
  return text;
}

std::string options_of(const SubcommandSpec& subcommand) {
  std::string text;
  for (const Section section : all_sections) {
    std::string entries;
    for (const OptionSpec& option : subcommand.options) {
      if (option.section == section && !option.hidden) entries += option_entry(option);
    }
    if (!entries.empty()) text += fmt::format(".SS {}\n{}", escape(title(section)), entries);
  }
  return text;
}

std::string exit_statuses_of(const SubcommandSpec& subcommand) {
  std::string text;
  for (const auto& [status, meaning] : subcommand.exit_statuses)
    text += fmt::format(".TP\n.B {}\n{}", status, paragraph(meaning));
  return text;
}

std::string upper_case(std::string_view text) {
  std::string upper(text);
  std::ranges::transform(upper, upper.begin(),
                         [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; });
  return upper;
}

constexpr std::string_view see_also =
    R"(.SH FILES
.TP
.I /proc/sys/net/ipv4/ping_group_range
The groups whose processes may open ICMP datagram sockets.
.SH SEE ALSO
.BR ping (8),
.BR icmp (7),
.BR capabilities (7)
)";

}  // namespace

std::string make_man_page() {
  std::string page = fmt::format(".TH SONDE 1 {} \"sonde {}\" \"User Commands\"\n", page_date, version());
  page += ".SH NAME\nsonde \\- measure latency, loss and jitter to any number of hosts\n";
  page += synopsis();
  page += ".SH DESCRIPTION\n";
  const SubcommandSpec& first = *subcommand_table().front();
  page += first.description;
  page += ".SH OPTIONS\n" + options_of(first);
  for (const SubcommandSpec* subcommand : subcommand_table().subspan(1)) {
    page += fmt::format(".SH SONDE {}\n", escape(upper_case(subcommand->name)));
    page += subcommand->description;
    page += options_of(*subcommand) + ".SS Exit status\n" + exit_statuses_of(*subcommand);
  }
  page += ".SH EXIT STATUS\n" + exit_statuses_of(first);
  page += ".SH EXAMPLES\n";
  for (const SubcommandSpec* subcommand : subcommand_table()) {
    for (const Example& example : subcommand->examples)
      page += fmt::format(".TP\n.B {}\n{}\n", escape(example.command), escape(example.help));
  }
  page += see_also;
  return page;
}

}  // namespace sonde::cli
