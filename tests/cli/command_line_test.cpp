// command_line_test.cpp: from argv to options, and what is said about a wrong one.
#include "cli/command_line.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/option_table.hpp"

namespace sonde::cli {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::EndsWith;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

std::expected<ParsedCommandLine, CommandLineError> parse(std::vector<std::string> words) {
  std::vector<const char*> arguments = {"sonde"};
  for (const std::string& word : words) arguments.push_back(word.c_str());
  return parse_command_line(arguments);
}

PingOptions options_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return {};
  }
  return std::get<PingOptions>(std::get<CommandOptions>(*parsed));
}

std::string error_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (parsed) return "(accepted)";
  EXPECT_EQ(parsed.error().status, ExitStatus::usage);
  return parsed.error().message;
}

DocumentRequest document_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (!parsed || !std::holds_alternative<DocumentRequest>(*parsed)) {
    ADD_FAILURE() << "no document";
    return {};
  }
  return std::get<DocumentRequest>(*parsed);
}

TEST(CommandLine, TargetsAloneArePingedWithDefaults) {
  PingOptions expected;
  expected.targets = {"example.net", "192.0.2.1", "::1"};
  EXPECT_EQ(options_of({"example.net", "192.0.2.1", "::1"}), expected);
  EXPECT_EQ(options_of({"ping", "example.net", "192.0.2.1", "::1"}), expected);
}

TEST(CommandLine, DefaultsAreThoseOfTheTable) {
  const PingOptions plain = options_of({"a"});
  for (const OptionSpec& option : subcommand_table().front()->options) {
    if (option.apply == nullptr || option.default_text.empty()) continue;
    CommandOptions set = plain;
    // Defaults in words ("endless") are refused by the option and so leave `set` as it was.
    if (option.apply(option.default_text, set) && option.long_name != "live" && option.long_name != "tos") {
      EXPECT_EQ(std::get<PingOptions>(set), plain) << option.long_name;
    }
  }
}

TEST(CommandLine, EveryOptionReachesItsField) {
  const PingOptions options = options_of({"-c",
                                          "5",
                                          "-i",
                                          "200ms",
                                          "-W",
                                          "2",
                                          "-w",
                                          "1m",
                                          "--rate",
                                          "100k",
                                          "-s",
                                          "100",
                                          "-p",
                                          "ff00",
                                          "-t",
                                          "9",
                                          "-Q",
                                          "ef",
                                          "-m",
                                          "0x10",
                                          "-M",
                                          "do",
                                          "--flow-label",
                                          "0xfffff",
                                          "-I",
                                          "lo",
                                          "-S",
                                          "::1",
                                          "--transport",
                                          "raw",
                                          "--clock",
                                          "user",
                                          "--threads",
                                          "2",
                                          "--sockets",
                                          "4",
                                          "--stamp-every",
                                          "10",
                                          "--receive-buffer",
                                          "256K",
                                          "--percentiles",
                                          "50,99.9",
                                          "--histogram",
                                          "--format",
                                          "csv",
                                          "-q",
                                          "-v",
                                          "-n",
                                          "-D",
                                          "--no-live",
                                          "--color",
                                          "never",
                                          "--pcap",
                                          "out.pcapng",
                                          "--warn-rtt",
                                          "30ms",
                                          "--warn-loss",
                                          "5",
                                          "--all-addresses",
                                          "::1"});
  PingOptions expected;
  expected.targets = {"::1"};
  expected.all_addresses = true;
  expected.family = Family::ipv6;  // of the source
  expected.count = 5;
  expected.interval = 200ms;
  expected.timeout = 2s;
  expected.deadline = 1min;
  expected.rate = 100'000;
  expected.size_bytes = 100;
  expected.pattern = {std::byte{0xff}, std::byte{0}};
  expected.ttl = 9;
  expected.tos = 0xb8;
  expected.mark = 16;
  expected.flow_label = 0xfffff;
  expected.path_mtu = PathMtu::always;
  expected.interface = "lo";
  expected.source = Address::loopback(Family::ipv6);
  expected.transport = TransportKind::icmp_raw;
  expected.clock = ClockChoice::user;
  expected.threads = 2;
  expected.sockets = 4;
  expected.stamp_every = 10;
  expected.receive_buffer_bytes = 262'144;
  expected.format = OutputFormat::csv;
  expected.percentiles = {50, 99.9};
  expected.histogram = expected.numeric = expected.timestamps = expected.verbose = expected.quiet = true;
  expected.live = false;
  expected.colour = ColourChoice::never;
  expected.pcap_file = "out.pcapng";
  expected.warn_rtt = 30ms;
  expected.warn_loss_ratio = 0.05;
  EXPECT_EQ(options, expected);
}

TEST(CommandLine, ShortOptionsMayBeJoined) {
  const PingOptions options = options_of({"-qnc5", "-i0.2", "a", "-Dv"});
  EXPECT_TRUE(options.quiet && options.numeric && options.timestamps && options.verbose);
  EXPECT_EQ(options.count, 5u);
  EXPECT_EQ(options.interval, 200ms);
}

TEST(CommandLine, LongOptionsMayHaveAnEqualsSign) {
  EXPECT_EQ(options_of({"--count=5", "a"}).count, 5u);
  EXPECT_THAT(error_of({"--count=", "5", "a"}), HasSubstr("--count: needs a value"));
}

TEST(CommandLine, TheLastUseOfAnOptionCounts) {
  EXPECT_EQ(options_of({"-c", "5", "a", "--count", "7"}).count, 7u);
  EXPECT_EQ(options_of({"--live", "--no-live", "a"}).live, false);
  EXPECT_EQ(options_of({"--no-live", "--live", "a"}).live, true);
  EXPECT_THAT(options_of({"-f", "a", "-f", "b"}).files, ElementsAre("a", "b"));
}

TEST(CommandLine, BehindTwoDashesAreOnlyTargets) {
  EXPECT_THAT(options_of({"-q", "--", "a", "b"}).targets, ElementsAre("a", "b"));
  EXPECT_EQ(error_of({"--", "-q"}), "sonde: \"-q\" is neither an address nor a name");
}

TEST(CommandLine, AHostNamedLikeASubcommandIsPingedByTheSubcommand) {
  EXPECT_THAT(options_of({"ping", "ping"}).targets, ElementsAre("ping"));
}

TEST(CommandLine, AThousandTargets) {
  std::vector<std::string> words;
  for (int i = 0; i < 1000; ++i) words.push_back("host" + std::to_string(i));
  EXPECT_EQ(options_of(words).targets, words);
}

TEST(CommandLine, RangesAsPrefixAsOneWordAndAsTwo) {
  const std::vector<std::vector<std::string>> same = {{"-g", "10.0.0.1-10.0.0.9"},
                                                      {"-g", "10.0.0.1", "10.0.0.9"},
                                                      {"-g10.0.0.1", "10.0.0.9"},
                                                      {"-qg", "10.0.0.1", "10.0.0.9"},
                                                      {"--generate", "10.0.0.1", "10.0.0.9"},
                                                      {"--generate=10.0.0.1", "10.0.0.9"}};
  for (const auto& words : same) {
    const PingOptions options = options_of(words);
    EXPECT_THAT(options.ranges, ElementsAre("10.0.0.1-10.0.0.9")) << words[0];
    EXPECT_THAT(options.targets, ElementsAre()) << words[0];
  }
  const PingOptions two = options_of({"-g", "10.0.0.0/24", "10.1.0.1", "-g", "::1", "::9", "host"});
  EXPECT_THAT(two.ranges, ElementsAre("10.0.0.0/24", "::1-::9"));
  EXPECT_THAT(two.targets, ElementsAre("10.1.0.1", "host"));
}

TEST(CommandLine, ListsNeedNoCount) {
  EXPECT_EQ(options_of({"--alive", "a"}).count, 1u);
  EXPECT_EQ(options_of({"--unreachable", "a"}).count, 1u);
  EXPECT_EQ(options_of({"--alive", "-c", "3", "a"}).count, 3u);
  EXPECT_EQ(options_of({"--alive", "-w", "3", "a"}).count, 0u);
}

TEST(CommandLine, SourceDecidesTheFamily) {
  EXPECT_EQ(options_of({"-S", "127.0.0.1", "a"}).family, Family::ipv4);
  EXPECT_EQ(options_of({"-S", "::1", "-6", "a"}).family, Family::ipv6);
}

TEST(CommandLine, NoArgumentsGiveTheShortUsage) {
  EXPECT_THAT(error_of({}), StartsWith("Usage: sonde [ping] [options] TARGET...\n"));
  EXPECT_THAT(error_of({"ping"}), StartsWith("Usage: "));
  EXPECT_EQ(error_of({"-q"}), "sonde: no target given; name a host, or use -f FILE or -g RANGE");
}

TEST(CommandLine, DocumentsGoBeforeEverythingElse) {
  EXPECT_EQ(document_of({"--help"}).document, Document::overview);
  EXPECT_EQ(document_of({"ping", "--help"}).document, Document::subcommand_help);
  EXPECT_EQ(document_of({"-c", "0", "--help"}).document, Document::subcommand_help);
  EXPECT_EQ(document_of({"--version"}).document, Document::version);
  EXPECT_EQ(document_of({"--print-man-page"}).document, Document::man_page);
  EXPECT_EQ(document_of({"--print-completion", "bash"}).document, Document::bash_completion);
  EXPECT_EQ(document_of({"--print-completion=zsh"}).document, Document::zsh_completion);
  EXPECT_EQ(document_of({"ping", "--print-completion", "fish"}).document, Document::fish_completion);
  EXPECT_EQ(error_of({"--print-completion", "tcsh"}),
            "sonde: --print-completion: \"tcsh\" is not one of bash, zsh, fish");
}

struct Refusal {
  std::vector<std::string> words;
  std::string message;
};

class WrongCommandLine : public testing::TestWithParam<Refusal> {};

TEST_P(WrongCommandLine, IsRefusedWithOneLine) {
  const std::string message = error_of(GetParam().words);
  EXPECT_EQ(message, "sonde: " + GetParam().message);
  EXPECT_THAT(message, Not(HasSubstr("\n")));
}

INSTANTIATE_TEST_SUITE_P(
    Values, WrongCommandLine,
    testing::Values(
        Refusal{{"-c", "0", "a"}, R"(--count: "0" is too small; at least 1)"},
        Refusal{{"-c", "-1", "a"}, R"(--count: "-1" is not a whole number (1 or more))"},
        Refusal{{"-c", "1x", "a"}, R"(--count: "1x" is not a whole number (1 or more))"},
        Refusal{{"-c", "", "a"}, R"(--count: "" is not a whole number (1 or more))"},
        Refusal{{"-c", "99999999999999999999", "a"},
                R"(--count: "99999999999999999999" is too large; at most 9223372036854775808)"},
        Refusal{{"-s", "65508", "a"}, R"(--size: "65508" is too large; at most 65507)"},
        Refusal{{"-s", "-1", "a"}, R"(--size: "-1" is not a whole number (0 to 65507))"},
        Refusal{{"-t", "0", "a"}, R"(--ttl: "0" is too small; at least 1)"},
        Refusal{{"-t", "256", "a"}, R"(--ttl: "256" is too large; at most 255)"},
        Refusal{{"-i", "1y", "a"}, R"(--interval: "1y" has an unknown unit; use ns, us, ms, s, m, h or d)"},
        Refusal{{"-W", "0", "a"}, R"(--timeout: "0" must be more than 0)"},
        Refusal{{"-w", "0", "a"}, R"(--deadline: "0" must be more than 0)"},
        Refusal{{"--threads", "0", "a"}, R"(--threads: "0" is too small; at least 1)"},
        Refusal{{"-m", "4294967296", "a"}, R"(--mark: "4294967296" is too large; at most 4294967295)"},
        Refusal{{"--flow-label", "0x100000", "a"},
                R"(--flow-label: "0x100000" is too large; at most 1048575)"},
        Refusal{{"-M", "maybe", "a"}, R"(--pmtu: "maybe" is not one of do, want, dont, probe)"},
        Refusal{{"--format", "xml", "a"}, R"(--format: "xml" is not one of text, json, csv, prometheus)"},
        Refusal{{"--color", "", "a"}, R"(--color: "" is not one of auto, always, never)"},
        Refusal{{"-I", "127.0.0.1", "a"},
                R"(--interface: "127.0.0.1" is an address, not an interface; use --source)"},
        Refusal{{"-I", "sixteen-letters-", "a"},
                R"(--interface: "sixteen-letters-" is not an interface's name)"},
        Refusal{{"-S", "host", "a"}, R"(--source: "host" is not a numeric address)"},
        Refusal{{"--pcap", "", "a"}, "--pcap: needs the name of a file"},
        Refusal{{"-f", ""}, "--file: needs a value that is not empty"}));

INSTANTIATE_TEST_SUITE_P(
    Words, WrongCommandLine,
    testing::Values(Refusal{{"--cuont", "5", "a"}, R"(unknown option "--cuont"; did you mean --count?)"},
                    Refusal{{"--intervall=5", "a"},
                            R"(unknown option "--intervall"; did you mean --interval?)"},
                    Refusal{{"--time", "5", "a"}, R"(unknown option "--time"; did you mean --timeout?)"},
                    Refusal{{"--nonsense", "a"}, R"(unknown option "--nonsense"; see sonde ping --help)"},
                    Refusal{{"--=5", "a"}, R"(unknown option "--"; see sonde ping --help)"},
                    Refusal{{"-x", "a"}, R"(unknown option "-x"; see sonde ping --help)"},
                    Refusal{{"-qx", "a"}, R"(unknown option "-x"; see sonde ping --help)"},
                    Refusal{{"-=3", "a"}, R"(unknown option "-="; see sonde ping --help)"},
                    Refusal{{"a", "-c"}, "--count: needs a value (N)"},
                    Refusal{{"a", "--count"}, "--count: needs a value (N)"},
                    Refusal{{"a", "-qc"}, "--count: needs a value (N)"},
                    Refusal{{"-c", "--quiet", "a"}, R"(--count: needs a value (N); "--quiet" is an option)"},
                    Refusal{{"--quiet=1", "a"}, "--quiet: takes no value"},
                    Refusal{{"--quiet=", "a"}, "--quiet: takes no value"}));

INSTANTIATE_TEST_SUITE_P(
    Targets, WrongCommandLine,
    testing::Values(
        Refusal{{""}, R"("" is neither an address nor a name)"},
        Refusal{{"-"}, R"("-" is neither an address nor a name)"},
        Refusal{{"-5"}, R"("-5" is neither an address nor a name)"},
        Refusal{{"++"}, R"("++" is neither an address nor a name)"},
        Refusal{{"[a,b]"}, R"("[a,b]" is neither an address nor a name)"},
        Refusal{{"10.0.0.300"}, R"("10.0.0.300" is neither an address nor a name)"},
        Refusal{{"127.1"}, R"("127.1" is neither an address nor a name)"},
        Refusal{{"10.0.0.0/24"}, R"("10.0.0.0/24" is a range of addresses; use -g for it)"},
        Refusal{{"fe80::1"},
                R"("fe80::1" is link-local: name its interface, as in fe80::1%eth0, or with --interface)"},
        Refusal{{"fe80::1%nope"}, R"("fe80::1%nope" names an interface that does not exist)"},
        Refusal{
            {"-g", "host"},
            R"(--generate: "host" is not a range of addresses (PREFIX, FIRST-LAST or FIRST LAST): not an IP address)"},
        Refusal{
            {"-g", "10.0.0.9", "10.0.0.1"},
            R"(--generate: "10.0.0.9-10.0.0.1" is not a range of addresses (PREFIX, FIRST-LAST or FIRST LAST): the last address is before the first)"}));

INSTANTIATE_TEST_SUITE_P(
    Together, WrongCommandLine,
    testing::Values(
        Refusal{{"-4", "-6", "a"}, "--ipv6: -4 and -6 cannot be used together"},
        Refusal{{"-4", "::1"}, R"("::1" is IPv6, but IPv4 is asked for (-4, -6 or --source))"},
        Refusal{{"-6", "a", "127.0.0.1"},
                R"("127.0.0.1" is IPv4, but IPv6 is asked for (-4, -6 or --source))"},
        Refusal{{"-6", "-g", "10.0.0.0/24"},
                R"(--generate: "10.0.0.0/24" is IPv4, but IPv6 is asked for (-4, -6 or --source))"},
        Refusal{{"-S", "::1", "127.0.0.1"},
                R"("127.0.0.1" is IPv4, but IPv6 is asked for (-4, -6 or --source))"},
        Refusal{{"-4", "-S", "::1", "a"}, R"(--source: "::1" is an IPv6 address, but -4 asks for IPv4)"},
        Refusal{{"-4", "--flow-label", "1", "a"}, "--flow-label: IPv4 has no flow label"},
        Refusal{{"-S", "127.0.0.1", "--flow-label", "1", "a"}, "--flow-label: IPv4 has no flow label"},
        Refusal{{"--live", "--format", "json", "a"}, "--live can only be used with --format text"},
        Refusal{{"--live", "-q", "a"}, "--live and --quiet cannot be used together"},
        Refusal{{"--live", "--alive", "a"}, "--live cannot be used with --alive or --unreachable"},
        Refusal{{"--alive", "--unreachable", "a"}, "--alive and --unreachable cannot be used together"},
        Refusal{{"--alive", "--format", "json", "a"},
                "--alive and --unreachable write text, so --format cannot be used with them"},
        Refusal{{"-f", "-", "-f", "-"}, "--file: standard input can be read only once"}));

// Every visible and hidden option: what takes a value refuses to be last, what takes none refuses "=x".
TEST(CommandLine, EveryOptionKnowsWhetherItTakesAValue) {
  for (const OptionSpec& option : subcommand_table().front()->options) {
    const std::string name = "--" + std::string(option.long_name);
    if (option.takes_value()) {
      EXPECT_EQ(error_of({"a", name}),
                "sonde: " + name + ": needs a value (" + std::string(option.argument) + ")");
      if (option.short_name == 0) continue;
      EXPECT_THAT(error_of({"a", std::string("-") + option.short_name}), StartsWith("sonde: " + name));
    } else if (option.apply != nullptr) {
      EXPECT_EQ(error_of({"a", name + "=x"}), "sonde: " + name + ": takes no value");
    }
  }
}

TEST(Explain, TakesWhatTheSocketGets) {
  const auto parsed = parse({"explain", "-t", "7", "-Q", "cs4", "-I", "eth0", "-S", "192.0.2.9", "-s", "0",
                             "-W", "2s", "--transport", "udp", "--svg", "x.svg", "192.0.2.1"});
  ASSERT_TRUE(parsed.has_value()) << parsed.error().message;
  const auto& options = std::get<ExplainOptions>(std::get<CommandOptions>(*parsed));
  EXPECT_EQ(options.target, "192.0.2.1");
  EXPECT_EQ(options.network.ttl, 7);
  EXPECT_EQ(options.network.tos, 0x80);
  EXPECT_EQ(options.network.interface, "eth0");
  EXPECT_EQ(options.network.source, Address::parse("192.0.2.9").value());
  EXPECT_EQ(options.family, Family::ipv4) << "the source's";
  EXPECT_EQ(options.size_bytes, 0);
  EXPECT_EQ(options.timeout, std::chrono::seconds(2));
  EXPECT_EQ(options.transport, TransportKind::udp);
  EXPECT_EQ(options.svg_file, "x.svg");
}

TEST(Explain, RefusesWhatItCannotDo) {
  EXPECT_THAT(error_of({"explain", "a.example", "b.example"}), HasSubstr("one target"));
  EXPECT_THAT(error_of({"explain", "--transport", "tcp", "192.0.2.1"}), HasSubstr("auto, icmp, raw, udp"));
  EXPECT_THAT(error_of({"explain", "-6", "192.0.2.1"}), HasSubstr("IPv4"));
  EXPECT_THAT(error_of({"explain", "-6", "-S", "192.0.2.1", "::1"}), HasSubstr("--source"));
}

DoctorOptions doctor_options_of(const std::vector<std::string>& words) {
  const auto parsed = parse(words);
  if (!parsed) {
    ADD_FAILURE() << parsed.error().message;
    return {};
  }
  return std::get<DoctorOptions>(std::get<CommandOptions>(*parsed));
}

TEST(Doctor, NeedsNoWords) {
  EXPECT_EQ(doctor_options_of({"doctor"}), DoctorOptions{});
}

TEST(Doctor, TakesATargetAFormatAndAFamily) {
  const DoctorOptions options = doctor_options_of({"doctor", "-6", "--format", "json", "example.net"});
  EXPECT_EQ(options.target, "example.net");
  EXPECT_EQ(options.format, report::Format::json);
  EXPECT_EQ(options.family, Family::ipv6);
}

TEST(Doctor, RefusesWhatItCannotDo) {
  EXPECT_THAT(error_of({"doctor", "a.example", "b.example"}), HasSubstr("one target"));
  EXPECT_THAT(error_of({"doctor", "-4", "-6"}), HasSubstr("cannot be used together"));
  EXPECT_THAT(error_of({"doctor", "-4", "::1"}), HasSubstr("IPv6"));
  EXPECT_THAT(error_of({"doctor", "--format", "csv"}), HasSubstr("text, json"));
  EXPECT_THAT(error_of({"doctor", "192.0.2.0/24"}), HasSubstr("range"));
}

}  // namespace
}  // namespace sonde::cli
