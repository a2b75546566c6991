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
  for (const SubcommandSpec& subcommand : subcommand_table().subspan(1)) {
    text += fmt::format(".br\n.B sonde {}\n{}\n", escape(subcommand.name), escape(subcommand.synopsis));
  }
  return text;
}

struct ExitStatusText {
  int status;
  std::string_view meaning;
};
constexpr std::array<ExitStatusText, 5> exit_statuses{
    {{0, "Every target answered; late answers count."},
     {1, "Some target did not answer."},
     {2, "A name did not resolve, a line of a target file was broken, or the usage was wrong."},
     {3, "The system refused: no permission, no such interface, a source address that is not this host's."},
     {4, "Output could not be written."}}};

constexpr std::string_view description =
    R"(.SH DESCRIPTION
.B sonde
measures latency, loss and jitter to any number of hosts with ICMP echo
requests, without privileges where the system allows that.
Round-trip times come from the kernel's stamps of when a packet is handed to the
device and when its answer is received, so they are about the network and not
about this host.
A probe that never left this host does not count as lost by the network.
.PP
.I TARGET
is a name, an IPv4 address or an IPv6 address, with its zone where it needs one
(fe80::1%eth0).
Without a subcommand,
.B sonde
.I TARGET
means
.B sonde ping
.IR TARGET ;
a host that is named like a subcommand is pinged with
.B sonde ping
.IR NAME .
.PP
.I TIME
is a number with ns, us, ms, s, m, h or d behind it, as in 200ms or 1.5s; a bare
number is seconds.
.I RATE
is packets per second, as in 500, 100k or 2.5M.
.PP
SIGINT and SIGTERM end the run with its summary; SIGQUIT prints the summary so
far and goes on: behind the live table where there is one, on standard error
where the output is a table for programs (csv, prometheus, \-\-alive,
\-\-unreachable).
)";

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
  page += description;
  page += ".SH OPTIONS\n";
  for (const Section section : all_sections) {
    page += fmt::format(".SS {}\n", escape(title(section)));
    for (const OptionSpec& option : option_table()) {
      if (option.section == section && !option.hidden) page += option_entry(option);
    }
  }
  page += ".SH EXIT STATUS\n";
  for (const auto& [status, meaning] : exit_statuses) {
    page += fmt::format(".TP\n.B {}\n{}", status, paragraph(meaning));
  }
  page += ".SH EXAMPLES\n";
  for (const Example& example : examples()) {
    page += fmt::format(".TP\n.B {}\n{}\n", escape(example.command), escape(example.help));
  }
  page += see_also;
  return page;
}

}  // namespace sonde::cli
