// sweep_table.cpp: the options of `sonde sweep`, and what they say together.
#include "cli/sweep_table.hpp"

#include <fmt/format.h>

#include <array>
#include <limits>

#include "cli/option_readers.hpp"
#include "cli/option_values.hpp"
#include "sweep/filter.hpp"
#include "sweep/heatmap_picture.hpp"
#include "sweep/proof.hpp"
#include "text/number.hpp"
#include "text/packet_bytes.hpp"
#include "text/quantity.hpp"
#include "text/quote.hpp"

namespace sonde::cli {
namespace {

using sweep::Settings;

constexpr std::array<Choice<sweep::RecordFormat>, 2> formats{
    {{"csv", sweep::RecordFormat::csv}, {"json", sweep::RecordFormat::json}}};

constexpr std::array transports = {TransportKind::automatic, TransportKind::icmp_datagram,
                                   TransportKind::icmp_raw, TransportKind::xdp};

constexpr std::uint64_t largest_u64 = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t largest_u32 = std::numeric_limits<std::uint32_t>::max();
constexpr std::size_t longest_contact = 1024;

// As store<>, of the settings and of what the sockets get.
template <auto Member, auto Reader>
Applied store_setting(std::string_view text, CommandOptions& command) {
  auto value = Reader(text);
  if (!value) return std::unexpected(std::move(value.error()));
  std::get<SweepOptions>(command).settings.*Member = std::move(*value);
  return {};
}

template <auto Member, auto Reader>
Applied store_network(std::string_view text, CommandOptions& command) {
  auto value = Reader(text);
  if (!value) return std::unexpected(std::move(value.error()));
  std::get<SweepOptions>(command).settings.network.*Member = std::move(*value);
  return {};
}

template <auto Member, std::uint64_t Least>
Applied store_rounds(std::string_view text, CommandOptions& command) {
  const auto value = read_integer<std::uint16_t, Least, 1000>(text);
  if (!value) return std::unexpected(value.error());
  std::get<SweepOptions>(command).settings.rounds.*Member = *value;
  return {};
}

Applied store_rate(std::string_view text, CommandOptions& command) {
  if (text == "max") {
    std::get<SweepOptions>(command).settings.rate = 0;
    return {};
  }
  const auto rate = text::parse_rate(text);
  if (!rate) return std::unexpected(rate.error());
  std::get<SweepOptions>(command).settings.rate = *rate;
  return {};
}

// "2/5": the second of five.
Applied store_shard(std::string_view text, CommandOptions& command) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos)
    return std::unexpected(fmt::format("{} is not a shard, as in 2/5", text::in_quotes(text)));
  const auto shards = text::parse_whole(text.substr(slash + 1), 1, 65'535);
  if (!shards) return std::unexpected(shards.error());
  const auto number = text::parse_whole(text.substr(0, slash), 1, *shards);
  if (!number) return std::unexpected(number.error());
  std::get<SweepOptions>(command).settings.shard = {.number = *number - 1, .shards = *shards};
  return {};
}

Applied store_sources(std::string_view text, CommandOptions& command) {
  auto& sources = std::get<SweepOptions>(command).settings.sources;
  sources.clear();
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t comma = std::min(text.find(',', begin), text.size());
    const auto source = read_source(text.substr(begin, comma - begin));
    if (!source) return std::unexpected(source.error());
    sources.push_back(*source);
    begin = comma + 1;
  }
  return {};
}

Applied store_contact(std::string_view text, CommandOptions& command) {
  if (text.size() > longest_contact)
    return std::unexpected(fmt::format("is longer than {} bytes", longest_contact));
  std::get<SweepOptions>(command).settings.contact = text;
  return {};
}

Applied add_exclusion(std::string_view text, CommandOptions& command) {
  if (const auto range = AddressRange::parse(text); !range) return std::unexpected(range.error().message());
  std::get<SweepOptions>(command).exclude.emplace_back(text);
  return {};
}

text::Parsed<std::string> read_fields(std::string_view text) {
  if (const auto fields = sweep::parse_fields(text); !fields)
    return std::unexpected(fields.error().message());
  return std::string(text);
}

text::Parsed<std::string> read_filter(std::string_view text) {
  if (const auto filter = sweep::Filter::parse(text); !filter)
    return std::unexpected(filter.error().message());
  return std::string(text);
}

// Empty: standard output.
text::Parsed<std::string> read_output_file(std::string_view text) {
  return text == "-" ? text::Parsed<std::string>("") : read_file_name(text);
}

text::Parsed<std::string> read_heatmap_file(std::string_view text) {
  if (!sweep::is_heatmap_name(text))
    return std::unexpected(fmt::format("{} ends neither in .png nor in .svg", text::in_quotes(text)));
  return std::string(text);
}

constexpr std::array sweep_table = {
    // --- targets ---
    OptionSpec{.short_name = 'x',
               .long_name = "exclude",
               .argument = "RANGE",
               .section = Section::targets,
               .help = "never ask these: a prefix, a range or an address",
               .repeatable = true,
               .apply = add_exclusion},
    OptionSpec{
        .short_name = 'X',
        .long_name = "exclude-file",
        .argument = "FILE",
        .section = Section::targets,
        .help = "never ask what FILE lists, one a line",
        .details =
            "As zmap's and masscan's exclusion lists have it: a prefix, range or address a line, comments "
            "behind a '#'. A line that is none of these ends the run before it begins.",
        .completion = Completion::file,
        .repeatable = true,
        .apply = append<&SweepOptions::exclude_files>},
    OptionSpec{.long_name = "allow-special",
               .section = Section::targets,
               .help = "ask special-purpose addresses as well",
               .details =
                   "Private, loopback, link-local, multicast and all other ranges of IANA's registries of "
                   "special-purpose addresses are taken out otherwise, and IPv6 addresses that lead to such "
                   "IPv4 ones "
                   "(64:ff9b::10.0.0.1, 2002:a00:1::).",
               .apply = set<&SweepOptions::allow_special, true>},
    OptionSpec{.short_name = 'n',
               .long_name = "max-targets",
               .argument = "N",
               .section = Section::targets,
               .help = "ask only the first N addresses of the order",
               .default_text = "all",
               .apply = store_setting<&Settings::max_targets, text::parse_count>},
    OptionSpec{.long_name = "yes",
               .section = Section::targets,
               .help = "ask even if they are more than 16,777,216",
               .apply = set<&SweepOptions::yes, true>},

    // --- schedule ---
    OptionSpec{
        .short_name = 'r',
        .long_name = "rate",
        .argument = "RATE",
        .section = Section::schedule,
        .help = "probes per second; max: as fast as the kernel takes them",
        .details =
            "Begun slowly, and halved while more than one probe in a thousand is dropped on this host. "
            "SIGUSR1 raises it by 5 per cent, SIGUSR2 lowers it.",
        .default_text = "1000",
        .apply = store_rate},
    OptionSpec{.short_name = 'P',
               .long_name = "probes",
               .argument = "N",
               .section = Section::schedule,
               .help = "probes to each address, a round each",
               .default_text = "1",
               .apply = store_rounds<&sweep::Rounds::probes, 1>},
    OptionSpec{.long_name = "retry",
               .argument = "N",
               .section = Section::schedule,
               .help = "ask who is silent up to N times more",
               .default_text = "0",
               .apply = store_rounds<&sweep::Rounds::retries, 0>},
    OptionSpec{.short_name = 'e',
               .long_name = "seed",
               .argument = "N",
               .section = Section::schedule,
               .help = "of the order: the same for the same order",
               .default_text = "a random one",
               .apply = store<&SweepOptions::seed, read_integer<std::uint64_t, 0, largest_u64, true>>},
    OptionSpec{.long_name = "shard",
               .argument = "I/N",
               .section = Section::schedule,
               .help = "ask the I-th of N parts; needs --seed",
               .details = "Together all parts ask every address once.",
               .default_text = "1/1",
               .apply = store_shard},
    OptionSpec{.long_name = "linger",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "wait so long for answers after the last probe",
               .default_text = "10s",
               .apply = store_setting<&Settings::linger, text::parse_duration>},
    OptionSpec{.long_name = "late",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "answers after more than this are called late",
               .details = "Retries wait so long after the round before.",
               .default_text = "1s",
               .apply = store_setting<&Settings::late, text::parse_positive_duration>},
    OptionSpec{.long_name = "max-runtime",
               .argument = "TIME",
               .section = Section::schedule,
               .help = "send no longer than this",
               .default_text = "endless",
               .apply = store<&SweepOptions::max_runtime, text::parse_positive_duration>},
    OptionSpec{.short_name = 'N',
               .long_name = "max-results",
               .argument = "N",
               .section = Section::schedule,
               .help = "end when N addresses have answered",
               .default_text = "all",
               .apply = store_setting<&Settings::max_results, text::parse_count>},
    OptionSpec{.long_name = "min-hitrate",
               .argument = "PERCENT",
               .section = Section::schedule,
               .help = "end when fewer than PERCENT answer, after 5 s",
               .default_text = "0",
               .apply = store<&SweepOptions::min_hit_rate, text::parse_percent>},
    OptionSpec{.long_name = "checkpoint",
               .argument = "FILE",
               .section = Section::schedule,
               .help = "keep in FILE, every half second, how far it is",
               .completion = Completion::file,
               .apply = store<&SweepOptions::checkpoint_file, read_file_name>},
    OptionSpec{
        .long_name = "resume",
        .argument = "FILE",
        .section = Section::schedule,
        .help = "go on where FILE's run was, and keep it there",
        .details =
            "With the same targets and options; rows are added to the output file. What was sent within "
            "--linger before a kill is sent again, to those who had not answered.",
        .completion = Completion::file,
        .apply = store<&SweepOptions::resume_file, read_file_name>},

    // --- packet ---
    OptionSpec{.long_name = "contact",
               .argument = "TEXT",
               .section = Section::packet,
               .help = "say in every probe who asks: an address, a web page",
               .apply = store_contact},
    OptionSpec{
        .short_name = 's',
        .long_name = "size",
        .argument = "BYTES",
        .section = Section::packet,
        .help = "payload of the probes, 24 to 1400",
        .default_text = "24, with --contact more",
        .apply =
            store_setting<&Settings::payload_bytes, read_integer<std::uint16_t, sweep::proof_bytes, 1400>>},
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
    OptionSpec{
        .short_name = 'm',
        .long_name = "mark",
        .argument = "N",
        .section = Section::packet,
        .help = "firewall mark of the packets (a privilege)",
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
               .argument = "LIST",
               .section = Section::packet,
               .help = "send from these addresses of this host, in turn",
               .apply = store_sources},

    // --- measurement ---
    OptionSpec{.long_name = "transport",
               .argument = "KIND",
               .section = Section::measurement,
               .help = "way of asking",
               .details = "icmp: ping sockets, without privileges; raw: raw sockets; auto: the first that "
                          "opens. xdp: AF_XDP, past the "
                          "kernel's IP stack, for the highest rates: with CAP_NET_RAW it sends so, with "
                          "CAP_BPF and CAP_NET_ADMIN "
                          "it receives so as well; at most one thread for each queue of the device.",
               .default_text = "auto",
               .choices = transport_names<transports>,
               .apply = store_setting<&Settings::transport, read_transport<transports>>},
    OptionSpec{.long_name = "threads",
               .argument = "N",
               .section = Section::measurement,
               .help = "threads, each with its sockets and its part of the order",
               .default_text = "1",
               .apply = store_setting<&Settings::threads, read_integer<unsigned, 1, 256>>},
    OptionSpec{.long_name = "sockets",
               .argument = "N",
               .section = Section::measurement,
               .help = "sockets of each thread and family",
               .default_text = "chosen from the rate",
               .apply = store_setting<&Settings::sockets, read_integer<unsigned, 1, 256>>},

    // --- output ---
    OptionSpec{.short_name = 'o',
               .long_name = "output",
               .argument = "FILE",
               .section = Section::output,
               .help = "write the answers there; -: standard output",
               .default_text = "standard output",
               .completion = Completion::file,
               .apply = store<&SweepOptions::output_file, read_output_file>},
    OptionSpec{.long_name = "format",
               .argument = "FORMAT",
               .section = Section::output,
               .help = "how answers are written: a row or an object each",
               .default_text = "csv",
               .choices = choice_names<formats>,
               .apply = choose<&SweepOptions::format, formats>},
    OptionSpec{.short_name = 'f',
               .long_name = "fields",
               .argument = "LIST",
               .section = Section::output,
               .help = "what of each, see --list-fields; *: all",
               .default_text = "address,rtt_ms",
               .apply = store<&SweepOptions::fields, read_fields>},
    OptionSpec{.long_name = "list-fields",
               .section = Section::output,
               .help = "show the fields, and end",
               .apply = set<&SweepOptions::list_fields, true>},
    OptionSpec{.long_name = "filter",
               .argument = "EXPRESSION",
               .section = Section::output,
               .help = "write what it is true of, as in 'rtt_ms > 100 && ttl < 64'",
               .details = "Comparisons of fields by =, !=, <, >, <=, >=, joined by &&, || and parentheses.",
               .default_text = "success = 1 && duplicate = 0",
               .apply = store<&SweepOptions::filter, read_filter>},
    OptionSpec{.long_name = "metadata",
               .argument = "FILE",
               .section = Section::output,
               .help = "write there what was done and lost, as JSON; -: standard output, after the answers",
               .completion = Completion::file,
               .apply = store<&SweepOptions::metadata_file, read_file_name>},
    OptionSpec{
        .long_name = "heatmap",
        .argument = "FILE",
        .section = Section::output,
        .help = "draw who answers how fast, FILE.png or FILE.svg",
        .details = "On a Hilbert curve: prefixes are squares. Dark: silent; from green, fast, to red, slow.",
        .completion = Completion::file,
        .apply = store<&SweepOptions::heatmap_file, read_heatmap_file>},
    OptionSpec{.long_name = "force",
               .section = Section::output,
               .help = "let output files replace files that hold something else",
               .apply = set<&SweepOptions::force, true>},
    OptionSpec{.long_name = "dry-run",
               .section = Section::output,
               .help = "write whom it would ask, in order, and ask nobody",
               .details = "With -q it counts them only.",
               .apply = set<&SweepOptions::dry_run, true>},
    OptionSpec{.short_name = 'q',
               .long_name = "quiet",
               .section = Section::output,
               .help = "no status line and no summary on standard error",
               .apply = set<&SweepOptions::quiet, true>},
    OptionSpec{.short_name = 'h',
               .long_name = "help",
               .section = Section::information,
               .help = "show this help",
               .document = [](std::string_view) { return Document::subcommand_help; }},
};

constexpr std::array example_list = {
    Example{"sonde sweep 198.51.100.0/24", "who answers there, and in what time"},
    Example{"sonde sweep -r 50k --threads 2 -X exclude.txt -o answers.csv --metadata run.json prefixes.txt",
            "the prefixes of a file at 50,000 probes a second"},
    Example{"sonde sweep --seed 7 --shard 1/3 --checkpoint part1.state hitlist.txt",
            "a third of a hitlist, to be resumed with --resume part1.state"},
    Example{"sonde sweep --dry-run 2001:db8::/120 --allow-special", "whom it would ask, in order"},
};

std::expected<CommandOptions, std::string> complete(CommandOptions command,
                                                    std::vector<std::string> operands) {
  auto& options = std::get<SweepOptions>(command);
  options.targets = std::move(operands);
  if (options.list_fields) return command;
  if (options.targets.empty())
    return std::unexpected("no target given; name a prefix, a range or a file of them");
  if (options.settings.shard.shards > 1 && !options.seed && options.resume_file.empty())
    return std::unexpected("--shard: needs --seed, the same for all parts: they are parts of one order");
  if (!options.checkpoint_file.empty() && !options.resume_file.empty())
    return std::unexpected("--checkpoint and --resume cannot be used together: --resume keeps its file");
  if (options.settings.payload_bytes != 0 &&
      options.settings.payload_bytes < sweep::proof_bytes + options.settings.contact.size())
    return std::unexpected(fmt::format("--size: the proof and --contact need {} bytes",
                                       sweep::proof_bytes + options.settings.contact.size()));
  return command;
}

constexpr std::string_view description =
    R"(Asks every address of prefixes, ranges and lists once, in an order that looks
random, and reports who answered, in what time.
Nothing is remembered of a probe: it carries its number and a keyed proof, which
an answer brings back, so memory does not grow with what is asked, and a forged
answer is none.
.PP
.I TARGET
is a prefix (198.51.100.0/24), a range (198.51.100.1-198.51.100.9), an address,
or a file of these, one a line; \- is standard input.
Special-purpose addresses (IANA's registries) are left out.
.PP
Be kind: ask no network that has not agreed to it, keep the rate low, say with
.B \-\-contact
who asks, and keep a list of those who do not want to be asked
.RB ( \-\-exclude\-file ).
.PP
SIGINT and SIGTERM end the sending, and answers are waited for; a second signal
ends it at once.
)";

constexpr std::string_view about =
    R"(Ask every address of prefixes, ranges and lists once, without keeping state,
and report who answered, in what time.

TARGET is a prefix, a range (198.51.100.1-9), an address, or a file of these
(- is standard input). Special-purpose addresses are left out.
)";

constexpr std::array<ExitStatusText, 5> exit_statuses{
    {{0, "Somebody answered; with --dry-run or --list-fields: always."},
     {1, "Nobody answered, or fewer than --min-hitrate."},
     {2, "The usage was wrong, or a file of targets or exclusions could not be read."},
     {3, "The system refused: no permission, no such interface, a source address that is not this host's."},
     {4, "Output could not be written."}}};

}  // namespace

constinit const SubcommandSpec sweep_subcommand{
    .name = "sweep",
    .synopsis = "[options] TARGET...",
    .help = "ask whole prefixes and hitlists once, who answers in what time",
    .about = about,
    .description = description,
    .options = sweep_table,
    .examples = example_list,
    .exit_statuses = exit_statuses,
    .defaults = [] { return CommandOptions(SweepOptions{}); },
    .complete = complete,
};

}  // namespace sonde::cli
