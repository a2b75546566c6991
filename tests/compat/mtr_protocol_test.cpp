// mtr-packet's protocol: what is taken for a command, what a command asks for, and what an outcome says.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <string>

#include "compat/mtr/answers.hpp"
#include "compat/mtr/command.hpp"
#include "compat/mtr/probe.hpp"

namespace sonde::compat::mtr {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using namespace std::chrono_literals;

// --- lines -------------------------------------------------------------------------------------------------

std::vector<std::string> lines_of(LineBuffer& buffer, std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const auto room = buffer.room();
    const std::size_t count = text.copy(room.data(), room.size());
    buffer.took(count);
    text.remove_prefix(count);
    while (const auto line = buffer.next()) lines.push_back(*line);
    if (buffer.take_overflow()) lines.emplace_back("overflow");
  }
  return lines;
}

TEST(MtrLines, ComeInPieces) {
  LineBuffer buffer;
  EXPECT_THAT(lines_of(buffer, "1 check-"), IsEmpty());
  EXPECT_THAT(lines_of(buffer, "support\n2 b\n\n3"), ElementsAre("1 check-support", "2 b", ""));
  EXPECT_THAT(lines_of(buffer, " c\n"), ElementsAre("3 c"));
}

TEST(MtrLines, ThatAreTooLongAreThrownAwayAndTheNextIsRead) {
  LineBuffer buffer;
  const auto lines = lines_of(buffer, fmt::format("{:x<4095}\n1 a\n", ""));
  EXPECT_THAT(lines, ElementsAre("overflow", "", "1 a"));
  EXPECT_THAT(lines_of(buffer, fmt::format("{:y<4094}\n", "")), ElementsAre(std::string(4094, 'y')));
}

// --- commands ----------------------------------------------------------------------------------------------

TEST(MtrCommand, IsATokenANameAndPairs) {
  const auto command = parse_command("\t 42 send-probe  ip-4 127.0.0.1 ttl 3\r");
  ASSERT_TRUE(command);
  EXPECT_EQ(command->token, 42);
  EXPECT_EQ(command->name, "send-probe");
  EXPECT_EQ(command->find("ip-4"), "127.0.0.1");
  EXPECT_EQ(command->find("ttl"), "3");
  EXPECT_EQ(command->find("send-probe"), std::nullopt);
}

TEST(MtrCommand, WithoutANumberHasTheTokenZero) {
  EXPECT_EQ(parse_command("malformed words")->token, 0);
  EXPECT_EQ(parse_command("-7 x")->token, -7);
  EXPECT_EQ(parse_command("+7 x")->token, 7);
  EXPECT_EQ(parse_command("12ab x")->token, 12);
}

TEST(MtrCommand, IsRefusedWhenItCannotBeOne) {
  for (const char* line : {"", "   ", "malformed", "1", "1 send-probe ip-4", "1 x a b c",
                           "99999999999999999999999 check-support"})
    EXPECT_FALSE(parse_command(line)) << line;
}

TEST(MtrCommand, HasAtMostSixteenArguments) {
  std::string line = "1 x";
  for (int i = 0; i < 16; ++i) line += " name value";
  ASSERT_TRUE(parse_command(line));
  EXPECT_EQ(parse_command(line)->arguments.size(), 16);
  EXPECT_FALSE(parse_command(line + " name value"));
  EXPECT_FALSE(parse_command(line + " name"));
}

// --- probes ------------------------------------------------------------------------------------------------

constexpr Support all{true, true, TransportKind::icmp_datagram, TransportKind::icmp_raw};

std::expected<Probe, std::string_view> read(const std::string& arguments, const Support& support = all) {
  return read_probe(parse_command("1 send-probe " + arguments).value(), support);
}

TEST(MtrProbe, HasMtrPacketsDefaults) {
  const auto probe = read("ip-4 192.0.2.1");
  ASSERT_TRUE(probe);
  EXPECT_EQ(probe->to.to_string(), "192.0.2.1");
  EXPECT_EQ(probe->options.timeout, 10s);
  EXPECT_EQ(probe->options.payload_bytes, 64 - 28);
  EXPECT_THAT(probe->options.pattern, ElementsAre(std::byte{0}));
  EXPECT_EQ(probe->options.network.ttl, 255);
  EXPECT_EQ(probe->options.network.tos, 0);
  EXPECT_EQ(probe->options.network.mark, std::nullopt);
  EXPECT_EQ(probe->options.network.transport, TransportKind::icmp_datagram);
}

TEST(MtrProbe, TakesEveryArgument) {
  const auto probe = read(
      "ip-6 2001:db8::1 local-ip-6 2001:db8::2 ttl 7 size 256 bit-pattern 51 tos 77 timeout 3 mark 9 "
      "local-device eth0 protocol icmp colour blue");
  ASSERT_TRUE(probe);
  const NetworkOptions& network = probe->options.network;
  EXPECT_EQ(network.source->to_string(), "2001:db8::2");
  EXPECT_EQ(network.ttl, 7);
  EXPECT_EQ(network.tos, 77);
  EXPECT_EQ(network.mark, 9);
  EXPECT_EQ(network.interface, "eth0");
  EXPECT_EQ(network.transport, TransportKind::icmp_raw);
  EXPECT_EQ(probe->options.payload_bytes, 256 - 48);
  EXPECT_THAT(probe->options.pattern, ElementsAre(std::byte{51}));
  EXPECT_EQ(probe->options.timeout, 3s);
}

TEST(MtrProbe, HasItsBoundsCut) {
  EXPECT_EQ(read("ip-4 192.0.2.1 size -20")->options.payload_bytes, 0);
  EXPECT_EQ(read("ip-4 192.0.2.1 size 9000")->options.payload_bytes, 9000 - 28);
  EXPECT_EQ(read("ip-4 192.0.2.1 timeout 0")->options.timeout, 1us);
  EXPECT_EQ(read("ip-4 192.0.2.1 timeout -5")->options.timeout, 1us);
  EXPECT_GT(read("ip-4 192.0.2.1 timeout 2147483647")->options.timeout, 300 * 24h);
  EXPECT_EQ(read("ip-4 192.0.2.1 tos 511")->options.network.tos, 255);
  EXPECT_EQ(read("ip-4 192.0.2.1 local-ip-4 0.0.0.0")->options.network.source, std::nullopt);
}

TEST(MtrProbe, GoesByTcpToPortEightyUnlessTold) {
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol tcp")->options.network.tcp_port, 80);
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol tcp port 22")->options.network.tcp_port, 22);
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol tcp")->options.network.transport, TransportKind::tcp);
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol udp")->options.network.transport, TransportKind::udp);
}

TEST(MtrProbe, IsRefusedInMtrPacketsWords) {
  for (const char* arguments :
       {"ip-4 x", "ip-4 ::1", "ip-6 192.0.2.1", "ip-6 fe80::1%lo", "ip-4 192.0.2.1 timeout x",
        "ip-4 192.0.2.1 ttl 3x", "ip-4 192.0.2.1 ttl 0", "ip-4 192.0.2.1 ttl 256", "ip-4 192.0.2.1 size 9001",
        "ip-4 192.0.2.1 local-port 80", "ip-4 192.0.2.1 port -1", "ip-4 192.0.2.1 port 65536",
        "ip-4 192.0.2.1 protocol gre", "ip-4 192.0.2.1 local-ip-6 ::1", "ip-6 ::1 tos 256",
        "ip-4 1 mark +-1"})
    EXPECT_EQ(read(arguments).error(), "invalid-argument") << arguments;
  EXPECT_EQ(read("ttl 3").error(), "invalid-argument reason ip-version-not-supported");
  EXPECT_EQ(read("ip-6 ::1", {.ipv4 = true}).error(), "invalid-argument reason ip-version-not-supported");
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol sctp").error(), "invalid-argument reason protocol-not-supported");
  EXPECT_EQ(read("ip-4 192.0.2.1", {.ipv4 = true}).error(), "permission-denied");
  EXPECT_TRUE(read("ip-4 192.0.2.1 protocol udp", {.ipv4 = true}));
}

TEST(MtrProbe, ByUdpHasNoPortsToChoose) {
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol udp port 53").error(),
            "invalid-argument reason port-not-supported");
  EXPECT_EQ(read("ip-4 192.0.2.1 protocol udp local-port 5353").error(),
            "invalid-argument reason port-not-supported");
  EXPECT_TRUE(read("ip-4 192.0.2.1 port 53 local-port 5353"));
}

// --- answers -----------------------------------------------------------------------------------------------

Event event_of(EventKind kind, ErrorReason reason = ErrorReason::none) {
  Event event;
  event.kind = kind;
  event.reason = reason;
  event.address = *Address::parse("192.0.2.1");
  event.from = *Address::parse("192.0.2.254");
  event.rtt = 1'234'999ns;
  return event;
}

TEST(MtrAnswer, SaysWhoAnsweredAndWhen) {
  EXPECT_EQ(answer_to(event_of(EventKind::reply)), "reply ip-4 192.0.2.254 round-trip-time 1234");
  Event ipv6 = event_of(EventKind::error, ErrorReason::ttl_exceeded);
  ipv6.from = *Address::parse("fe80::1%1");
  EXPECT_EQ(answer_to(ipv6), "ttl-expired ip-6 fe80::1 round-trip-time 1234");
}

TEST(MtrAnswer, SaysWhatAnErrorMeans) {
  EXPECT_EQ(answer_to(event_of(EventKind::error, ErrorReason::prohibited)),
            "no-route ip-4 192.0.2.254 round-trip-time 1234");
  EXPECT_EQ(answer_to(event_of(EventKind::error, ErrorReason::port_unreachable)),
            "reply ip-4 192.0.2.254 round-trip-time 1234");
  EXPECT_EQ(answer_to(event_of(EventKind::error, ErrorReason::parameter_problem)), "no-reply");
  EXPECT_EQ(answer_to(event_of(EventKind::lost)), "no-reply");
  for (const EventKind kind : {EventKind::note, EventKind::late, EventKind::duplicate, EventKind::rejected})
    EXPECT_EQ(answer_to(event_of(kind)), "");
}

TEST(MtrAnswer, OfThisHostTellsHowLongItTookToFindOut) {
  Event event = event_of(EventKind::error, ErrorReason::neighbour);
  event.rtt.reset();
  event.sent_at = UnixTime(1s);
  event.received_at = UnixTime(4s);
  EXPECT_EQ(answer_to(event), "no-route ip-4 192.0.2.254 round-trip-time 3000000");
}

TEST(MtrAnswer, ListsTheLabelStackFromTheTop) {
  Event event = event_of(EventKind::error, ErrorReason::ttl_exceeded);
  event.label_stack = {24015u << 12 | 3u << 9 | 1, 0xfffffu << 12 | 1u << 8 | 255};
  EXPECT_EQ(answer_to(event),
            "ttl-expired ip-4 192.0.2.254 round-trip-time 1234 mpls 24015,3,0,1,1048575,0,1,255");
}

TEST(MtrAnswer, NamesWhatTheKernelRefused) {
  EXPECT_EQ(refusal(ENETUNREACH), "no-route");
  EXPECT_EQ(refusal(ENETDOWN), "network-down");
  EXPECT_EQ(refusal(EPERM), "permission-denied");
  EXPECT_EQ(refusal(EADDRNOTAVAIL), "address-not-available");
  EXPECT_EQ(refusal(EADDRINUSE), "address-in-use");
  EXPECT_EQ(refusal(EINVAL), "invalid-argument");
  EXPECT_EQ(refusal(EMSGSIZE), "unexpected-error errno 90");
  EXPECT_EQ(refusal(Error{ErrorCode::resource_limit, 0, "x", {}, {}}), "unexpected-error errno 24");
  Event event = event_of(EventKind::local, ErrorReason::local_error);
  event.system_errno = EHOSTUNREACH;
  EXPECT_EQ(answer_to(event), "no-route");
}

}  // namespace
}  // namespace sonde::compat::mtr
