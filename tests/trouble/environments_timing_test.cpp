// environments_timing_test.cpp: in every environment the round-trip times are those that a tap on the device saw.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "lab/tap.hpp"
#include "trouble/environments.hpp"

namespace sonde::trouble {
namespace {

using lab::HostAddress;

class EnvironmentTiming : public InEnvironment {};

std::vector<Environment> those_where_somebody_answers() {
  std::vector<Environment> found = environments();
  std::erase_if(found, [](const Environment& environment) { return environment.answering.empty(); });
  return found;
}
INSTANTIATE_TEST_SUITE_P(, EnvironmentTiming, ::testing::ValuesIn(those_where_somebody_answers()),
                         environment_name);

constexpr std::size_t count = 11;

// The round trips to one host, in the order asked. The lab answers every request that leaves, in order.
std::vector<std::int64_t> round_trips(const std::vector<lab::TappedPacket>& packets,
                                      const HostAddress& host) {
  std::vector<std::int64_t> asked, answered;
  for (const lab::TappedPacket& packet : packets) {
    if (packet.outgoing) {
      auto request = lab::read_echo_request(packet.bytes);
      if (!request) request = lab::read_port_request(packet.bytes);
      if (request && request->destination == host) asked.push_back(packet.unix_ns);
    } else if (lab::source_of(packet.bytes) == host) {
      answered.push_back(packet.unix_ns);
    }
  }
  EXPECT_EQ(asked.size(), answered.size()) << host.text();
  std::vector<std::int64_t> trips;
  for (std::size_t i = 0; i < std::min(asked.size(), answered.size()); ++i)
    trips.push_back(answered[i] - asked[i]);
  return trips;
}

TEST_P(EnvironmentTiming, TheNumberAgreesWithTheWire) {
  const Environment& environment = GetParam();
  lab::Tap tap(network().space(), "lab0");
  const SondeRun run = read_run(ping({"-c", std::to_string(count), "-i", "30ms", "-W", "300ms", "--unpaced"}),
                                environment.unreachable.empty() ? 0 : 1);
  const std::vector<lab::TappedPacket> packets = tap.packets();
  const std::int64_t limit = environment.way == "tcp" ? 500'000 : 50'000;
  for (const std::string& target : environment.answering) {
    std::vector<std::int64_t> truth = round_trips(packets, HostAddress::parse(target).value());
    std::vector<std::int64_t> errors;
    // What was asked by a way that was left comes first.
    ASSERT_GE(truth.size(), count) << target;
    truth.erase(truth.begin(), truth.end() - count);
    for (const SondeEvent& event : run.events) {
      if (event.event != "reply" || event.address != target) continue;
      ASSERT_LT(event.sequence, count);
      EXPECT_GE(truth[event.sequence], far_delay.count()) << "held by the lab that long";
      errors.push_back(std::abs(*event.rtt_ns - truth[event.sequence]));
    }
    ASSERT_EQ(errors.size(), count) << target;
    // The median: a stall of this machine between a packet's two stamps spoils single probes.
    std::ranges::nth_element(errors, errors.begin() + count / 2);
    EXPECT_LE(errors[count / 2], limit) << target;
    RecordProperty("median_error_ns_" + std::string(target == environment.answering[0] ? "first" : "second"),
                   std::to_string(errors[count / 2]));
  }
}

}  // namespace
}  // namespace sonde::trouble
