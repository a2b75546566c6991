// program.cpp: starts the program and holds its output against its own promises.
#include "trouble/program.hpp"

#include <map>
#include <set>
#include <tuple>
#include <utility>

namespace sonde::trouble {

Words operator+(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

Command sonde(Words arguments, User user) {
  return {.arguments = Words{SONDE_PROGRAM, "ping"} + arguments, .user = user};
}

Command sonde_json(Words arguments, User user) {
  return sonde(Words{"--format", "json"} + arguments, user);
}

Command in_shell(const std::string& line, Words arguments) {
  return {.arguments = Words{"sh", "-c", line, "sh", SONDE_PROGRAM, "ping"} + arguments};
}

Command with_name_server(const ScratchDirectory& directory, const std::string& address, Words arguments) {
  const std::string file = directory.write("resolv.conf", "nameserver " + address + "\noptions timeout:30\n");
  return {.arguments =
              Words{"unshare", "-m", "sh", "-c", "mount --bind '" + file + "' /etc/resolv.conf; exec \"$@\"",
                    "sh", SONDE_PROGRAM, "ping"} +
              arguments};
}

SondeRun read_run(const Finished& finished, int status) {
  EXPECT_FALSE(finished.timed_out);
  EXPECT_EQ(finished.status, status) << finished.errors << finished.output;
  return SondeRun::parse(finished.output);
}

void expect_balanced(const SondeRun& run, bool events) {
  std::uint64_t probes = 0;
  for (const SondeSummary& summary : run.summaries) {
    EXPECT_EQ(summary.sent, summary.received + summary.lost + summary.late + summary.errors + summary.local)
        << summary.address;
    probes += summary.sent;
  }
  EXPECT_EQ(run.end->probes, probes);
  if (!events) return;
  // Of (target, sequence): its last verdict. Duplicate targets share their names, so verdicts are counted,
  // not kept.
  std::map<std::string, std::uint64_t> verdicts, sent;
  for (const SondeEvent& event : run.events) {
    const bool verdict =
        event.event == "reply" || event.event == "lost" || event.event == "error" || event.event == "local";
    if (verdict) ++verdicts[event.address];
  }
  for (const SondeSummary& summary : run.summaries) sent[summary.address] += summary.sent;
  for (const auto& [address, count] : sent) EXPECT_EQ(verdicts[address], count) << address;
}

void expect_all_answered(const SondeRun& run, const Words& targets, std::uint64_t count, Foreign foreign) {
  expect_balanced(run);
  ASSERT_EQ(run.summaries.size(), targets.size());
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const SondeSummary& summary = run.summaries[i];
    EXPECT_EQ(summary.target, targets[i]);
    EXPECT_EQ(summary.sent, count) << targets[i];
    EXPECT_EQ(summary.received, count) << targets[i];
    EXPECT_EQ(summary.duplicates, 0u) << targets[i];
    if (foreign == Foreign::none) {
      EXPECT_EQ(summary.rejected, 0u) << targets[i];
    }
    EXPECT_TRUE(summary.has_rtt);
  }
  if (foreign == Foreign::none) {
    EXPECT_EQ(run.end->rejected, 0u) << "packets that are nobody's";
  }
  std::set<std::pair<std::string, std::uint64_t>> seen;
  std::size_t answers = 0;
  for (const SondeEvent& event : run.events) {
    if (foreign == Foreign::possible && event.event == "rejected") continue;
    ++answers;
    EXPECT_EQ(event.event, "reply");
    EXPECT_EQ(event.from, event.address);
    const bool plain = event.flags.empty() || event.flags == std::set<std::string>{"refused"};
    EXPECT_TRUE(plain) << event.address << " " << *event.flags.begin();
    EXPECT_LT(event.sequence, count);
    seen.emplace(event.address, event.sequence);
  }
  EXPECT_EQ(answers, count * targets.size());
  EXPECT_EQ(seen.size(), count * std::set<std::string>(targets.begin(), targets.end()).size());
}

}  // namespace sonde::trouble
