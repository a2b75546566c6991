// stopped_process_test.cpp: a process that does not run for a while, or is flooded, books answers by when they came, not by
// when it reads them.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rig.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;

constexpr std::string_view host = "192.0.2.7";
constexpr Nanoseconds timeout = milliseconds(100), stopped_for = seconds(2);

TargetOptions asked_once() {
  TargetOptions options;
  options.schedule = FixedInterval{seconds(10)};
  options.max_probes = 1;
  options.timeout = timeout;
  return options;
}

class StoppedProcess : public testing::Test {
 protected:
  // Asks once. The process is stopped right after it has read its socket to the end for the first time, when nothing had come yet.
  void ask_and_stop(Fate fate) {
    rig_.network.script = [fate = std::move(fate)](const Asked&) { return fate; };
    rig_.network.after_receive = [this, stopped = false]() mutable {
      if (!std::exchange(stopped, true)) rig_.clock.set(rig_.clock.monotonic() + stopped_for);
    };
    target_ = rig_.add(host, asked_once());
    rig_.run(seconds(5));
    rig_.expect_accounted(target_);
    EXPECT_TRUE(rig_.prober().done());
  }
  std::vector<EventKind> kinds() const {
    std::vector<EventKind> kinds;
    for (const auto& entry : rig_.book.entries) {
      if (entry.event.kind != EventKind::rejected) kinds.push_back(entry.event.kind);
    }
    return kinds;
  }
  const Event& event(std::size_t i = 0) const { return rig_.book.entries.at(i).event; }
  // So many packets that nobody asked for lie in the socket.
  void forge(std::size_t packets) {
    for (std::size_t i = 0; i < packets; ++i)
      rig_.transports.at(0)->inject(Address::parse(host).value(), 999, std::vector<std::byte>(56));
  }

  Rig rig_;
  TargetIndex target_ = 0;
};

TEST_F(StoppedProcess, WhatCameInTimeIsAReplyHoweverLateItIsRead) {
  ask_and_stop(answered(milliseconds(50)));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(event().rtt, milliseconds(50));
}

TEST_F(StoppedProcess, WhatCameBehindTheTimeoutIsLateThoughItsProbeStillWaited) {
  ask_and_stop(answered(milliseconds(400)));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost, EventKind::late));
  EXPECT_EQ(event(1).rtt, milliseconds(400));
}

TEST_F(StoppedProcess, WithoutASendStampTheReceiveStampDecides) {
  Fate fate = answered(milliseconds(50));
  fate.stamped = false;
  ask_and_stop(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_LE(*event().rtt, timeout) << "two seconds are this host's, not the network's";
  EXPECT_EQ(event().clock, RttClock::user);
}

TEST_F(StoppedProcess, WithoutASendStampALateReceiveStampIsLate) {
  Fate fate = answered(milliseconds(400));
  fate.stamped = false;
  ask_and_stop(fate);
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost, EventKind::late));
  EXPECT_LT(*event(1).rtt, milliseconds(500));
}

TEST_F(StoppedProcess, WithoutAnyStampNothingSaysThatAnAnswerWasLate) {
  rig_.network.best_clock = RttClock::user;
  ask_and_stop(answered(milliseconds(50)));
  ASSERT_THAT(kinds(), ElementsAre(EventKind::reply));
}

TEST_F(StoppedProcess, SilenceIsStillALoss) {
  ask_and_stop(silent());
  ASSERT_THAT(kinds(), ElementsAre(EventKind::lost));
}

// More than one turn reads.
TEST_F(StoppedProcess, AnAnswerBehindManyForgedPacketsIsAReply) {
  rig_.network.script = [](const Asked&) { return answered(milliseconds(50)); };
  target_ = rig_.add(host, asked_once());
  rig_.prober().process();
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(1));
  forge(20'000);
  rig_.clock.set(rig_.clock.monotonic() + stopped_for);
  rig_.run(seconds(1));
  EXPECT_THAT(kinds(), ElementsAre(EventKind::reply));
  EXPECT_EQ(rig_.book.all(EventKind::rejected).size(), 20'000u);
}

TEST_F(StoppedProcess, AFloodWithoutAnEndHoldsUpNoVerdict) {
  rig_.book.keep_events = false;
  rig_.network.receive_capacity = 2000;
  target_ = rig_.add(host, asked_once());
  rig_.network.script = [](const Asked&) { return silent(); };
  rig_.network.after_receive = [this] { forge(64); };
  for (int turn = 0; turn < 20 && !rig_.prober().done(); ++turn) {
    rig_.prober().process();
    rig_.clock.set(rig_.clock.monotonic() + timeout);
  }
  EXPECT_TRUE(rig_.prober().done());
  EXPECT_EQ(rig_.book.of(target_).count(EventKind::lost), 1u);
}

TEST_F(StoppedProcess, WhatWasReadDuringAFloodIsNotHeldAgainstProbesThatWaitShorter) {
  // While the socket is not read to its end, a second probe's timeout passes: its answer is in the socket.
  rig_.network.receive_capacity = 100'000;
  TargetOptions options = asked_once();
  rig_.network.script = [](const Asked& probe) {
    return probe.count == 0 ? silent() : answered(milliseconds(90));
  };
  const TargetIndex silent_one = rig_.add("192.0.2.1", options);
  const TargetIndex answering = rig_.add("192.0.2.2", options, milliseconds(50));
  rig_.prober().process();
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(50));
  rig_.prober().process();
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(1));
  forge(30'000);
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(60));
  rig_.prober().process();  // the first one's timeout has passed, and not all is read
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(200));
  rig_.run(seconds(1));
  EXPECT_EQ(rig_.book.of(silent_one).count(EventKind::lost), 1u);
  EXPECT_EQ(rig_.book.of(answering).count(EventKind::reply), 1u);
}

TEST_F(StoppedProcess, WhatCameIsReadBeforeTheRestIsGivenUp) {
  rig_.network.script = [](const Asked& probe) {
    return probe.count == 0   ? answered(milliseconds(50))
           : probe.count == 1 ? answered(seconds(60))
                              : silent();
  };
  TargetOptions patient = asked_once();
  patient.timeout = seconds(100);
  const TargetIndex answering = rig_.add("192.0.2.1", patient);
  const TargetIndex waiting = rig_.add("192.0.2.2", patient);
  const TargetIndex overdue = rig_.add("192.0.2.3", asked_once());
  rig_.prober().process();
  rig_.clock.set(rig_.clock.monotonic() + milliseconds(1));
  forge(20'000);
  rig_.clock.set(rig_.clock.monotonic() + seconds(1));
  rig_.prober().give_up();
  EXPECT_EQ(rig_.book.of(answering).count(EventKind::reply), 1u);
  EXPECT_EQ(rig_.book.of(waiting).count(EventKind::lost), 1u);
  EXPECT_EQ(rig_.book.of(overdue).count(EventKind::lost), 1u);
  for (const Event& lost : rig_.book.all(EventKind::lost)) {
    const bool has_timed_out = lost.address == Address::parse("192.0.2.3").value();
    EXPECT_EQ(lost.flags.has(EventFlag::cut_short), !has_timed_out) << lost.address.to_string();
  }
}

}  // namespace
}  // namespace sonde::test
