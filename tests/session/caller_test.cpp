// caller_test.cpp: a session on the caller's thread: its poll loop, waking, callbacks, events, figures, the
// end.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <set>
#include <thread>

#include "loopback.hpp"
#include "net/network_namespace.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

MonotonicTime in(Nanoseconds time) {
  return Clock::system().monotonic() + time;
}

// No run of these tests takes as long.
constexpr Nanoseconds far_off = seconds(30);

class CallersThread : public Loopback {};

TEST_F(CallersThread, FdNextDeadlineAndProcessAreAllThatALoopNeeds) {
  std::vector<Event> events;
  Session session = opened({}, [&](const Event& event) { events.push_back(event); });
  const TargetId target = session.add(loopback(), every(milliseconds(5), 20)).value();
  const MonotonicTime limit = in(far_off);
  while (!session.done() && Clock::system().monotonic() < limit) {
    int timeout_ms = 1000;
    if (const auto deadline = session.next_deadline()) {
      const Nanoseconds left = std::max(Nanoseconds::zero(), *deadline - Clock::system().monotonic());
      timeout_ms = static_cast<int>((left.count() + 999'999) / 1'000'000);
    }
    pollfd waited_for{session.fd(), POLLIN, 0};
    ASSERT_GE(::poll(&waited_for, 1, timeout_ms), 0);
    ASSERT_TRUE(session.process());
  }
  ASSERT_TRUE(session.done());
  ASSERT_EQ(events.size(), 20u);
  for (std::size_t i = 0; i < events.size(); ++i) {
    EXPECT_EQ(events[i].kind, EventKind::reply);
    EXPECT_EQ(events[i].target, target);
    EXPECT_EQ(events[i].address, loopback());
    EXPECT_EQ(events[i].sequence, i);
    EXPECT_TRUE(events[i].rtt);
  }
}

TEST_F(CallersThread, RunUntilReturnsWhenEverythingIsDone) {
  Session session = opened();
  session.add(loopback(), every(milliseconds(1), 3)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_TRUE(session.done());
  EXPECT_EQ(session.merged_figures().received, 3u);
}

TEST_F(CallersThread, RunUntilReturnsAtItsDeadline) {
  Session session = opened();
  session.add(loopback(), every(seconds(100))).value();
  const MonotonicTime deadline = in(milliseconds(30));
  ASSERT_TRUE(session.run_until(deadline));
  EXPECT_GE(Clock::system().monotonic(), deadline);
  EXPECT_FALSE(session.done());
}

TEST_F(CallersThread, WakeFromAnotherThreadEndsRunUntilEveryTime) {
  Session session = opened();
  session.add(loopback(), every(milliseconds(1))).value();
  std::atomic<int> wanted = 0, ended = 0;
  std::jthread waker([&](const std::stop_token& stop) {
    for (int woken = 0; !stop.stop_requested();) {
      if (wanted.load() == woken) continue;
      ++woken;
      session.wake();
      while (ended.load() < woken && !stop.stop_requested()) std::this_thread::yield();
    }
  });
  for (int i = 0; i < 300; ++i) {
    ++wanted;
    ASSERT_TRUE(session.run_until(in(far_off)));
    ++ended;
  }
  EXPECT_LT(session.totals().elapsed, far_off) << "a wake was lost";
}

TEST_F(CallersThread, AWakeBeforeRunUntilIsNotLost) {
  Session session = opened();
  session.add(loopback(), every(seconds(100))).value();
  session.wake();
  pollfd waited_for{session.fd(), POLLIN, 0};
  EXPECT_EQ(::poll(&waited_for, 1, 0), 1);
  const MonotonicTime limit = in(far_off);
  ASSERT_TRUE(session.run_until(limit));
  EXPECT_LT(Clock::system().monotonic(), limit);
}

const Session* woken_by_signal = nullptr;

TEST_F(CallersThread, WakeFromASignalHandlerEndsRunUntil) {
  Session session = opened();
  session.add(loopback(), every(seconds(100))).value();
  woken_by_signal = &session;
  struct sigaction action{}, before{};
  action.sa_handler = [](int) { woken_by_signal->wake(); };
  action.sa_flags = SA_RESTART;
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const pthread_t self = ::pthread_self();
  const MonotonicTime limit = in(far_off);
  std::jthread sender([&] { ::pthread_kill(self, SIGUSR1); });
  ASSERT_TRUE(session.run_until(limit)) << "being interrupted is no error";
  EXPECT_LT(Clock::system().monotonic(), limit);
  sender.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(CallersThread, AfterStopSendingRunUntilWaitsForTheLastVerdicts) {
  Session session = opened();
  const TargetId target = session.add(loopback(), every(milliseconds(1))).value();
  ASSERT_TRUE(session.run_until(in(milliseconds(20))));
  ASSERT_TRUE(session.stop_sending());
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_TRUE(session.done());
  const Figures figures = session.figures(target).value();
  EXPECT_GT(figures.sent, 0u);
  EXPECT_EQ(figures.in_flight, 0u);
  expect_accounted(figures);
}

TEST_F(CallersThread, WhatIsAddedAfterStopSendingIsDoneAtOnce) {
  Session session = opened();
  ASSERT_TRUE(session.stop_sending());
  const TargetId target = session.add(loopback(), every(milliseconds(1))).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_TRUE(session.done());
  EXPECT_EQ(session.figures(target)->sent, 0u);
}

TEST_F(CallersThread, AMovedSessionGoesOn) {
  Session first = opened();
  const TargetId target = first.add(loopback(), every(milliseconds(1), 5)).value();
  ASSERT_TRUE(first.process());
  Session second = std::move(first);
  ASSERT_TRUE(second.run_until(in(far_off)));
  EXPECT_EQ(second.figures(target)->received, 5u);
}

// --- callbacks --------------------------------------------------------------------------------------------

TEST_F(CallersThread, AnEventCallbackMayCallTheSession) {
  Session* inside = nullptr;
  std::vector<TargetId> added;
  std::uint64_t seen = 0;
  Session session = opened({}, [&](const Event& event) {
    EXPECT_GE(inside->figures(event.target)->received, 1u);
    EXPECT_GE(inside->totals().probes, ++seen);
    EXPECT_FALSE(inside->notices().empty());
    if (added.size() < 5) added.push_back(inside->add(loopback(), every(milliseconds(1), 2)).value());
  });
  inside = &session;
  session.add(loopback(), every(milliseconds(1), 2)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_TRUE(session.done());
  EXPECT_EQ(added.size(), 5u);
  EXPECT_EQ(session.merged_figures().received, 12u);
}

TEST_F(CallersThread, ACallbackThatRemovesATargetSeesNoMoreOfIt) {
  Session* inside = nullptr;
  std::set<TargetId> removed;
  Session session = opened({}, [&](const Event& event) {
    EXPECT_FALSE(removed.contains(event.target)) << "an event after remove()";
    // Fast probes come in batches: others of this target's events were gathered already.
    if (event.sequence >= 3 && inside->remove(event.target)) removed.insert(event.target);
  });
  inside = &session;
  for (int i = 0; i < 20; ++i) session.add(loopback(), every(Nanoseconds::zero(), 200)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_EQ(removed.size(), 20u);
}

TEST_F(CallersThread, ACallbackMayProcessAndStop) {
  Session* inside = nullptr;
  std::uint64_t events = 0;
  Session session = opened({}, [&](const Event&) {
    ++events;
    if (events == 10) {
      EXPECT_TRUE(inside->process());
    }
    if (events == 50) {
      EXPECT_TRUE(inside->stop(seconds(10)));
    }
  });
  inside = &session;
  const TargetId target = session.add(loopback(), every(Nanoseconds::zero(), 500)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_TRUE(session.done());
  const Figures figures = session.figures(target).value();
  expect_accounted(figures);
  EXPECT_EQ(events, figures.sent) << "each verdict was handed over once";
}

TEST_F(CallersThread, PacketsComeToThePacketCallback) {
  std::uint64_t outgoing = 0, incoming = 0;
  Session session = opened({.packets = true}, {}, [&](const PacketView& packet) {
    packet.outgoing ? ++outgoing : ++incoming;
    EXPECT_GE(packet.bytes.size(), 64u);
  });
  session.add(loopback(), every(milliseconds(1), 4)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_EQ(outgoing, 4u);
  EXPECT_EQ(incoming, 4u);
}

// --- pulled events ----------------------------------------------------------------------------------------

TEST_F(CallersThread, EventsArePulledOldestFirst) {
  Session session = opened();
  session.add(loopback(), every(milliseconds(1), 10)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  std::vector<Event> events(4);
  std::uint64_t next = 0;
  for (const std::size_t expected : {4u, 4u, 2u, 0u}) {
    ASSERT_EQ(session.poll_events(events), expected);
    for (std::size_t i = 0; i < expected; ++i) EXPECT_EQ(events[i].sequence, next++);
  }
  EXPECT_EQ(session.events_dropped(), 0u);
}

TEST_F(CallersThread, WhenNobodyPullsTheOldestAreDroppedAndCounted) {
  for (const std::size_t capacity : {0u, 1u, 3u}) {
    Session session = opened({.event_capacity = capacity});
    session.add(loopback(), every(milliseconds(1), 10)).value();
    ASSERT_TRUE(session.run_until(in(far_off)));
    EXPECT_EQ(session.events_dropped(), 10 - capacity);
    std::vector<Event> events(100);
    ASSERT_EQ(session.poll_events(events), capacity);
    for (std::size_t i = 0; i < capacity; ++i) EXPECT_EQ(events[i].sequence, 10 - capacity + i);
    EXPECT_EQ(session.merged_figures().received, 10u) << "figures miss nothing";
  }
}

TEST_F(CallersThread, WithoutEventsThereAreFiguresAlone) {
  Session session = opened({.events = false});
  const TargetId target = session.add(loopback(), every(milliseconds(1), 5)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  std::vector<Event> events(10);
  EXPECT_EQ(session.poll_events(events), 0u);
  EXPECT_EQ(session.figures(target)->received, 5u);
}

// --- figures ----------------------------------------------------------------------------------------------

TEST_F(CallersThread, FiguresPercentilesAndHistogramAgree) {
  for (const bool compact : {false, true}) {
    std::vector<Nanoseconds> rtts;
    Session session =
        opened({.compact_figures = compact}, [&](const Event& event) { rtts.push_back(event.rtt.value()); });
    const TargetId target = session.add(loopback(), every(milliseconds(1), 50)).value();
    EXPECT_FALSE(session.figures(target)->rtt) << "nothing came yet";
    EXPECT_FALSE(session.percentile(target, 50).value());
    EXPECT_TRUE(session.histogram(target)->empty());
    ASSERT_TRUE(session.run_until(in(far_off)));
    ASSERT_EQ(rtts.size(), 50u);
    const Figures figures = session.figures(target).value();
    ASSERT_TRUE(figures.rtt);
    EXPECT_EQ(figures.rtt->min, *std::ranges::min_element(rtts));
    EXPECT_EQ(figures.rtt->max, *std::ranges::max_element(rtts));
    EXPECT_EQ(figures.loss_ratio, 0.0);
    EXPECT_TRUE(figures.jitter);
    EXPECT_EQ(session.percentile(target, 0).value(), figures.rtt->min);
    EXPECT_EQ(session.percentile(target, 90).value(), figures.rtt->p90);
    std::uint64_t counted = 0;
    const auto bars = session.histogram(target).value();
    for (const HistogramBar& bar : bars) counted += bar.count;
    EXPECT_EQ(counted, 50u);
  }
}

TEST_F(CallersThread, MergedFiguresAreThoseOfAllTargets) {
  Session session = opened();
  const TargetId first = session.add(loopback(), every(milliseconds(1), 10)).value();
  session.add(loopback(), every(milliseconds(2), 7)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_EQ(session.merged_figures().sent, 17u);
  EXPECT_EQ(session.totals().probes, 17u);
  ASSERT_TRUE(session.remove(first));
  EXPECT_EQ(session.merged_figures().sent, 7u) << "of the targets that are there";
  EXPECT_EQ(session.totals().probes, 17u) << "what was sent was sent";
}

TEST_F(CallersThread, TheSameAddressTwiceIsTwoTargets) {
  Session session = opened();
  const TargetId first = session.add(loopback(), every(milliseconds(1), 3)).value();
  const TargetId second = session.add(loopback(), every(milliseconds(1), 4)).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_EQ(session.figures(first)->received, 3u);
  EXPECT_EQ(session.figures(second)->received, 4u);
}

TEST_F(CallersThread, ATargetIdIsNeverUsedAgain) {
  Session session = opened();
  std::set<TargetId> ids;
  for (int i = 0; i < 2000; ++i) {
    const TargetId target = session.add(loopback(), every(seconds(1))).value();
    ASSERT_TRUE(ids.insert(target).second);
    ASSERT_TRUE(session.remove(target));
    ASSERT_EQ(session.figures(target).error().code, ErrorCode::not_found);
    ASSERT_FALSE(session.remove(target));
  }
}

TEST_F(CallersThread, BothFamiliesShareASession) {
  Session session = opened();
  const TargetId four = session.add(loopback(), every(milliseconds(1), 3)).value();
  const auto six = session.add(Address::loopback(Family::ipv6), every(milliseconds(1), 3));
  if (!six) GTEST_SKIP() << six.error().message();
  ASSERT_TRUE(session.run_until(in(far_off)));
  EXPECT_EQ(session.figures(four)->received, 3u);
  EXPECT_EQ(session.figures(*six)->received, 3u);
  EXPECT_EQ(session.notices().size(), 2u);
}

TEST_F(CallersThread, EveryTransportOfAFamilyIsNamedInTheOrderTheyWereTaken) {
  Session session = opened();
  TargetOptions by_tcp = every(milliseconds(1), 3);
  by_tcp.network.transport = TransportKind::tcp;
  session.add(loopback(), every(milliseconds(1), 3)).value();
  for (int i = 0; i < 2; ++i) session.add(loopback(), by_tcp).value();
  ASSERT_TRUE(session.run_until(in(far_off)));
  const auto notices = session.notices();
  ASSERT_EQ(notices.size(), 2u);
  EXPECT_NE(notices[0].taken, TransportKind::tcp);
  EXPECT_EQ(notices[1].taken, TransportKind::tcp);
}

// --- the end ----------------------------------------------------------------------------------------------

TEST_F(CallersThread, StopIsIdempotentAndKeepsTheFigures) {
  Session session = opened();
  const TargetId target = session.add(loopback(), every(milliseconds(1))).value();
  ASSERT_TRUE(session.run_until(in(milliseconds(20))));
  ASSERT_TRUE(session.stop(seconds(10)));
  const Figures figures = session.figures(target).value();
  const Nanoseconds elapsed = session.totals().elapsed;
  EXPECT_TRUE(session.done());
  EXPECT_EQ(figures.in_flight, 0u);
  expect_accounted(figures);
  ASSERT_TRUE(session.stop(seconds(10)));
  EXPECT_EQ(session.figures(target)->sent, figures.sent);
  EXPECT_EQ(session.totals().elapsed, elapsed);
}

TEST_F(CallersThread, TheLibraryPrintsNothing) {
  TargetOptions nowhere;
  nowhere.network.interface = "no-such-device";
  testing::internal::CaptureStdout();
  testing::internal::CaptureStderr();
  {
    Session session = opened();
    session.add(loopback(), every(milliseconds(1), 5)).value();
    EXPECT_FALSE(session.add(loopback(), nowhere));
    EXPECT_FALSE(Session::open({.threads = 0}));
    EXPECT_TRUE(session.run_until(in(far_off)));
    EXPECT_TRUE(session.stop());
  }
  EXPECT_EQ(testing::internal::GetCapturedStdout(), "");
  EXPECT_EQ(testing::internal::GetCapturedStderr(), "");
}

// A host that does not answer: this one, in a namespace where it may not.
void in_silence(const std::function<void()>& body) {
  net::testing::in_network_namespace([&] {
    ASSERT_TRUE(net::testing::set_sysctl("net.ipv4.icmp_echo_ignore_all", "1"));
    body();
  });
}

TEST(Silence, StopGivesTheLastProbesItsGraceAndThenCallsThemLost) {
  in_silence([] {
    std::vector<EventKind> kinds;
    Session session = opened({}, [&](const Event& event) { kinds.push_back(event.kind); });
    const TargetId target = session.add(loopback(), every(seconds(100))).value();
    ASSERT_TRUE(session.process());
    EXPECT_EQ(session.figures(target)->in_flight, 1u);
    const MonotonicTime before = Clock::system().monotonic();
    ASSERT_TRUE(session.stop(milliseconds(100)));
    const Nanoseconds took = Clock::system().monotonic() - before;
    EXPECT_GE(took, milliseconds(100));
    EXPECT_LT(took, seconds(5)) << "not the probe's timeout of 10 s";
    const Figures figures = session.figures(target).value();
    EXPECT_EQ(figures.lost, 1u);
    EXPECT_EQ(figures.in_flight, 0u);
    EXPECT_EQ(figures.loss_ratio, 1.0);
    EXPECT_THAT(kinds, testing::ElementsAre(EventKind::lost));
  });
}

TEST(Silence, SeveralThreadsShareOneGrace) {
  in_silence([] {
    Session session = opened({.threads = 4});
    for (int i = 0; i < 8; ++i) session.add(loopback(), every(seconds(100))).value();
    ASSERT_TRUE(session.start());
    const MonotonicTime limit = in(seconds(10));
    while (session.totals().probes < 8 && Clock::system().monotonic() < limit) std::this_thread::yield();
    const MonotonicTime before = Clock::system().monotonic();
    ASSERT_TRUE(session.stop(milliseconds(500)));
    EXPECT_LT(Clock::system().monotonic() - before, milliseconds(1900)) << "500 ms, not four times that";
    EXPECT_EQ(session.merged_figures().lost, 8u);
  });
}

TEST(Silence, RemovingATargetCountsWhatIsInFlightAsLost) {
  in_silence([] {
    std::uint64_t events = 0;
    Session session = opened({}, [&](const Event&) { ++events; });
    TargetOptions options = every(Nanoseconds::zero(), 3);
    options.timeout = milliseconds(50);
    const TargetId target = session.add(loopback(), options).value();
    ASSERT_TRUE(session.process());
    const Figures figures = session.remove(target).value();
    EXPECT_EQ(figures.sent, 3u);
    EXPECT_EQ(figures.lost, 3u);
    EXPECT_EQ(figures.in_flight, 0u);
    EXPECT_TRUE(session.done());
    session.add(loopback(), every(seconds(100))).value();
    ASSERT_TRUE(session.run_until(in(milliseconds(200))));
    EXPECT_EQ(events, 0u);
  });
}

TEST(Silence, ALossIsAnEventAndAFigure) {
  in_silence([] {
    std::vector<Event> events;
    Session session = opened({}, [&](const Event& event) { events.push_back(event); });
    TargetOptions options = every(milliseconds(5), 4);
    options.timeout = milliseconds(30);
    session.add(loopback(), options).value();
    ASSERT_TRUE(session.run_until(in(seconds(10))));
    ASSERT_EQ(events.size(), 4u);
    for (const Event& event : events) EXPECT_EQ(event.kind, EventKind::lost);
    EXPECT_EQ(session.merged_figures().loss_ratio, 1.0);
    EXPECT_EQ(session.merged_figures().longest_loss_run, 4u);
  });
}

}  // namespace
}  // namespace sonde::test
