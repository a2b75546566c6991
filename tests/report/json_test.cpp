// json_test.cpp: JSON lines hold to the schema, to docs/json.md, and to valid JSON whatever names contain.
#include "report/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "report/sample_run.hpp"

namespace sonde::report {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;
using nlohmann::ordered_json;

std::vector<ordered_json> parse_lines(const std::string& text) {
  std::vector<ordered_json> objects;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    ordered_json object = ordered_json::parse(line, nullptr, false);
    EXPECT_TRUE(object.is_object()) << line;
    objects.push_back(std::move(object));
  }
  return objects;
}

ReportOptions json_options() {
  return {.format = Format::json};
}

std::string sample_lines() {
  ReportOptions options = json_options();
  options.histogram = true;
  return written_by(options, [](Reporter& reporter) { play_run(reporter, true); });
}

TEST(Json, WholeRunIsAsAlways) {
  expect_golden("run.jsonl", sample_lines());
}

TEST(Json, EveryLineIsAnObjectWithAnEvent) {
  const auto objects = parse_lines(sample_lines());
  ASSERT_GT(objects.size(), 10u);
  EXPECT_EQ(objects.front().at("event"), "start");
  EXPECT_EQ(objects.front().at("schema"), 1);
  EXPECT_EQ(objects.back().at("event"), "end");
  std::set<std::string> kinds;
  for (const auto& object : objects) kinds.insert(object.at("event").get<std::string>());
  EXPECT_THAT(kinds,
              testing::ElementsAre("duplicate", "end", "error", "interim", "late", "local", "lost", "note",
                                   "rejected", "reply", "resolved", "start", "summary", "warning"));
}

TEST(Json, FieldsKeepOneOrder) {
  const std::vector<std::string> order{
      "event",     "target",    "label",   "address", "seq",   "sent_unix_ns", "received_unix_ns",
      "rtt_ns",    "clock",     "host_ns", "from",    "ttl",   "bytes",        "flags",
      "icmp_type", "icmp_code", "reason",  "mtu",     "errno", "errno_name"};
  const std::set<std::string> others{"start", "summary", "interim", "end", "resolved", "warning"};
  for (const auto& object : parse_lines(sample_lines())) {
    if (others.contains(object.at("event").get<std::string>())) continue;
    auto place = order.begin();
    for (const auto& item : object.items()) {
      place = std::find(place, order.end(), item.key());
      ASSERT_NE(place, order.end()) << item.key() << " in " << object;
    }
  }
}

TEST(Json, LateFollowsTheLossOfItsSequence) {
  const auto objects = parse_lines(sample_lines());
  const auto lost = std::ranges::find_if(
      objects, [](const auto& o) { return o.at("event") == "lost" && o.at("seq") == 1; });
  ASSERT_NE(lost, objects.end());
  EXPECT_EQ(std::next(lost)->at("event"), "late");
  EXPECT_EQ(std::next(lost)->at("seq"), 1);
}

TEST(Json, QuietWritesOnlyStartSummariesAndEnd) {
  ReportOptions options = json_options();
  options.quiet = true;
  const std::string text = written_by(options, [](Reporter& reporter) {
    reporter.start(sample_start());
    reporter.resolved(gateway_target(), std::nullopt);
    reporter.event(reply_event(), gateway_target());
    reporter.warning(gateway_target(), "slow");
    reporter.summary(gateway_target(), sample_summary());
    reporter.summary(numeric_target(), silent_summary());
    reporter.end(sample_totals(), sample_merged());
  });
  std::vector<std::string> events;
  for (const auto& object : parse_lines(text)) events.push_back(object.at("event"));
  EXPECT_THAT(events, testing::ElementsAre("start", "summary", "summary", "end"));
}

TEST(Json, NothingCameIsNull) {
  const auto objects = parse_lines(
      written_by(json_options(), [](Reporter& reporter) { reporter.summary(gateway_target(), Summary{}); }));
  ASSERT_EQ(objects.size(), 1u);
  for (const char* field : {"rtt", "loss_ratio", "jitter_ns"})
    EXPECT_TRUE(objects[0].at(field).is_null()) << field;
}

TEST(Json, NumbersKeepEveryDigit) {
  Event event = reply_event();
  event.sequence = std::uint64_t{1} << 60;
  event.sent_at = UnixTime(1'763'771'234'567'890'123ns);
  const std::string text =
      written_by(json_options(), [&](Reporter& reporter) { reporter.event(event, gateway_target()); });
  EXPECT_THAT(text, testing::HasSubstr("\"seq\":1152921504606846976,"));
  EXPECT_THAT(text, testing::HasSubstr("\"sent_unix_ns\":1763771234567890123,"));
}

TEST(Json, AnyNameMakesValidAndHarmlessJson) {
  std::string name;
  for (int byte = 1; byte < 256; ++byte) name += static_cast<char>(byte);
  name += "\xc2\x9b\xf0\x9f\x98\x80";
  TargetName target = gateway_target();
  target.name = name;
  const std::string text =
      written_by(json_options(), [&](Reporter& reporter) { reporter.event(reply_event(), target); });
  ASSERT_EQ(std::ranges::count(text, '\n'), 1);
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find("\xc2\x9b"), std::string::npos);
  const json object = json::parse(text);
  const std::string back = object.at("target");
  EXPECT_EQ(back.substr(0, 127), name.substr(0, 127));
  EXPECT_TRUE(back.ends_with("\xc2\x9b\xf0\x9f\x98\x80"));
  EXPECT_THAT(back, testing::HasSubstr("\uFFFD"));
}

TEST(Json, FloodOfForgedPacketsIsTenLinesASecondAndCounted) {
  StandingClock clock;
  ReportOptions options = json_options();
  options.clock = &clock;
  const std::string text = written_by(options, [&clock](Reporter& reporter) {
    for (int second = 0; second < 3; ++second) {
      for (int i = 0; i < 10'000; ++i) reporter.event(rejected_event(), TargetName{});
      clock.now += 1s;
    }
    reporter.end(sample_totals(), sample_merged());
  });
  const auto objects = parse_lines(text);
  ASSERT_EQ(objects.size(), 31u);
  EXPECT_EQ(objects.back().at("lines_suppressed"), 29'970);
  EXPECT_FALSE(objects.front().contains("seq"));
  EXPECT_FALSE(objects.front().contains("target"));
}

// --- docs/json.md -----------------------------------------------------------------------------------------

struct Document {
  std::vector<std::string> examples;  // lines of ```json blocks
  std::set<std::string> fields;       // first cells of tables: | `field` | …
};

Document read_document() {
  Document document;
  std::istringstream lines(source_file("docs/json.md"));
  bool in_example = false;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      in_example = line == "```json";
    } else if (in_example) {
      document.examples.push_back(line);
    } else if (line.starts_with("| `")) {
      document.fields.insert(line.substr(3, line.find('`', 3) - 3));
    }
  }
  return document;
}

void collect_fields(const ordered_json& value, std::set<std::string>& fields) {
  if (value.is_object()) {
    for (const auto& item : value.items()) fields.insert(item.key());
  }
  if (value.is_structured()) {
    for (const auto& element : value) collect_fields(element, fields);
  }
}

TEST(JsonDocument, ExamplesAreWhatIsWritten) {
  const std::string written = sample_lines();
  const Document document = read_document();
  ASSERT_GE(document.examples.size(), 12u);
  for (const std::string& example : document.examples) {
    EXPECT_NE(written.find(example + "\n"), std::string::npos) << "not in the sample run: " << example;
  }
}

TEST(JsonDocument, DocumentsEveryFieldAndNoOther) {
  std::set<std::string> written;
  for (const auto& object : parse_lines(sample_lines())) collect_fields(object, written);
  EXPECT_EQ(read_document().fields, written);
}

TEST(JsonDocument, NamesEveryFlagReasonAndEvent) {
  const std::string text = source_file("docs/json.md");
  const auto documented = [&text](std::string_view word) {
    return text.find("`" + std::string(word) + "`") != std::string::npos;
  };
  for (unsigned bit = 0; bit <= 13; ++bit) {
    const std::string_view name = to_string(static_cast<EventFlag>(1u << bit));
    EXPECT_TRUE(documented(name)) << name;
  }
  for (int reason = 1; reason <= static_cast<int>(ErrorReason::local_error); ++reason) {
    const std::string_view name = to_string(static_cast<ErrorReason>(reason));
    EXPECT_TRUE(documented(name)) << name;
  }
  for (int kind = 0; kind <= static_cast<int>(EventKind::note); ++kind) {
    const std::string_view name = to_string(static_cast<EventKind>(kind));
    EXPECT_TRUE(documented(name)) << name;
  }
}

}  // namespace
}  // namespace sonde::report
