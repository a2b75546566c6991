// page_test.cpp: the explanation as text, JSON and picture.
#include <gmock/gmock.h>

#include <boost/property_tree/ptree.hpp>
#include <boost/property_tree/xml_parser.hpp>
#include <nlohmann/json.hpp>
#include <sstream>

#include "explain/example.hpp"
#include "explain/json.hpp"
#include "explain/svg.hpp"
#include "explain/text.hpp"
#include "report/display.hpp"

namespace sonde::explain::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::Not;

// Throws where it is not well-formed.
boost::property_tree::ptree parse_xml(const std::string& text) {
  std::istringstream stream(text);
  boost::property_tree::ptree tree;
  boost::property_tree::read_xml(stream, tree);
  return tree;
}

Explanation lost_probe() {
  Explanation example = answered_probe();
  example.verdict = EventKind::lost;
  example.from.reset();
  example.ttl.reset();
  example.distance.reset();
  example.rtt.reset();
  example.user_rtt.reset();
  example.timeline = make_timeline(measurements({0, 8'000, 9'000, 12'000, {}, {}, {}}));
  return example;
}

TEST(ExplainText, SaysFirstWhatCameOfIt) {
  const std::string text = make_text(answered_probe(), {});
  EXPECT_TRUE(text.starts_with("host.example (192.0.2.7) answered an echo request by icmp in 20.0 ms\n"))
      << text;
  EXPECT_TRUE(
      make_text(lost_probe(), {}).starts_with("host.example (192.0.2.7) did not answer an echo request"));
}

TEST(ExplainText, FitsEightyColumns) {
  Explanation example = answered_probe();
  example.socket.reset();  // the kernel's own line is left as it is
  for (const bool unicode : {true, false}) {
    std::istringstream lines(make_text(example, {.colour = false, .unicode = unicode}));
    for (std::string line; std::getline(lines, line);) EXPECT_LE(report::display_width(line), 80u) << line;
  }
}

TEST(ExplainText, IsAsciiWhereTheLocaleIsNot) {
  EXPECT_THAT(
      make_text(answered_probe(), {.colour = false, .unicode = false}),
      Each(::testing::Truly([](char character) { return static_cast<unsigned char>(character) < 128; })));
}

TEST(ExplainText, ShowsTheWay) {
  EXPECT_THAT(make_text(answered_probe(), {}),
              AllOf(HasSubstr("unicast by eth0, from 198.51.100.9, via 198.51.100.1, MTU 1500"),
                    HasSubstr("198.51.100.1 is at 02:00:00:00:00:01 (reachable)"),
                    HasSubstr("61: it probably started at 64, 3 routers away"), HasSubstr("/proc/net/icmp"),
                    HasSubstr("The longest bar is shortened")));
}

TEST(ExplainText, CallsAMissingStampMissing) {
  Explanation example = answered_probe();
  example.timeline = make_timeline(measurements({0, {}, 9'000, 12'000, 20'009'000, 20'030'000, 20'034'000}));
  EXPECT_THAT(make_text(example, {}), HasSubstr("given to the queueing discipline: missing"));
  EXPECT_THAT(make_text(answered_probe(), {}), Not(HasSubstr("missing")));
}

TEST(ExplainJson, SpansSumToTheWhole) {
  const json explanation = json::parse(make_json(answered_probe()));
  std::int64_t sum = 0;
  for (const json& span : explanation["spans"]) sum += span["duration_ns"].get<std::int64_t>();
  EXPECT_EQ(sum, explanation["whole_ns"]);
  EXPECT_EQ(explanation["instants"].size(), 7u);
  EXPECT_EQ(explanation["rtt_ns"], 20'000'000);
  EXPECT_EQ(explanation["answer"]["likely_hops"], 3);
  EXPECT_EQ(explanation["route"]["gateway"], "198.51.100.1");
  EXPECT_EQ(explanation["neighbour"]["link_address"], "02:00:00:00:00:01");
}

TEST(ExplainJson, OfALostProbeHasNoAnswer) {
  const json explanation = json::parse(make_json(lost_probe()));
  EXPECT_EQ(explanation["verdict"], "lost");
  EXPECT_TRUE(explanation["answer"].is_null());
  EXPECT_TRUE(explanation["rtt_ns"].is_null());
  EXPECT_EQ(explanation["instants"].size(), 4u);
}

TEST(ExplainSvg, IsWellFormedWhateverTheNames) {
  Explanation example = answered_probe();
  example.name = "<&\"'>\x1b[31m";
  EXPECT_NO_THROW(parse_xml(make_svg(example)));
  EXPECT_NO_THROW(parse_xml(make_svg(lost_probe())));
  Explanation nothing;
  EXPECT_NO_THROW(parse_xml(make_svg(nothing)));
}

TEST(ExplainSvg, HasAPieceForEverySpanWithinThePicture) {
  const auto tree = parse_xml(make_svg(answered_probe()));
  int pieces = 0;
  for (const auto& [name, element] : tree.get_child("svg")) {
    if (name != "rect" || element.find("title") == element.not_found()) continue;
    ++pieces;
    const auto x = element.get<double>("<xmlattr>.x"), width = element.get<double>("<xmlattr>.width");
    EXPECT_GE(x, 0);
    EXPECT_LE(x + width, tree.get<double>("svg.<xmlattr>.width"));
  }
  EXPECT_EQ(pieces, 6);
}

}  // namespace
}  // namespace sonde::explain::testing
