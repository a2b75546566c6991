// report_test.cpp: a diagnosis as text and as JSON.
#include <gmock/gmock.h>
#include <netinet/in.h>

#include <cerrno>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "doctor/diagnose.hpp"
#include "doctor/json.hpp"
#include "doctor/text.hpp"
#include "doctor/words.hpp"
#include "net/network_namespace.hpp"
#include "report/display.hpp"

namespace sonde::doctor::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

Attempt open_in(Family family) {
  Attempt attempt;
  attempt.family = family;
  attempt.open = attempt.transmit_stamp.emplace(true);
  attempt.receive_stamp = true;
  return attempt;
}

Attempt closed_in(Family family) {
  Attempt attempt;
  attempt.family = family;
  attempt.failed_call = "socket(AF_INET, SOCK_RAW, IPPROTO_ICMP)";
  attempt.system_errno = EPERM;
  attempt.closed_by = ClosedBy::capability;
  attempt.because = "needs CAP_NET_RAW";
  return attempt;
}

// Raw sockets are closed, everything else is open.
Diagnosis sample() {
  Diagnosis diagnosis;
  diagnosis.version = "0.1.0";
  diagnosis.permissions.emplace();
  for (const Way way : {Way::icmp, Way::udp, Way::tcp})
    diagnosis.ways.push_back({way, {open_in(Family::ipv4), open_in(Family::ipv6)}, {}});
  diagnosis.ways.insert(
      diagnosis.ways.begin() + 1,
      {Way::raw,
       {closed_in(Family::ipv4), closed_in(Family::ipv6)},
       {{{"setcap", "give this program raw sockets", {}, {"sudo setcap cap_net_raw+p sonde"}, {}}},
        {{"sysctl", "it opens ping sockets"}}}});
  return diagnosis;
}

std::vector<std::string> lines_of_text(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) lines.push_back(line);
  return lines;
}

TEST(Summary, SaysWhatIsOpenAndWhyTheRestIsNot) {
  EXPECT_EQ(summary_line(sample()),
            "You can ask by: icmp, udp, tcp (IPv4, IPv6). Closed: raw - needs CAP_NET_RAW.");
}

TEST(Summary, TellsFamiliesApartWhereTheyDiffer) {
  Diagnosis diagnosis = sample();
  diagnosis.ways[0].attempts[1] = closed_in(Family::ipv6);
  EXPECT_THAT(
      summary_line(diagnosis),
      StartsWith("You can ask by: icmp (IPv4), udp (IPv4, IPv6), tcp (IPv4, IPv6). Closed: icmp (IPv6) - "));
}

TEST(Summary, OfNothingOpenSaysSo) {
  Diagnosis diagnosis = sample();
  for (WayFound& way : diagnosis.ways) way.attempts = {closed_in(Family::ipv4)};
  EXPECT_THAT(summary_line(diagnosis), StartsWith("No way of asking is open. Closed: icmp"));
  EXPECT_FALSE(diagnosis.works());
}

TEST(Text, BeginsWithTheSummaryAndOffersTheFix) {
  const std::string text = make_text(sample(), {});
  EXPECT_THAT(text, StartsWith("You can ask by: icmp, udp, tcp"));
  EXPECT_THAT(text, HasSubstr("To open raw, from least to most privilege"));
  EXPECT_THAT(text, HasSubstr("sudo setcap cap_net_raw+p sonde\n"));
  EXPECT_THAT(text, HasSubstr("socket(AF_INET, SOCK_RAW, IPPROTO_ICMP): EPERM"));
}

TEST(Text, IsColouredOnlyWhenAsked) {
  EXPECT_THAT(make_text(sample(), {}), Not(HasSubstr("\x1b")));
  EXPECT_THAT(make_text(sample(), {.colour = true}), HasSubstr("\x1b[1mYou can ask"));
}

TEST(Text, OfThisHostFitsEightyColumns) {
  net::testing::in_network_namespace([] {
    net::testing::drop_privileges();
    for (const std::string& line : lines_of_text(make_text(diagnose({.target = "127.0.0.1"}), {}))) {
      // Commands are not folded, so that they can be copied.
      if (line.starts_with("      ") && !line.starts_with("       ")) continue;
      EXPECT_LE(report::display_width(line), 80U) << line;
    }
  });
}

TEST(Text, ShowsNamesOfProcessesWithoutTheirControlCharacters) {
  Diagnosis diagnosis = sample();
  diagnosis.holders.push_back({"icmp", 1, 1000, 0, 4711, 815, "a\x1b[2Jb"});
  const std::string text = make_text(diagnosis, {});
  EXPECT_THAT(text, Not(HasSubstr("\x1b")));
  EXPECT_THAT(text, HasSubstr("\\x1b[2Jb (815)"));
}

TEST(Text, ShowsTheWaysToATargetSideBySide) {
  Diagnosis diagnosis = sample();
  TargetWay answered;
  answered.way = Way::icmp;
  answered.address = Address::loopback(Family::ipv4);
  answered.tried = true;
  answered.sent = answered.received = 3;
  answered.min = answered.median = answered.max = std::chrono::microseconds(12);
  answered.clock = RttClock::kernel;
  TargetWay silent = answered;
  silent.way = Way::udp;
  silent.received = 0;
  silent.min = silent.median = silent.max = std::nullopt;
  silent.failure = "no answer within 1 s";
  diagnosis.target = TargetFound{"localhost", {}, {answered, silent}};
  const std::string text = make_text(diagnosis, {.unicode = false});
  EXPECT_THAT(text, HasSubstr("To localhost (127.0.0.1)\n"));
  EXPECT_THAT(text, HasSubstr("icmp         3 of 3       12.0 us   12.0 us   12.0 us  kernel"));
  EXPECT_THAT(text, HasSubstr("no answer within 1 s"));
  EXPECT_TRUE(diagnosis.works());
  diagnosis.target->ways.erase(diagnosis.target->ways.begin());
  EXPECT_FALSE(diagnosis.works());
}

TEST(Json, IsOneObjectOnOneLine) {
  const std::string text = make_json(sample());
  EXPECT_EQ(std::ranges::count(text, '\n'), 1);
  const auto object = nlohmann::json::parse(text);
  EXPECT_EQ(object["works"], true);
  EXPECT_EQ(object["target"], nullptr);
  EXPECT_EQ(object["ways"][1]["families"][0]["errno"], "EPERM");
  EXPECT_EQ(object["ways"][1]["families"][0]["closed_by"], "capability");
  EXPECT_EQ(object["ways"][1]["fixes"][0]["lines"][0], "sudo setcap cap_net_raw+p sonde");
}

TEST(Json, SurvivesNamesOfAnyBytes) {
  Diagnosis diagnosis = sample();
  diagnosis.holders.push_back({"icmp", 1, 1000, 0, 4711, 815, "a\xff\x1b\x7f"});
  const std::string text = make_json(diagnosis);
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return c == '\n' || (c >= ' ' && c < 0x7f); }));
  EXPECT_TRUE(nlohmann::json::accept(text));
}

// Every key of `value`, at any depth.
void gather_keys(const nlohmann::json& value, std::set<std::string>& keys) {
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) {
      keys.insert(key);
      gather_keys(member, keys);
    }
  }
  if (value.is_array()) {
    for (const auto& element : value) gather_keys(element, keys);
  }
}

TEST(Json, HasNoFieldThatIsNotDocumented) {
  std::ifstream file(SONDE_SOURCE_DIR "/docs/doctor.md");
  const std::string document{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  Diagnosis diagnosis = sample();
  diagnosis.target = TargetFound{"x", {}, {TargetWay{}}};
  diagnosis.routes.emplace_back();
  diagnosis.interfaces.push_back({{}, net::DeviceTimestamping{}});
  diagnosis.limits.conntrack = Fill{};
  diagnosis.permissions->ping_group_range = net::PingGroupRange{};
  diagnosis.firewall.chains.emplace().emplace_back();
  diagnosis.holders.emplace_back();
  diagnosis.beliefs.emplace_back();
  std::set<std::string> keys;
  gather_keys(nlohmann::json::parse(make_json(diagnosis)), keys);
  EXPECT_GT(keys.size(), 80U);
  for (const std::string& key : keys) EXPECT_THAT(document, HasSubstr("`" + key + "`"));
}

}  // namespace
}  // namespace sonde::doctor::testing
