// wait_test.cpp: waiting for descriptors ends when one is ready, when the time has come, or by a signal.
#include "net/wait.hpp"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <thread>
#include <vector>

#include "net/file_descriptor.hpp"

namespace sonde::net {
namespace {

using namespace std::chrono_literals;

MonotonicTime now() {
  return Clock::system().monotonic();
}

class Waiting : public testing::Test {
 protected:
  Waiting() {
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    reader_.reset(ends[0]);
    writer_.reset(ends[1]);
  }

  void write() { EXPECT_EQ(::write(writer_.get(), "x", 1), 1); }
  pollfd entry() const { return {reader_.get(), POLLIN, 0}; }

  FileDescriptor reader_, writer_;
};

TEST(Earlier, NeverIsLaterThanAnyTime) {
  const MonotonicTime one{1s}, two{2s};
  EXPECT_EQ(earlier(one, two), one);
  EXPECT_EQ(earlier(two, one), one);
  EXPECT_EQ(earlier(one, std::nullopt), one);
  EXPECT_EQ(earlier(std::nullopt, two), two);
  EXPECT_EQ(earlier(std::nullopt, std::nullopt), std::nullopt);
}

TEST_F(Waiting, SaysWhichDescriptorIsReadyAndLeavesNegativeOnesOut) {
  write();
  std::array<pollfd, 3> entries{{{-1, POLLIN, 0}, entry(), {writer_.get(), POLLIN, 0}}};
  EXPECT_TRUE(wait_until(entries, std::nullopt));
  EXPECT_EQ(entries[0].revents, 0);
  EXPECT_EQ(entries[1].revents, POLLIN);
  EXPECT_EQ(entries[2].revents, 0);
}

TEST_F(Waiting, EndsNotBeforeItsTime) {
  std::array entries{entry()};
  const MonotonicTime until = now() + 20ms;
  EXPECT_FALSE(wait_until(entries, until));
  EXPECT_GE(now(), until);
}

TEST_F(Waiting, OnlyLooksWhereTheTimeIsOver) {
  std::array entries{entry()};
  EXPECT_FALSE(wait_until(entries, now() - 1h));
  EXPECT_FALSE(wait_until(entries, MonotonicTime::min()));
  write();
  EXPECT_TRUE(wait_until(entries, now() - 1h));
}

TEST_F(Waiting, WithoutATimeLastsUntilThereIsSomething) {
  std::array entries{entry()};
  std::jthread later([this] { write(); });
  EXPECT_TRUE(wait_until(entries, std::nullopt));
}

TEST_F(Waiting, ASignalEndsItAsIfNothingHadCome) {
  struct sigaction action{};
  action.sa_handler = [](int) {};
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  std::atomic<bool> over = false;
  // Again and again, as the first may come before the wait has begun.
  std::jthread signaller([&over, waiting = ::pthread_self()] {
    while (!over) {
      ::pthread_kill(waiting, SIGUSR1);
      std::this_thread::yield();
    }
  });
  std::array entries{entry()};
  entries[0].revents = POLLIN;
  EXPECT_FALSE(wait_until(entries, std::nullopt));
  EXPECT_EQ(entries[0].revents, 0);
  over = true;
  signaller.join();
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST_F(Waiting, DoesNotSpinWhereTheKernelRefuses) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit few{16, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<pollfd> entries(17, pollfd{-1, POLLIN, POLLIN});
  const MonotonicTime before = now();
  EXPECT_FALSE(wait_until(entries, std::nullopt));
  EXPECT_GE(now() - before, 10ms);
  EXPECT_EQ(entries[16].revents, 0);
  EXPECT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
}

}  // namespace
}  // namespace sonde::net
