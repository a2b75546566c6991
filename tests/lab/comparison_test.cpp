// comparison_test.cpp: that the comparison finds a run without fault right, and notices every kind of lie.
#include "lab/comparison.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "lab/process.hpp"

namespace sonde::lab {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

constexpr std::int64_t ms = 1'000'000, start_ns = 1'700'000'000'000 * ms;
constexpr const char* host = "10.77.0.1";

// A run of four probes, 10 ms apart: answered after 5 ms, lost, an ICMP error after 2 ms, late after 300 ms
// (timeout 100 ms). Then a silent host that keeps the run going until 600 ms.
struct Story {
  Story() {
    for (std::uint64_t probe = 0; probe < 4; ++probe)
      add_request(host, probe, static_cast<std::int64_t>(probe) * 10);
    answer(0, Answer::Kind::reply, 5);
    answer(2, Answer::Kind::error, 2).answer.type = 3;
    answer(3, Answer::Kind::reply, 300);
    add_request("10.77.0.2", 0, 500);

    event("reply", 0, 0, 5 * ms + 20'000);
    event("lost", 1, 10);
    event("error", 2, 20).icmp_type = 3;
    event("lost", 3, 30);
    event("late", 3, 30, 300 * ms + 20'000);
    run.events.push_back({.event = "lost", .address = "10.77.0.2", .sent_unix_ns = start_ns + 500 * ms});
    run.summaries.push_back({.target = host,
                             .address = host,
                             .sent = 4,
                             .received = 1,
                             .lost = 1,
                             .late = 1,
                             .errors = 1,
                             .loss_ratio = 0.5,
                             .has_rtt = true});
    run.summaries.push_back(
        {.target = "10.77.0.2", .address = "10.77.0.2", .sent = 1, .lost = 1, .loss_ratio = 1});
    run.end = SondeEnd{.probes = 5};
  }

  void add_request(const char* to, std::uint64_t probe, std::int64_t at_ms) {
    RequestRecord request;
    request.destination = HostAddress::parse(to).value();
    request.probe = probe + 1;
    request.received = {at_ms * ms + 15'000, start_ns + at_ms * ms + 15'000};
    request.bytes = 64;
    request.checksum_right = true;
    request.token = record.requests.size() + 77;
    record.requests.push_back(request);
  }
  AnswerRecord& answer(std::size_t request, Answer::Kind kind, std::int64_t after_ms) {
    AnswerRecord answer;
    answer.answer.kind = kind;
    answer.answer.from = HostAddress::parse(host).value();
    answer.answer.ttl = 64;
    answer.answer.icmp_bytes = 64;
    answer.sent = true;
    const Instant received = record.requests[request].received;
    answer.before = {received.monotonic_ns + after_ms * ms, received.unix_ns + after_ms * ms};
    answer.after = {answer.before.monotonic_ns + 10'000, answer.before.unix_ns + 10'000};
    return record.requests[request].answers.emplace_back(answer);
  }
  SondeEvent& event(const char* name, std::uint64_t sequence, std::int64_t sent_ms,
                    std::optional<std::int64_t> rtt_ns = {}) {
    SondeEvent event{.event = name,
                     .address = host,
                     .clock = "kernel",
                     .sequence = sequence,
                     .sent_unix_ns = start_ns + sent_ms * ms,
                     .rtt_ns = rtt_ns,
                     .from = host};
    event.reason = event.event == "error" ? "host_unreachable" : "";
    event.ttl = 64;
    event.bytes = 64;
    event.icmp_code = 0;
    return run.events.emplace_back(event);
  }
  std::vector<std::string> check(bool may_drop = false) const {
    return disagreements(run, record, {.timeout = std::chrono::milliseconds(100), .may_drop = may_drop});
  }

  SondeRun run;
  ResponderRecord record;
};

TEST(Comparison, FindsATrueStoryRight) {
  EXPECT_THAT(Story().check(), IsEmpty());
}

TEST(Comparison, NoticesEveryKindOfLie) {
  const std::pair<const char*, std::function<void(Story&)>> lies[] = {
      {"reply called lost", [](Story& story) { story.run.events[0].event = "lost"; }},
      {"loss called reply", [](Story& story) { story.run.events[1].event = "reply"; }},
      {"no verdict", [](Story& story) { story.run.events.erase(story.run.events.begin() + 1); }},
      {"late never taken back", [](Story& story) { story.run.events.erase(story.run.events.begin() + 4); }},
      {"error called lost", [](Story& story) { story.run.events[2].event = "lost"; }},
      {"error of another type", [](Story& story) { story.run.events[2].icmp_type = 11; }},
      {"error from elsewhere", [](Story& story) { story.run.events[2].from = "10.77.0.8"; }},
      {"RTT too long by 50 us", [](Story& story) { *story.run.events[0].rtt_ns += 50'000; }},
      {"RTT too short by 50 us", [](Story& story) { *story.run.events[0].rtt_ns -= 50'000; }},
      {"RTT shorter than held",
       [](Story& story) {
         *story.run.events[0].rtt_ns -= 1 * ms;
         story.run.events[0].sent_unix_ns += 1 * ms;
       }},
      {"RTT missing", [](Story& story) { story.run.events[0].rtt_ns.reset(); }},
      {"user RTT far off",
       [](Story& story) {
         story.run.events[0].clock = "user";
         *story.run.events[0].rtt_ns += 200 * ms;
       }},
      {"other ttl", [](Story& story) { story.run.events[0].ttl = 63; }},
      {"other bytes", [](Story& story) { story.run.events[0].bytes = 63; }},
      {"corrupt without cause", [](Story& story) { story.run.events[0].flags = {"corrupt"}; }},
      {"corruption unseen",
       [](Story& story) { story.record.requests[0].answers[0].answer.defects.payload = true; }},
      {"forgery believed",
       [](Story& story) { story.record.requests[0].answers[0].answer.defects.token = true; }},
      {"duplicate not counted", [](Story& story) { story.answer(0, Answer::Kind::duplicate, 6); }},
      {"duplicate from nowhere", [](Story& story) { story.run.summaries[0].duplicates = 1; }},
      {"rejected from nowhere", [](Story& story) { story.run.end->rejected = 1; }},
      {"forgery not counted",
       [](Story& story) { story.answer(0, Answer::Kind::forged, 1).answer.defects.token = true; }},
      {"sum does not add up", [](Story& story) { story.run.summaries[0].sent = 5; }},
      {"loss ratio wrong", [](Story& story) { story.run.summaries[0].loss_ratio = 0.25; }},
      {"summary against events",
       [](Story& story) {
         --story.run.summaries[0].lost;
         ++story.run.summaries[0].late;
         story.run.summaries[0].loss_ratio = 0.25;
       }},
      {"probe that never arrived",
       [](Story& story) { story.record.requests.erase(story.record.requests.begin() + 1); }},
      {"token used twice",
       [](Story& story) { story.record.requests[1].token = story.record.requests[0].token; }},
      {"probe with a wrong checksum", [](Story& story) { story.record.requests[1].checksum_right = false; }},
      {"own drops", [](Story& story) { story.run.end->receive_drops = 1; }},
  };
  for (const auto& [name, tell] : lies) {
    Story story;
    tell(story);
    EXPECT_THAT(story.check(), Not(IsEmpty())) << name;
  }
}

TEST(Comparison, AcceptsWhatIsCountedRightly) {
  Story story;
  story.answer(0, Answer::Kind::duplicate, 6);
  story.run.summaries[0].duplicates = 1;
  story.answer(0, Answer::Kind::forged, 1).answer.defects.token = true;
  story.run.summaries[0].rejected = 1;
  story.answer(1, Answer::Kind::reply, 1).answer.defects.checksum = true;
  story.answer(0, Answer::Kind::duplicate, 2'000);  // long after the end
  EXPECT_THAT(story.check(), IsEmpty());
}

TEST(Comparison, ADropThatWasToldExcusesOneAnswerWhoseLossIsCalledSuspect) {
  Story story;
  story.answer(1, Answer::Kind::reply, 1);  // which the run calls lost
  EXPECT_THAT(story.check(true), Not(IsEmpty())) << "no drop was told";
  story.run.end->receive_drops = 1;
  EXPECT_THAT(story.check(true), Not(IsEmpty())) << "nor is it suspect";
  story.run.events[1].flags = {"suspect"};
  EXPECT_THAT(story.check(true), IsEmpty());
  EXPECT_THAT(story.check(false), Not(IsEmpty()));
  story.answer(0, Answer::Kind::duplicate, 6);
  EXPECT_THAT(story.check(true), Not(IsEmpty())) << "one drop, two answers";
}

constexpr const char* lines =
    R"({"event":"start","schema":1,"version":"0.1","transport":"icmp","clock":"kernel"}
{"event":"reply","target":"a","address":"10.77.0.1","seq":0,"sent_unix_ns":5,"rtt_ns":7,"flags":["corrupt"],"ttl":3}
{"event":"summary","target":"a","address":"10.77.0.1","sent":1,"received":1,"lost":0,"late":0,"errors":0,"local":0,"duplicates":0,"rejected":0,"loss_ratio":0.0,"jitter_ns":null,"rtt":{"min_ns":7,"mean_ns":7,"max_ns":7,"stddev_ns":0,"p50_ns":7,"p90_ns":7,"p99_ns":7}}
{"event":"end","elapsed_ns":9,"probes":1,"schedule_lag_ns":0,"receive_drops":0,"stamp_drops":0,"rejected":0}
)";

TEST(JsonLines, AreReadIntoARun) {
  const SondeRun run = SondeRun::parse(lines);
  ASSERT_EQ(run.events.size(), 1u);
  EXPECT_EQ(run.events[0].rtt_ns, 7);
  EXPECT_TRUE(run.events[0].has("corrupt"));
  EXPECT_EQ(run.summary_of("10.77.0.1")->rtt_max_ns, 7);
  EXPECT_EQ(run.end->probes, 1u);
  EXPECT_EQ(run.count("reply", "10.77.0.1"), 1u);
}

TEST(JsonLines, WithoutStartEndOrAFieldAreRefused) {
  const std::string whole = lines;
  const std::string without_start = whole.substr(whole.find('\n') + 1);
  const std::string without_end = whole.substr(0, whole.rfind("{\"event\":\"end\""));
  std::string without_field = whole;
  without_field.replace(without_field.find("\"seq\""), 5, "\"sea\"");
  for (const std::string& text : {std::string(), without_start, without_end, without_field, whole + "{}\n"}) {
    EXPECT_THROW(SondeRun::parse(text), LabError) << text;
  }
}

}  // namespace
}  // namespace sonde::lab
