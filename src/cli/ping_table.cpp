// ping_table.cpp: the options of `sonde ping`, and what they say together.
#include "cli/ping_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "cli/option_readers.hpp"
#include "cli/option_values.hpp"
#include "cli/target_list.hpp"
#include "text/number.hpp"
#include "text/packet_bytes.hpp"
#include "text/quantity.hpp"

namespace sonde::cli {
namespace {

// --- Words that options take ------------------------------------------------------------------------------

constexpr std::array transports = {TransportKind::automatic, TransportKind::icmp_datagram,
                                   TransportKind::icmp_raw, TransportKind::udp, TransportKind::tcp};

constexpr std::array<Choice<ClockChoice>, 4> clocks{{{"auto", ClockChoice::automatic},
                                                     {"kernel", ClockChoice::kernel},
                                                     {"user", ClockChoice::user},
                                                     {"hardware", ClockChoice::hardware}}};

constexpr std::array<Choice<OutputFormat>, 4> formats{{{"text", OutputFormat::text},
                                                       {"json", OutputFormat::json},
                                                       {"csv", OutputFormat::csv},
                                                       {"prometheus", OutputFormat::prometheus}}};

constexpr std::array<Choice<ColourChoice>, 3> colours{
    {{"auto", ColourChoice::automatic}, {"always", ColourChoice::always}, {"never", ColourChoice::never}}};

constexpr std::array<Choice<Document>, 3> shells{{{"bash", Document::bash_completion},
                                                  {"zsh", Document::zsh_completion},
                                                  {"fish", Document::fish_completion}}};

// --- Values that need more than a number ------------------------------------------------------------------

Applied set_transport(std::string_view text, CommandOptions& command) {
  const auto asked = text::parse_transport(text, transports);
  if (!asked) return std::unexpected(asked.error());
  auto& options = std::get<PingOptions>(command);
  options.transport = asked->kind;
  options.tcp_port = asked->tcp_port;
  return {};
}

// --- The table --------------------------------------------------------------------------------------------

constexpr std::uint64_t largest_u32 = std::numeric_limits<std::uint32_t>::max();

constexpr std::array ping_table = {
    // Targets
    OptionSpec{
        .short_name = 'f',
        .long_name = "file",
        .argument = "FILE",
        .section = Section::targets,
        .help = "read targets from FILE, - for standard input",
        .details =
            "One target a line: a name or an address and, behind it, a label that is shown with it. "
            "Empty lines and comments (from a # at the start of a line or behind a space) are left out. "
            "A line that names no target is reported with its number and left out; the rest goes on.",
        .completion = Completion::file,
        .repeatable = true,
        .apply = append<&PingOptions::files>},
    OptionSpec{.short_name = 'g',
               .long_name = "generate",
               .argument = "RANGE",
               .section = Section::targets,
               .help = "ping every address of RANGE: PREFIX, FIRST-LAST or FIRST LAST",
               .details =
                   "Of an IPv4 prefix shorter than /31 the network and broadcast addresses are left out. One "
                   "run takes at most 4,194,304 targets, as many as an IPv4 /10 has addresses.",
               .repeatable = true,
               .apply = append<&PingOptions::ranges>},
    OptionSpec{.long_name = "all-addresses",
               .section = Section::targets,
               .help = "ping every address of a name, not only the first",
               .apply = set<&PingOptions::all_addresses, true>},
    OptionSpec{.short_name = '4',
               .long_name = "ipv4",
               .section = Section::targets,
               .help = "use IPv4 only",
               .apply = set_family<PingOptions, Family::ipv4>},
    OptionSpec{.short_name = '6',
               .long_name = "ipv6",
               .section = Section::targets,
               .help = "use IPv6 only",
               .apply = set_family<PingOptions, Family::ipv6>},

    // Schedule
    OptionSpec{.short_name = 'c',
               .long_name = "count",
               .argument = "N",
               .section = Section::schedule,
               .help = "stop after N probes to each target",
               .default_text = "endless",
               .apply = store<&PingOptions::count, text::parse_count>},
    OptionSpec{.short_name = 'i',
               .long_name = "interval",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "time between two probes to a target; 0: as fast as possible",
               .details =
                   "With 0, probes leave as fast as the kernel takes them and gives the answers back without "
                   "dropping them; --rate sets a limit to that.",
               .default_text = "1s",
               .apply = store<&PingOptions::interval, text::parse_duration>},
    OptionSpec{.short_name = 'W',
               .long_name = "timeout",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "time after which a probe counts as lost",
               .details =
                   "It may be longer than the interval. An answer that comes still later takes the loss back "
                   "and counts as late.",
               .default_text = "1s",
               .apply = store<&PingOptions::timeout, text::parse_positive_duration>},
    OptionSpec{.short_name = 'w',
               .long_name = "deadline",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "stop after this time, whatever was sent by then",
               .apply = store<&PingOptions::deadline, text::parse_positive_duration>},
    OptionSpec{.long_name = "rate",
               .argument = "RATE",
               .section = Section::schedule,
               .help = "most probes per second over all targets, as in 500 or 100k",
               .default_text = "no limit",
               .apply = store<&PingOptions::rate, text::parse_rate>},

    // Packet
    OptionSpec{.short_name = 's',
               .long_name = "size",
               .argument = "BYTES",
               .section = Section::packet,
               .help = "payload behind the ICMP header, 0 to 65507",
               .details =
                   "With less than 8 bytes there is no room for the token that proves whose answer a packet "
                   "is; answers are then matched by identifier and sequence number alone, and marked so.",
               .default_text = "56",
               .apply = store<&PingOptions::size_bytes, read_integer<std::uint16_t, 0, 65'507>>},
    OptionSpec{.short_name = 'p',
               .long_name = "pattern",
               .argument = "HEX",
               .section = Section::packet,
               .help = "fill the payload behind the token with these bytes",
               .default_text = "bytes counting up",
               .apply = store<&PingOptions::pattern, text::parse_pattern>},
    OptionSpec{.short_name = 't',
               .long_name = "ttl",
               .argument = "N",
               .section = Section::packet,
               .help = "time to live (IPv6: hop limit), 1 to 255",
               .default_text = "the system's",
               .apply = store<&PingOptions::ttl, read_integer<std::uint8_t, 1, 255>>},
    OptionSpec{.short_name = 'Q',
               .long_name = "tos",
               .argument = "TOS",
               .section = Section::packet,
               .help = "TOS or traffic class byte, or a DSCP name",
               .details =
                   "A number is the whole byte, 0 to 255 or 0x00 to 0xff. Names are be, le, ef, va, cs0 to "
                   "cs7 and af11 to af43.",
               .default_text = "0",
               .apply = store<&PingOptions::tos, text::parse_tos>},
    OptionSpec{
        .short_name = 'M',
        .long_name = "pmtu",
        .argument = "MODE",
        .section = Section::packet,
        .help = "path MTU discovery",
        .details =
            "do: never fragment, not even here. want: fragment here when the packet is larger than the "
            "path's known MTU. dont: let routers fragment. probe: never fragment, and ignore the known "
            "MTU.",
        .default_text = "the system's",
        .choices = choice_names<path_mtus>,
        .apply = choose<&PingOptions::path_mtu, path_mtus>},
    OptionSpec{.long_name = "flow-label",
               .argument = "N",
               .section = Section::packet,
               .help = "IPv6 flow label, 0 to 0xfffff",
               .apply = store<&PingOptions::flow_label, read_integer<std::uint32_t, 0, 0xfffff, true>>},
    OptionSpec{.short_name = 'm',
               .long_name = "mark",
               .argument = "N",
               .section = Section::packet,
               .help = "firewall mark of the packets (a privilege)",
               .details = "Needs CAP_NET_ADMIN, or CAP_NET_RAW from Linux 5.17 on.",
               .apply = store<&PingOptions::mark, read_integer<std::uint32_t, 0, largest_u32, true>>},
    OptionSpec{.short_name = 'I',
               .long_name = "interface",
               .argument = "NAME",
               .section = Section::packet,
               .help = "send and receive by this interface alone",
               .completion = Completion::interface,
               .apply = store<&PingOptions::interface, read_interface>},
    OptionSpec{.short_name = 'S',
               .long_name = "source",
               .argument = "ADDRESS",
               .section = Section::packet,
               .help = "send from this address of this host",
               .details = "Without -4 or -6, only targets of its family are pinged.",
               .apply = store<&PingOptions::source, read_source>},

    // Measurement
    OptionSpec{
        .long_name = "transport",
        .argument = "KIND",
        .section = Section::measurement,
        .help = "way of asking, tcp also as tcp:PORT",
        .details =
            "icmp: ICMP datagram sockets, which need no privilege where net.ipv4.ping_group_range "
            "allows them. raw: raw sockets, which need CAP_NET_RAW. udp: datagrams to closed ports, which "
            "hosts "
            "answer with port unreachable; no privilege, but a Linux host answers one a second. "
            "tcp: the time of a handshake with port 443 (80 where that stays silent) or PORT, accepted "
            "or refused; no privilege, no data is sent. auto: the first of these that opens.",
        .default_text = "auto",
        .choices = transport_names<transports>,
        .apply = set_transport},
    OptionSpec{
        .long_name = "try-all",
        .section = Section::measurement,
        .help = "try other ways also when a single target is silent",
        .details =
            "With several targets --transport auto does so by itself: when none of a family has answered its "
            "first three probes, and one answers by the next way, all are asked by that from there on. What "
            "was measured by each way has its own summary.",
        .apply = set<&PingOptions::try_all, true>},
    OptionSpec{
        .long_name = "unpaced",
        .section = Section::measurement,
        .help = "by UDP, ask as often as told",
        .details = "Otherwise a target is asked at most once a second by UDP, once it got six probes, and "
                   "all targets "
                   "together 800 times a second: a Linux host sends no more port unreachables to one asker "
                   "(net.ipv4.icmp_ratelimit), and hardly more in all (net.ipv4.icmp_msgs_per_sec).",
        .apply = set<&PingOptions::pace_udp, false>},
    OptionSpec{
        .long_name = "clock",
        .argument = "KIND",
        .section = Section::measurement,
        .help = "where the times come from",
        .details = "kernel: the kernel's stamps, when a packet is handed to the device and when one comes "
                   "from it. hardware: the device's own stamps. user: this program's clock around its system "
                   "calls, which contains the host's own time. auto: kernel where the sockets give it.",
        .default_text = "auto",
        .choices = choice_names<clocks>,
        .apply = choose<&PingOptions::clock, clocks>},
    OptionSpec{.long_name = "threads",
               .argument = "N",
               .section = Section::measurement,
               .help = "threads that probe, each with its share of the targets",
               .default_text = "1",
               .apply = store<&PingOptions::threads, read_integer<unsigned, 1, 256>>},
    OptionSpec{.long_name = "sockets",
               .argument = "N",
               .section = Section::measurement,
               .help = "sockets per thread and family",
               .default_text = "as the rate needs",
               .apply = store<&PingOptions::sockets, read_integer<unsigned, 1, 4096>>},
    OptionSpec{
        .long_name = "stamp-every",
        .argument = "N",
        .section = Section::measurement,
        .help = "ask the kernel for a sending stamp on every Nth probe only",
        .details = "Saves some of the cost of stamps at high rates; the other probes are timed by this "
                   "program's clock.",
        .default_text = "1",
        .apply = store<&PingOptions::stamp_every, read_integer<std::uint32_t, 1, largest_u32>>},
    OptionSpec{.long_name = "receive-buffer",
               .argument = "BYTES",
               .section = Section::measurement,
               .help = "receive buffer of each socket",
               .hidden = true,
               .apply = store<&PingOptions::receive_buffer_bytes, text::parse_buffer_size>},

    // Output
    OptionSpec{.long_name = "format",
               .argument = "FORMAT",
               .section = Section::output,
               .help = "how results are written",
               .details = "json: one object a line. prometheus: one exposition when the run ends.",
               .default_text = "text",
               .choices = choice_names<formats>,
               .apply = choose<&PingOptions::format, formats>},
    OptionSpec{.short_name = 'q',
               .long_name = "quiet",
               .section = Section::output,
               .help = "no line per answer, only the summary",
               .apply = set<&PingOptions::quiet, true>},
    OptionSpec{.short_name = 'v',
               .long_name = "verbose",
               .section = Section::output,
               .help = "show the IP header of every answer",
               .apply = set<&PingOptions::verbose, true>},
    OptionSpec{.short_name = 'n',
               .long_name = "numeric",
               .section = Section::output,
               .help = "do not look up the names of addresses",
               .apply = set<&PingOptions::numeric, true>},
    OptionSpec{.short_name = 'D',
               .long_name = "timestamps",
               .section = Section::output,
               .help = "put the Unix time before every line",
               .apply = set<&PingOptions::timestamps, true>},
    OptionSpec{.long_name = "percentiles",
               .argument = "LIST",
               .section = Section::output,
               .help = "percentiles of the RTT to show, beside 50, 90 and 99",
               .default_text = "50,90,99",
               .apply = store<&PingOptions::percentiles, text::parse_percentiles>},
    OptionSpec{.long_name = "histogram",
               .section = Section::output,
               .help = "show a histogram of the RTT",
               .apply = set<&PingOptions::histogram, true>},
    OptionSpec{.long_name = "alive",
               .section = Section::output,
               .help = "list only the targets that answered, one a line",
               .details = "With neither -c nor -w, one probe is sent to each target.",
               .apply = set<&PingOptions::alive, true>},
    OptionSpec{.long_name = "unreachable",
               .section = Section::output,
               .help = "list only the targets that did not answer, one a line",
               .details = "With neither -c nor -w, one probe is sent to each target.",
               .apply = set<&PingOptions::unreachable, true>},
    OptionSpec{.long_name = "live",
               .section = Section::output,
               .help = "show a live table of all targets",
               .default_text = "with several targets, on a terminal",
               .apply = set<&PingOptions::live, true>},
    OptionSpec{.long_name = "no-live",
               .section = Section::output,
               .help = "write lines even on a terminal",
               .apply = set<&PingOptions::live, false>},
    OptionSpec{.long_name = "color",
               .argument = "WHEN",
               .section = Section::output,
               .help = "whether to use colour",
               .default_text = "auto",
               .choices = choice_names<colours>,
               .apply = choose<&PingOptions::colour, colours>},
    OptionSpec{.long_name = "colour",
               .argument = "WHEN",
               .section = Section::output,
               .help = "the same",
               .choices = choice_names<colours>,
               .hidden = true,
               .apply = choose<&PingOptions::colour, colours>},
    OptionSpec{.long_name = "pcap",
               .argument = "FILE",
               .section = Section::output,
               .help = "write probes and answers to FILE (pcap-ng)",
               .details = "-: standard output; lines then go to standard error.",
               .completion = Completion::file,
               .apply = store<&PingOptions::pcap_file, read_file_name>},
    OptionSpec{.long_name = "force",
               .section = Section::output,
               .help = "let output files replace files that hold something else",
               .apply = set<&PingOptions::force, true>},
    OptionSpec{.long_name = "warn-rtt",
               .argument = "TIME",
               .section = Section::output,
               .help = "warn when an RTT is longer than TIME",
               .apply = store<&PingOptions::warn_rtt, text::parse_positive_duration>},
    OptionSpec{.long_name = "warn-loss",
               .argument = "PERCENT",
               .section = Section::output,
               .help = "warn when more than PERCENT of a target's probes are lost",
               .apply = store<&PingOptions::warn_loss_ratio, text::parse_percent>},

    // Information
    OptionSpec{.short_name = 'h',
               .long_name = "help",
               .section = Section::information,
               .help = "show this help",
               .document = [](std::string_view) { return Document::subcommand_help; }},
    OptionSpec{.short_name = 'V',
               .long_name = "version",
               .section = Section::information,
               .help = "show the version",
               .document = [](std::string_view) { return Document::version; }},
    OptionSpec{.long_name = "print-man-page",
               .section = Section::information,
               .help = "print the man page sonde(1)",
               .document = [](std::string_view) { return Document::man_page; }},
    OptionSpec{.long_name = "print-completion",
               .argument = "SHELL",
               .section = Section::information,
               .help = "print the completion script of a shell",
               .choices = choice_names<shells>,
               .document =
                   [](std::string_view name) {
                     const auto index = find_choice(name, choice_names<shells>);
                     return shells[index.value_or(0)].value;
                   }},
};

constexpr std::array example_list = {
    Example{"sonde example.net", "one host, until Ctrl-C"},
    Example{"sonde -c 5 192.0.2.1 2001:db8::1", "five probes each to two addresses"},
    Example{"sonde -i 200ms -w 1m --format json example.net",
            "five a second for a minute, for a program to read"},
    Example{"sonde --alive -g 192.0.2.0/24", "which hosts of a network answer"},
    Example{"sonde -f hosts.txt -i 10s -q", "all hosts of a file, a summary on Ctrl-C"},
};

// --- What they say together --------------------------------------------------------------------------------

// What no single option can be blamed for.
std::optional<std::string> contradiction(const PingOptions& options) {
  const bool lists = options.alive || options.unreachable;
  const bool live = options.live.value_or(false);
  if (options.alive && options.unreachable) return "--alive and --unreachable cannot be used together";
  if (lists && options.format != OutputFormat::text)
    return "--alive and --unreachable write text, so --format cannot be used with them";
  if (live && options.format != OutputFormat::text) return "--live can only be used with --format text";
  if (live && options.quiet) return "--live and --quiet cannot be used together";
  if (live && lists) return "--live cannot be used with --alive or --unreachable";
  if (auto fault = source_fault(options.source, options.family)) return fault;
  if (std::ranges::count(options.files, "-") > 1) return "--file: standard input can be read only once";
  return std::nullopt;
}

// What a way of asking cannot do.
std::optional<std::string> impossible(const PingOptions& options) {
  const bool tcp = options.transport == TransportKind::tcp, udp = options.transport == TransportKind::udp;
  if ((tcp || udp) && !options.pcap_file.empty())
    return "--pcap: captures show ICMP probes only; use --transport icmp or raw";
  if (!tcp) return std::nullopt;
  if (options.size_bytes != PingOptions{}.size_bytes) return "--size: a TCP handshake carries no data";
  if (!options.pattern.empty()) return "--pattern: a TCP handshake carries no data";
  if (options.clock == ClockChoice::hardware)
    return "--clock: the kernel gives no hardware stamps of a TCP handshake";
  if (options.sockets != 0) return "--sockets: every TCP probe has a socket of its own";
  return std::nullopt;
}

// Checks what the options say together and fills in what follows from it.
std::expected<CommandOptions, std::string> complete(CommandOptions command,
                                                    std::vector<std::string> operands) {
  auto& options = std::get<PingOptions>(command);
  options.targets = std::move(operands);
  if (options.targets.empty() && options.files.empty() && options.ranges.empty()) {
    return std::unexpected("no target given; name a host, or use -f FILE or -g RANGE");
  }
  if (const auto fault = contradiction(options)) return std::unexpected(*fault);
  if (const auto fault = impossible(options)) return std::unexpected(*fault);
  if (options.source && !options.family) options.family = options.source->family();
  if (options.flow_label && options.family == Family::ipv4)
    return std::unexpected("--flow-label: IPv4 has no flow label");
  if (options.flow_label) options.family = Family::ipv6;
  const TargetRules rules = target_rules(options);
  for (const std::string& target : options.targets) {
    if (const auto fault = target_fault(target, rules)) return std::unexpected(*fault);
  }
  for (const std::string& range : options.ranges) {
    if (const auto fault = range_fault(range, rules))
      return std::unexpected(fmt::format("--generate: {}", *fault));
  }
  if ((options.alive || options.unreachable) && options.count == 0 && !options.deadline) options.count = 1;
  return command;
}

constexpr std::string_view description =
    R"(.B sonde
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
A run that is ended, also by
.BR \-\-deadline ,
waits for the answers to its last probes for one timeout, 2 seconds at the
longest; a second signal ends it at once.
)";

constexpr std::array<ExitStatusText, 5> exit_statuses{
    {{0, "Every target answered; late answers count."},
     {1, "Some target did not answer."},
     {2, "A name did not resolve, a line of a target file was broken, or the usage was wrong."},
     {3,
      "The system refused: no permission, no such interface, a source address that is not this host's, "
      "no thread, memory or descriptor left."},
     {4, "Output could not be written."}}};

constexpr std::string_view about =
    R"(Measure latency, loss and jitter to any number of hosts.

TARGET is a name, an IPv4 address or an IPv6 address (fe80::1%eth0). TIME is
a number with ns, us, ms, s, m, h or d behind it, as in 200ms; seconds without.
)";

}  // namespace

constinit const SubcommandSpec ping_subcommand{
    .name = "ping",
    .synopsis = "[options] TARGET...",
    .help = "measure latency, loss and jitter to any number of hosts",
    .about = about,
    .description = description,
    .options = ping_table,
    .examples = example_list,
    .exit_statuses = exit_statuses,
    .defaults = [] { return CommandOptions(PingOptions{}); },
    .complete = complete,
};

}  // namespace sonde::cli
