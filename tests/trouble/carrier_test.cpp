// carrier_test.cpp: the device has lost its carrier: the kernel takes probes, throws them away and says nothing. They never left
// this host, so that none may be called lost.
#include <gmock/gmock.h>

#include "trouble/program.hpp"

namespace sonde::trouble {
namespace {

using namespace std::chrono_literals;

class Carrier : public ::testing::TestWithParam<const char*> {
 protected:
  Carrier() {
    pair_.near().open_ping_sockets(true);
    pair_.near().ip(
        "neigh replace 10.78.0.2 lladdr 02:00:00:00:00:02 dev near0 nud permanent\n"
        "neigh replace fd78::2 lladdr 02:00:00:00:00:02 dev near0 nud permanent\n");
  }
  // The kernel notices after a second at most.
  void lose_carrier() const {
    pair_.far().ip("link set far0 down\n");
    pair_.near().run_checked(
        {.arguments = {"sh", "-c",
                       "for try in $(seq 500); do ip -o link show near0 | grep -q 'state DOWN' "
                       "&& exit 0; sleep 0.01; done; exit 1"}});
  }
  VethPair pair_;
};
INSTANTIATE_TEST_SUITE_P(, Carrier, ::testing::Values("icmp", "raw"),
                         [](const auto& instance) { return std::string(instance.param); });

TEST_P(Carrier, WhatIsThrownAwayForWantOfItIsLocal) {
  lose_carrier();
  for (const char* target : {"10.78.0.2", "fd78::2"}) {
    const SondeRun run = read_run(
        pair_.near().run(sonde_json(
            Words{"--transport", GetParam(), "-c", "5", "-i", "20ms", "-W", "200ms", target}, User::root)),
        1);
    expect_balanced(run);
    const SondeSummary& summary = *run.summary_of(target);
    EXPECT_EQ(summary.local, 5u) << target;
    EXPECT_EQ(summary.lost, 0u) << target;
  }
}

TEST_P(Carrier, ASweepWaitsForIt) {
  pair_.far().ip("route add local 10.79.0.0/20 dev lo\nlink set far0 address 02:00:00:00:00:02\n");
  pair_.near().ip("route add 10.79.0.0/20 via 10.78.0.2\n");
  Process process = pair_.near().start(
      {.arguments = {SONDE_PROGRAM, "sweep", "--allow-special", "-r", "1000", "--linger", "300ms", "--retry",
                     "2", "--late", "200ms", "--transport", GetParam(), "10.79.0.0/21"},
       .time_limit = 30s});
  ASSERT_TRUE(process.wait_for_output("10.79."));
  pair_.far().ip("link set far0 down\n");
  ASSERT_TRUE(process.wait_for_errors("near0 has no carrier: the sweep waits for it")) << process.errors();
  pair_.far().ip("link set far0 up\n");
  const Finished finished = process.wait();
  EXPECT_EQ(finished.status, 0) << finished.errors;
  // What left before the kernel had noticed is asked again.
  EXPECT_THAT(finished.errors, ::testing::HasSubstr("2048 addresses answered"));
}

TEST_P(Carrier, WithItSilenceIsALoss) {
  const SondeRun run = read_run(pair_.near().run(sonde_json(Words{"--transport", GetParam(), "-c", "3", "-i",
                                                                  "20ms", "-W", "200ms", "10.78.0.99"},
                                                            User::root)),
                                1);
  expect_balanced(run);
  EXPECT_EQ(run.summary_of("10.78.0.99")->lost, 3u);
}

}  // namespace
}  // namespace sonde::trouble
