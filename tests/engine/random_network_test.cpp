// random_network_test.cpp: whatever a network does, every probe has exactly one verdict and it is the right
// one.
//
// Targets with random schedules on a network that draws each probe's fate at random; the truth of each fate
// is kept and held against what the prober says. Targets come and go, the wall clock is set, receive drops
// grow meanwhile.
#include <gtest/gtest.h>

#include <random>

#include "rig.hpp"

namespace sonde::test {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Nanoseconds timeout = milliseconds(50);

// What has to come of a probe.
enum class Truth { reply, lost, late, error, local };

class RandomNetwork : public testing::TestWithParam<std::uint32_t> {
 protected:
  RandomNetwork() {
    rig_.network.script = [this](const Asked& probe) { return fate_of(probe); };
    rig_.network.best_clock = GetParam() % 4 == 3 ? RttClock::user : RttClock::kernel;
  }

  std::uint64_t below(std::uint64_t limit) { return random_() % limit; }

  Fate fate_of(const Asked& probe) {
    if (below(40) == 0) return buffer_full();
    std::vector<Truth>& truths = truths_[probe.to];
    const auto lot = below(100);
    if (lot < 4) {
      truths.push_back(Truth::local);
      return refused(lot % 2 == 0 ? EPERM : ENETUNREACH);
    }
    Fate fate;
    if (lot < 15) {
      truths.push_back(Truth::lost);
    } else if (lot < 25) {
      truths.push_back(Truth::late);
      fate.answers.push_back({.delay = timeout + milliseconds(5) + microseconds(below(40'000))});
    } else if (lot < 35) {
      truths.push_back(Truth::error);
      Answer error = icmp_error(microseconds(below(45'000)), 3, static_cast<std::uint8_t>(below(16)));
      error.quoted_payload = below(2) * 56;
      if (error.code != 4 || below(2) == 0) error.mtu.reset();
      fate.answers.push_back(error);
    } else {
      truths.push_back(Truth::reply);
      Answer answer{.delay = microseconds(below(45'000))};
      if (below(10) == 0) answer.from = Address::parse("198.51.100.9").value();
      if (below(10) == 0) answer.size_change = static_cast<int>(below(60)) - 40;
      answer.corrupt = below(10) == 0;
      fate.answers.push_back(answer);
    }
    // What must change nothing: forgeries at any time, a second answer or error, lost and late stamps.
    if (below(5) == 0) fate.answers.push_back({.delay = microseconds(below(100'000)), .wrong_token = true});
    if (below(10) == 0)
      fate.answers.push_back(
          {.delay = microseconds(below(100'000)), .sequence_offset = static_cast<int>(below(500)) + 1});
    if (below(10) == 0) fate.answers.push_back({.delay = microseconds(below(100'000)), .bad_checksum = true});
    if (!fate.answers.empty() && below(5) == 0) {
      Answer again = fate.answers.front();
      again.delay += microseconds(1 + below(90'000));
      if (again.kind == Answer::Kind::reply) fate.answers.push_back(again);
    }
    if (truths.back() == Truth::reply && below(10) == 0) {
      fate.answers.push_back(icmp_error(fate.answers.front().delay + microseconds(1 + below(100'000))));
    }
    fate.stamped = below(20) != 0;
    fate.stamp_after = below(10) == 0 ? Nanoseconds(microseconds(below(120'000))) : Nanoseconds::zero();
    return fate;
  }

  Schedule some_schedule() {
    switch (below(5)) {
      case 0:
        return OnAnswer{.min_interval = microseconds(below(2000)),
                        .preload = static_cast<std::uint32_t>(1 + below(4))};
      case 1:
        return OnAnswer{.flood_interval = milliseconds(10)};
      case 2:
        return UntilAnswered{.retries = static_cast<std::uint16_t>(below(6)), .backoff = 1};
      case 3:
        return SynchronousRounds{milliseconds(static_cast<std::int64_t>(below(60)))};
      default:
        return FixedInterval{milliseconds(static_cast<std::int64_t>(1 + below(30)))};
    }
  }

  TargetIndex add_some(std::uint32_t host) {
    TargetOptions options;
    options.schedule = some_schedule();
    options.timeout = timeout;
    options.max_probes = below(3) == 0 ? 1 + below(40) : 0;
    options.max_replies = below(5) == 0 ? 1 + below(20) : 0;
    return rig_.add(Address::ipv4(0x0a000000 + host), options,
                    milliseconds(static_cast<std::int64_t>(below(30))));
  }

  void expect_truth(TargetIndex target) {
    rig_.expect_accounted(target);
    const std::vector<Truth>& truths = truths_[rig_.prober().target(target).address];
    const Book::Account& account = rig_.book.of(target);
    ASSERT_EQ(truths.size(), account.sent);
    for (const auto& [sequence, verdict] : account.verdicts) {
      const bool right = [&] {
        switch (truths[sequence]) {
          case Truth::reply:
            return verdict == EventKind::reply;
          case Truth::lost:
            return verdict == EventKind::lost;
          case Truth::late:  // while the answer is still to come, it is lost
            return verdict == EventKind::late || verdict == EventKind::lost;
          case Truth::error:
            return verdict == EventKind::error;
          case Truth::local:
            return verdict == EventKind::local;
        }
        return false;
      }();
      ASSERT_TRUE(right) << "target " << target << ", probe " << sequence << ": " << to_string(verdict)
                         << " instead of truth " << static_cast<int>(truths[sequence]);
    }
  }

  std::mt19937_64 random_{GetParam()};
  Rig rig_;
  std::map<Address, std::vector<Truth>> truths_;  // by the order of a target's probes
};

TEST_P(RandomNetwork, GivesEveryProbeItsOneRightVerdict) {
  for (std::uint32_t host = 0; host < 24; ++host) add_some(host);
  rig_.run(seconds(2));
  rig_.prober().stop_sending();
  ASSERT_TRUE(rig_.run_until_done(seconds(5)));
  rig_.run(seconds(1));  // the last late answers
  std::uint64_t sent = 0;
  for (TargetIndex target = 0; target < 24; ++target) {
    expect_truth(target);
    EXPECT_EQ(rig_.in_flight(target), 0u);
    const Book::Account& account = rig_.book.of(target);
    sent += account.sent;
    const auto& truths = truths_[rig_.prober().target(target).address];
    EXPECT_EQ(account.count(EventKind::late),
              static_cast<std::uint64_t>(std::ranges::count(truths, Truth::late)));
  }
  EXPECT_EQ(sent, rig_.prober().totals().probes);
  EXPECT_EQ(sent, rig_.network.asked);
  EXPECT_GT(sent, 500u);
}

TEST_P(RandomNetwork, RttsAreTheNetworksOwnWhateverHappensAround) {
  for (std::uint32_t host = 0; host < 12; ++host) add_some(host);
  for (int piece = 0; piece < 20; ++piece) {
    rig_.run(milliseconds(static_cast<std::int64_t>(20 + below(100))));
    rig_.clock.step(milliseconds(static_cast<std::int64_t>(below(4000)) - 2000));
    for (FakeTransport* transport : rig_.transports) transport->drops += below(2);
  }
  for (const auto& entry : rig_.book.entries) {
    const Event& event = entry.event;
    if (event.kind != EventKind::reply && event.kind != EventKind::error) continue;
    ASSERT_TRUE(event.rtt);
    ASSERT_GE(*event.rtt, Nanoseconds::zero());
    ASSERT_LT(*event.rtt, milliseconds(47)) << event.sequence;
    if (event.clock == RttClock::kernel) {
      ASSERT_FALSE(event.flags.has(EventFlag::clock_step));
    }
  }
}

TEST_P(RandomNetwork, AddingAndRemovingTargetsMixesNobodyUp) {
  std::map<TargetIndex, std::uint32_t> present;
  std::uint32_t next_host = 0;
  for (int piece = 0; piece < 60; ++piece) {
    for (std::uint64_t i = below(4); i > 0; --i) {
      const TargetIndex target = add_some(next_host);
      ASSERT_FALSE(present.contains(target));
      present[target] = next_host++;
    }
    rig_.run(milliseconds(static_cast<std::int64_t>(below(60))));
    if (!present.empty() && below(2) == 0) {
      const auto gone = std::next(present.begin(), static_cast<std::ptrdiff_t>(below(present.size())));
      expect_truth(gone->first);
      rig_.prober().remove(gone->first);
      present.erase(gone);
    }
  }
  rig_.prober().stop_sending();
  ASSERT_TRUE(rig_.run_until_done(seconds(5)));
  for (const auto& [target, host] : present) {
    EXPECT_EQ(rig_.prober().target(target).address, Address::ipv4(0x0a000000 + host));
    expect_truth(target);
  }
  EXPECT_LE(rig_.prober().totals().stamp_drops, rig_.prober().totals().probes) << "counted below zero";
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomNetwork, testing::Range(1u, 13u));

}  // namespace
}  // namespace sonde::test
