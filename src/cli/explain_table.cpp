// explain_table.cpp: the options of `sonde explain`, and what they say together.
#include "cli/explain_table.hpp"

#include <array>
#include <limits>

#include "cli/option_readers.hpp"
#include "cli/option_values.hpp"
#include "cli/target_list.hpp"
#include "text/packet_bytes.hpp"
#include "text/quantity.hpp"

namespace sonde::cli {
namespace {

constexpr std::array<Choice<report::Format>, 2> formats{
    {{"text", report::Format::text}, {"json", report::Format::json}}};

constexpr std::array transports = {TransportKind::automatic, TransportKind::icmp_datagram,
                                   TransportKind::icmp_raw, TransportKind::udp};

constexpr std::uint64_t largest_u32 = std::numeric_limits<std::uint32_t>::max();

// As store<>, of the options that the socket gets.
template <auto Member, auto Reader>
Applied store_network(std::string_view text, CommandOptions& command) {
  auto value = Reader(text);
  if (!value) return std::unexpected(std::move(value.error()));
  std::get<ExplainOptions>(command).network.*Member = std::move(*value);
  return {};
}

Applied choose_path_mtu(std::string_view text, CommandOptions& command) {
  const auto index = find_choice(text, choice_names<path_mtus>);
  if (!index) return std::unexpected(index.error());
  std::get<ExplainOptions>(command).network.path_mtu = path_mtus[*index].value;
  return {};
}

constexpr std::array explain_table = {
    OptionSpec{.short_name = '4',
               .long_name = "ipv4",
               .section = Section::targets,
               .help = "use IPv4 only",
               .apply = set_family<ExplainOptions, Family::ipv4>},
    OptionSpec{.short_name = '6',
               .long_name = "ipv6",
               .section = Section::targets,
               .help = "use IPv6 only",
               .apply = set_family<ExplainOptions, Family::ipv6>},
    OptionSpec{.short_name = 'W',
               .long_name = "timeout",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "how long to wait for the answer",
               .default_text = "1s",
               .apply = store<&ExplainOptions::timeout, text::parse_positive_duration>},
    OptionSpec{.short_name = 's',
               .long_name = "size",
               .argument = "BYTES",
               .section = Section::packet,
               .help = "payload of the probe, 0 to 65507",
               .default_text = "56",
               .apply = store<&ExplainOptions::size_bytes, read_integer<std::uint16_t, 0, 65'507>>},
    OptionSpec{.short_name = 't',
               .long_name = "ttl",
               .argument = "N",
               .section = Section::packet,
               .help = "TTL or hop limit, 1 to 255",
               .apply = store_network<&NetworkOptions::ttl, read_integer<std::uint8_t, 1, 255>>},
    OptionSpec{.short_name = 'Q',
               .long_name = "tos",
               .argument = "TOS",
               .section = Section::packet,
               .help = "TOS or traffic class: a number or a DSCP name",
               .apply = store_network<&NetworkOptions::tos, text::parse_tos>},
    OptionSpec{.short_name = 'M',
               .long_name = "pmtudisc",
               .argument = "HOW",
               .section = Section::packet,
               .help = "path MTU discovery",
               .choices = choice_names<path_mtus>,
               .apply = choose_path_mtu},
    OptionSpec{
        .short_name = 'm',
        .long_name = "mark",
        .argument = "N",
        .section = Section::packet,
        .help = "firewall mark of the packet (a privilege)",
        .apply = store_network<&NetworkOptions::mark, read_integer<std::uint32_t, 0, largest_u32, true>>},
    OptionSpec{.short_name = 'I',
               .long_name = "interface",
               .argument = "NAME",
               .section = Section::packet,
               .help = "send and receive by this interface alone",
               .completion = Completion::interface,
               .apply = store_network<&NetworkOptions::interface, read_interface>},
    OptionSpec{.short_name = 'S',
               .long_name = "source",
               .argument = "ADDRESS",
               .section = Section::packet,
               .help = "send from this address of this host",
               .apply = store_network<&NetworkOptions::source, read_source>},
    OptionSpec{.long_name = "transport",
               .argument = "KIND",
               .section = Section::measurement,
               .help = "way of asking",
               .details = "As for sonde ping; a TCP handshake has no stamps, so tcp is not among them.",
               .default_text = "auto",
               .choices = transport_names<transports>,
               .apply = store<&ExplainOptions::transport, read_transport<transports>>},
    OptionSpec{.long_name = "format",
               .argument = "FORMAT",
               .section = Section::output,
               .help = "how the explanation is written",
               .details = "json: one object, described in docs/explain.md.",
               .default_text = "text",
               .choices = choice_names<formats>,
               .apply = choose<&ExplainOptions::format, formats>},
    OptionSpec{.long_name = "svg",
               .argument = "FILE",
               .section = Section::output,
               .help = "draw the explanation as a picture, too (SVG)",
               .completion = Completion::file,
               .apply = store<&ExplainOptions::svg_file, read_file_name>},
    OptionSpec{.long_name = "force",
               .section = Section::output,
               .help = "let output files replace files that hold something else",
               .apply = set<&ExplainOptions::force, true>},
    OptionSpec{.short_name = 'h',
               .long_name = "help",
               .section = Section::information,
               .help = "show this help",
               .document = [](std::string_view) { return Document::subcommand_help; }},
};

constexpr std::array example_list = {
    Example{"sonde explain example.net", "where the time of one probe goes"},
    Example{"sonde explain --transport raw --svg probe.svg 192.0.2.1",
            "the same by a raw socket, and as a picture"},
};

std::expected<CommandOptions, std::string> complete(CommandOptions command,
                                                    std::vector<std::string> operands) {
  auto& options = std::get<ExplainOptions>(command);
  if (operands.size() != 1) return std::unexpected("explain takes one target");
  if (const auto fault = source_fault(options.network.source, options.family)) return std::unexpected(*fault);
  if (options.network.source && !options.family) options.family = options.network.source->family();
  const TargetRules rules{.family = options.family, .has_interface = !options.network.interface.empty()};
  if (const auto fault = target_fault(operands.front(), rules)) return std::unexpected(*fault);
  options.target = std::move(operands.front());
  return command;
}

constexpr std::string_view description =
    R"(Sends one probe and draws its life as a timeline of up to seven measured
instants: the call that sends it, the kernel's stamps of the queueing
discipline, of the device and of the answer, and how sonde came to know of it.
Beside each span stand the kernel functions that such a probe passes there, here
and at the far end; they are documentation of Linux, not measured.
A stamp that the kernel did not take is called missing, never guessed.
.PP
Behind that come the answer with its TTL and the distance that it tells of, the
route, source, interface and neighbour that were used, and the row of the socket
in the kernel's table.
)";

constexpr std::array<ExitStatusText, 5> exit_statuses{
    {{0, "The target answered."},
     {1, "It did not."},
     {2, "The name did not resolve, or the usage was wrong."},
     {3, "The system refused: no permission, no such interface, a source address that is not this host's."},
     {4, "Output could not be written."}}};

constexpr std::string_view about =
    R"(Show where the time of one probe goes: in this host's kernel before it leaves,
in the network, and on the way back to this program.

TARGET is a name, an IPv4 address or an IPv6 address (fe80::1%eth0).
)";

}  // namespace

constinit const SubcommandSpec explain_subcommand{
    .name = "explain",
    .synopsis = "[options] TARGET",
    .help = "show where the time of one probe goes, step by step",
    .about = about,
    .description = description,
    .options = explain_table,
    .examples = example_list,
    .exit_statuses = exit_statuses,
    .defaults = [] { return CommandOptions(ExplainOptions{}); },
    .complete = complete,
};

}  // namespace sonde::cli
