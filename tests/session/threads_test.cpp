// threads_test.cpp: a session on threads of its own, used from several others at once. Made for
// ThreadSanitizer.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <new>
#include <random>
#include <set>
#include <thread>

#include "lab/sanitized.hpp"
#include "loopback.hpp"

namespace sonde::test {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Waits for what threads bring about; false when it does not come.
template <typename Condition>
bool eventually(Condition condition) {
  const MonotonicTime limit = Clock::system().monotonic() + seconds(30);
  while (!condition()) {
    if (Clock::system().monotonic() > limit) return false;
    std::this_thread::yield();
  }
  return true;
}

class OwnThreads : public Loopback {};

// As long as it is there, the memory that this process may have is what it has, and a little.
class NoRoomForStacks {
 public:
  NoRoomForStacks() {
    ::getrlimit(RLIMIT_AS, &before_);
    std::uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    rlimit little = before_;
    little.rlim_cur = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE)) + (std::uint64_t{2} << 20);
    ::setrlimit(RLIMIT_AS, &little);
  }
  ~NoRoomForStacks() { ::setrlimit(RLIMIT_AS, &before_); }
  NoRoomForStacks(const NoRoomForStacks&) = delete;
  NoRoomForStacks& operator=(const NoRoomForStacks&) = delete;

 private:
  rlimit before_{};
};

std::size_t threads_of_this_process() {
  const std::filesystem::directory_iterator tasks("/proc/self/task");
  return static_cast<std::size_t>(std::distance(begin(tasks), end(tasks)));
}

TEST_F(OwnThreads, MeasureAllTargetsAndAreDone) {
  for (const unsigned threads : {1u, 3u}) {
    Session session = opened({.threads = threads});
    std::vector<TargetId> targets;
    for (int i = 0; i < 10; ++i)
      targets.push_back(session.add(loopback(), every(milliseconds(1), 10)).value());
    ASSERT_TRUE(session.start());
    ASSERT_TRUE(eventually([&] { return session.done(); }));
    ASSERT_TRUE(session.stop());
    for (const TargetId target : targets) EXPECT_EQ(session.figures(target)->received, 10u);
    EXPECT_EQ(session.merged_figures().received, 100u);
    std::vector<Event> events(200);
    EXPECT_EQ(session.poll_events(events), 100u);
  }
}

TEST_F(OwnThreads, TakeTargetsWhileTheyRun) {
  Session session = opened({.threads = 2});
  ASSERT_TRUE(session.start());
  std::set<TargetId> targets;
  for (int i = 0; i < 50; ++i) {
    const TargetId target = session.add(loopback(), every(milliseconds(1), 1)).value();
    EXPECT_TRUE(targets.insert(target).second);
    ASSERT_TRUE(eventually([&] { return session.figures(target)->received == 1; }));
  }
}

TEST_F(OwnThreads, WithNothingToDoTheyStopAtOnce) {
  // A stop that is asked for just as a thread goes to sleep must not be slept through.
  for (int i = 0; i < 200; ++i) {
    Session session = opened({.threads = 2});
    ASSERT_TRUE(session.start());
    if (i % 2 == 0) std::this_thread::yield();
    ASSERT_TRUE(session.stop());
  }
}

TEST_F(OwnThreads, EndWithTheSession) {
  std::atomic<std::uint64_t> events = 0;
  {
    Session session = opened({.threads = 2}, [&](const Event&) { ++events; });
    for (int i = 0; i < 4; ++i) session.add(loopback(), every(milliseconds(1))).value();
    ASSERT_TRUE(session.start());
    ASSERT_TRUE(eventually([&] { return events.load() > 20; }));
  }
  const std::uint64_t at_the_end = events.load();
  std::this_thread::yield();
  EXPECT_EQ(events.load(), at_the_end);
}

TEST_F(OwnThreads, SeveralThreadsMayDoEverythingAtOnce) {
  Session session = opened({.threads = 2, .event_capacity = 1000});
  ASSERT_TRUE(session.start());
  std::atomic<std::uint64_t> polled = 0, removed_lost = 0;
  std::mutex ids_mutex;
  std::set<TargetId> ids;
  {
    std::vector<std::jthread> users;
    for (unsigned user = 0; user < 4; ++user) {
      users.emplace_back([&, user] {
        std::mt19937 random(user);
        std::vector<TargetId> mine;
        std::vector<Event> events(64);
        for (int i = 0; i < 60; ++i) {
          const auto added = session.add(loopback(), every(milliseconds(1 + random() % 5)));
          ASSERT_TRUE(added) << added.error().message();
          mine.push_back(*added);
          {
            const std::scoped_lock lock(ids_mutex);
            ASSERT_TRUE(ids.insert(*added).second) << "an id twice";
          }
          const auto figures = session.figures(mine[random() % mine.size()]);
          ASSERT_TRUE(figures);
          expect_accounted(*figures);
          polled += session.poll_events(events);
          session.totals();
          if (i % 16 == 0) session.merged_figures();
          if (i % 16 == 1) session.notices();
          if (random() % 2 == 0) {
            const std::size_t which = random() % mine.size();
            const auto last = session.remove(mine[which]);
            ASSERT_TRUE(last);
            EXPECT_EQ(last->in_flight, 0u);
            expect_accounted(*last);
            removed_lost += last->lost;
            mine.erase(mine.begin() + static_cast<std::ptrdiff_t>(which));
          }
          session.wake();
        }
      });
    }
  }
  ASSERT_TRUE(session.stop(seconds(10)));
  const Figures figures = session.merged_figures();
  expect_accounted(figures);
  EXPECT_EQ(figures.in_flight, 0u);
  EXPECT_GT(session.totals().probes, 0u);
}

TEST_F(OwnThreads, ATargetsEventsComeOneAtATimeAndInOrder) {
  struct State {
    std::atomic<bool> busy = false;
    std::uint64_t next = 0;
  };
  std::array<State, 6> states;
  std::mutex mutex;
  std::map<TargetId, std::size_t> places;
  Session session = opened({.threads = 3}, [&](const Event& event) {
    State* state = nullptr;
    {
      const std::scoped_lock lock(mutex);
      state = &states[places.try_emplace(event.target, places.size()).first->second];
    }
    EXPECT_FALSE(state->busy.exchange(true));
    if (event.kind == EventKind::reply) {
      EXPECT_GE(event.sequence, std::exchange(state->next, event.sequence));
    }
    state->busy = false;
  });
  for (int i = 0; i < 6; ++i) session.add(loopback(), every(milliseconds(1), 100)).value();
  ASSERT_TRUE(session.start());
  ASSERT_TRUE(eventually([&] { return session.done(); }));
  ASSERT_TRUE(session.stop());
}

TEST_F(OwnThreads, ACallbackMayCallTheSessionButNotStopIt) {
  Session* inside = nullptr;
  std::atomic<int> refused = 0;
  Session session = opened({.threads = 2}, [&](const Event& event) {
    inside->totals();
    inside->figures(event.target);
    const auto stopped = inside->stop();
    if (!stopped && stopped.error().code == ErrorCode::invalid_argument) ++refused;
    EXPECT_TRUE(inside->stop_sending());
  });
  inside = &session;
  for (int i = 0; i < 4; ++i) session.add(loopback(), every(milliseconds(1))).value();
  ASSERT_TRUE(session.start());
  ASSERT_TRUE(eventually([&] { return refused.load() > 0; }));
  ASSERT_TRUE(eventually([&] { return session.done(); })) << "stop_sending() from a callback ends it";
  ASSERT_TRUE(session.stop());
}

TEST_F(OwnThreads, OfThoseThatAreNotToBeHadNoneIsLeftRunning) {
  if (lab::sanitized) GTEST_SKIP() << "a sanitizer takes all addresses for itself";
  Session session = opened({.threads = 64});
  session.add(loopback(), every(milliseconds(1), 1)).value();
  {
    const NoRoomForStacks no_room;
    const auto started = session.start();
    ASSERT_FALSE(started);
    EXPECT_EQ(started.error().code, ErrorCode::resource_limit);
    EXPECT_EQ(threads_of_this_process(), 1u);
  }
  ASSERT_TRUE(session.start()) << "later there are some";
  ASSERT_TRUE(eventually([&] { return session.done(); }));
  EXPECT_TRUE(session.stop());
}

TEST_F(OwnThreads, OneWithoutMemoryEndsThemAllAndIsTold) {
  Session session = opened({.threads = 3}, [](const Event&) { throw std::bad_alloc(); });
  for (int i = 0; i < 3; ++i) session.add(loopback(), every(milliseconds(1))).value();
  ASSERT_TRUE(session.start());
  ASSERT_TRUE(eventually([&] { return session.done(); }));
  const auto stopped = session.stop();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error().code, ErrorCode::resource_limit);
  EXPECT_GE(session.merged_figures().sent, 1u) << "what was measured is there";
}

TEST_F(OwnThreads, StopMayBeCalledBySeveralThreadsAtOnce) {
  for (int round = 0; round < 20; ++round) {
    Session session = opened({.threads = 2});
    session.add(loopback(), every(milliseconds(1))).value();
    ASSERT_TRUE(session.start());
    {
      std::vector<std::jthread> stoppers;
      for (int i = 0; i < 3; ++i) {
        stoppers.emplace_back([&] {
          EXPECT_TRUE(session.stop(seconds(10)));
          EXPECT_TRUE(session.done()) << "whoever returns from stop() finds it stopped";
          session.totals();
        });
      }
    }
    expect_accounted(session.merged_figures());
  }
}

TEST_F(OwnThreads, RoundsGoOnWhenTheMemberTheyWaitForIsRemoved) {
  Session session = opened();
  TargetOptions options = every(Nanoseconds::zero());
  options.schedule = SynchronousRounds{milliseconds(1)};
  const TargetId stays = session.add(loopback(), options).value();
  const TargetId goes = session.add(loopback(), options).value();
  ASSERT_TRUE(session.start());
  ASSERT_TRUE(eventually([&] { return session.figures(stays)->received > 3; }));
  ASSERT_TRUE(session.remove(goes));
  const std::uint64_t before = session.figures(stays)->received;
  ASSERT_TRUE(eventually([&] { return session.figures(stays)->received > before + 3; }));
}

}  // namespace
}  // namespace sonde::test
