// loopback.hpp: sessions that measure this very host.
#pragma once

#include <gtest/gtest.h>

#include <mutex>
#include <utility>
#include <vector>

#include "sonde/session.hpp"

namespace sonde::test {

inline Address loopback() {
  return Address::loopback(Family::ipv4);
}

inline Session opened(SessionOptions options = {}, Session::EventCallback on_event = {},
                      Session::PacketCallback on_packet = {}) {
  auto session = Session::open(std::move(options), std::move(on_event), std::move(on_packet));
  if (!session) throw std::runtime_error(session.error().message());
  return std::move(*session);
}

// Asked every `interval`, `probes` times (0: for ever), with a timeout that no machine is too busy for.
inline TargetOptions every(Nanoseconds interval, std::uint64_t probes = 0) {
  TargetOptions options;
  options.schedule = FixedInterval{interval};
  options.max_probes = probes;
  options.timeout = std::chrono::seconds(10);
  options.phase = Nanoseconds::zero();
  return options;
}

// A test that measures; says why when this process may not.
class Loopback : public testing::Test {
 protected:
  void SetUp() override {
    const auto added = opened().add(loopback());
    if (!added) GTEST_SKIP() << added.error().message();
  }
};

inline void expect_accounted(const Figures& figures) {
  EXPECT_EQ(figures.sent, figures.received + figures.lost + figures.late + figures.errors + figures.local +
                              figures.in_flight);
}

}  // namespace sonde::test
