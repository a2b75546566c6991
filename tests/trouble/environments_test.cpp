// environments_test.cpp: in every environment `auto` ends on the right way and says why, and the doctor says the same.
#include "trouble/environments.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cerrno>

namespace sonde::trouble {
namespace {

using nlohmann::json;
using ::testing::HasSubstr;

class Environments : public InEnvironment {};
INSTANTIATE_TEST_SUITE_P(, Environments, ::testing::ValuesIn(environments()), environment_name);

int ip_version(const std::string& address) {
  return address.find(':') == std::string::npos ? 4 : 6;
}

// What the doctor says of a way in one family.
const json& tried(const json& diagnosis, const std::string& way, int version) {
  for (const json& each : diagnosis.at("ways")) {
    if (each.at("way") != way) continue;
    for (const json& family : each.at("families"))
      if (family.at("ip_version") == version) return family;
  }
  throw std::runtime_error("the doctor did not try " + way);
}

// The way that `auto` should end on by what the doctor found: the first in its order that got an answer.
std::string best_way(const json& diagnosis) {
  for (const json& way : diagnosis.at("target").at("ways"))
    if (way.at("received") > 0) return way.at("way");
  return "none";
}

TEST_P(Environments, AutoEndsOnTheRightWayAndSaysWhy) {
  const Environment& environment = GetParam();
  const bool all_answer = environment.unreachable.empty();
  const Finished finished = ping({"-c", "4", "-i", "20ms", "-W", "300ms", "--unpaced"});
  const SondeRun run = read_run(finished, all_answer ? 0 : 1);
  expect_balanced(run, false);
  for (const std::string& target : environment.targets())
    EXPECT_EQ(last_way(run, target), environment.way) << target;
  for (const std::string& target : environment.answering) {
    const auto last =
        std::ranges::find(run.summaries.rbegin(), run.summaries.rend(), target, &SondeSummary::address);
    ASSERT_NE(last, run.summaries.rend());
    EXPECT_EQ(last->received, 4u) << target;
  }
  for (const std::string& target : environment.unreachable) {
    EXPECT_EQ(run.summary_of(target)->local, 4u) << target;
    for (const SondeEvent& event : run.events) {
      if (event.address == target) {
        EXPECT_EQ(event.system_errno, ENETUNREACH) << target;
      }
    }
  }
  for (const json& family : run.start.at("families")) {
    const std::string reason = family.value("reason", "");
    for (const std::string& part : environment.reason) EXPECT_THAT(reason, HasSubstr(part));
    EXPECT_EQ(reason.empty(), environment.reason.empty()) << reason;
  }
  for (const std::string& part : environment.notice) {
    EXPECT_THAT(finished.errors, HasSubstr(part));
  }
  EXPECT_EQ(finished.errors.empty(), environment.notice.empty()) << finished.errors;
}

TEST_P(Environments, TheDoctorFindsWhatAutoFinds) {
  const Environment& environment = GetParam();
  for (const std::string& target : environment.targets()) {
    const bool answers = std::ranges::find(environment.answering, target) != environment.answering.end();
    const json found = doctor(target);
    EXPECT_EQ(best_way(found), answers ? environment.way : "none") << target;
    for (const json& route : found.at("routes")) {
      if (route.at("ip_version") != ip_version(target)) continue;
      EXPECT_EQ(route.at("exists"), answers) << target;
      EXPECT_EQ(route.at("errno"), answers ? json(nullptr) : json("ENETUNREACH")) << target;
    }
    for (const json& way : found.at("target").at("ways")) {
      const std::string name = way.at("way");
      const bool closed = environment.closed.contains(name);
      EXPECT_EQ(way.at("tried"), !closed) << name;
      const auto shut = environment.shut.find(name);
      const bool open = answers && !closed && shut == environment.shut.end();
      EXPECT_EQ(way.at("received"), open ? 3 : 0) << way;
      if (open || closed) continue;
      const std::string why =
          answers ? shut->second.at(ip_version(target) == 4 ? 0 : 1) : "this host cannot send: ENETUNREACH";
      EXPECT_THAT(way.at("failure").get<std::string>(), HasSubstr(why)) << name;
    }
  }
}

TEST_P(Environments, TheDoctorNamesTheSameCauses) {
  const Environment& environment = GetParam();
  const json found = doctor(environment.targets().front());
  // The head of the report is there before anything is answered.
  const Finished finished = ping({"-c", "1", "-W", "300ms"});
  const SondeRun run = lab::SondeRun::parse(finished.output);
  for (const json& family : run.start.at("families")) {
    const std::string reason = family.value("reason", "");
    for (const std::string way : {"icmp", "raw", "udp", "tcp"}) {
      const json& each = tried(found, way, family.at("ip_version"));
      const auto closed = environment.closed.find(way);
      ASSERT_EQ(each.at("open"), closed == environment.closed.end()) << way;
      if (closed == environment.closed.end()) continue;
      EXPECT_EQ(each.at("closed_by"), closed->second[0]) << way;
      EXPECT_EQ(each.at("errno"), closed->second[1]) << way;
      // In the same words, where the first way was left because of this one.
      if (reason.empty()) continue;
      const std::string cause =
          each.at("errno").get<std::string>() + " (" + each.at("because").get<std::string>() + ")";
      EXPECT_THAT(reason, HasSubstr(cause));
    }
  }
}

}  // namespace
}  // namespace sonde::trouble
