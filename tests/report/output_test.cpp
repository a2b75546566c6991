// output_test.cpp: an Output loses nothing on partial writes and reports the first failure once.
#include "report/output.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <thread>

namespace sonde::report {
namespace {

using namespace std::chrono_literals;

class Pipe {
 public:
  explicit Pipe(int flags = 0) { EXPECT_EQ(::pipe2(ends_.data(), flags | O_CLOEXEC), 0); }
  ~Pipe() {
    close_reader();
    ::close(ends_[1]);
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int writer() const { return ends_[1]; }
  int reader() const { return ends_[0]; }
  void close_reader() {
    if (ends_[0] >= 0) ::close(ends_[0]);
    ends_[0] = -1;
  }
  // Reads until `bytes` have come, or the writer has closed.
  std::string read(std::size_t bytes) const {
    std::string text;
    std::array<char, 4096> chunk{};
    while (text.size() < bytes) {
      const ssize_t taken = ::read(ends_[0], chunk.data(), chunk.size());
      if (taken < 0 && errno == EAGAIN) {
        std::this_thread::yield();
        continue;
      }
      if (taken <= 0) break;
      text.append(chunk.data(), static_cast<std::size_t>(taken));
    }
    return text;
  }

 private:
  std::array<int, 2> ends_{-1, -1};
};

TEST(Output, KeepsTextUntilFlushed) {
  const Pipe pipe;
  Output output(pipe.writer(), "pipe");
  output.write("one\n");
  EXPECT_EQ(output.pending(), 4u);
  output.flush();
  EXPECT_EQ(output.pending(), 0u);
  EXPECT_EQ(pipe.read(4), "one\n");
}

TEST(Output, WritesOnItsOwnOnceMuchHasGathered) {
  const Pipe pipe;
  Output output(pipe.writer(), "pipe");
  std::thread reader([&pipe] { EXPECT_EQ(pipe.read(65536).size(), 65536u); });
  for (int i = 0; i < 64; ++i) output.write(std::string(1024, 'x'));
  reader.join();
  EXPECT_EQ(output.pending(), 0u);
}

TEST(Output, FlushesWhenItEnds) {
  const Pipe pipe;
  {
    Output(pipe.writer(), "pipe").write("last words");
  }
  EXPECT_EQ(pipe.read(10), "last words");
}

TEST(Output, BrokenPipeIsReportedAndLaterTextDiscarded) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  pipe.close_reader();
  Output output(pipe.writer(), "standard output");
  output.write("nobody reads this");
  output.flush();
  ASSERT_TRUE(output.error().has_value());
  EXPECT_EQ(output.error()->system_errno, EPIPE);
  EXPECT_EQ(output.error()->subject, "standard output");
  output.write("nor this");
  EXPECT_EQ(output.pending(), 0u);
}

TEST(Output, FullDiskIsReported) {
  const int full = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
  ASSERT_GE(full, 0);
  Output output(full, "results.json");
  output.write("{}\n");
  output.flush();
  ASSERT_TRUE(output.error().has_value());
  EXPECT_EQ(output.error()->system_errno, ENOSPC);
  EXPECT_FALSE(output.error()->hint.empty());
  ::close(full);
}

TEST(Output, NonBlockingDescriptorKeepsTheRestWithinThePatience) {
  const Pipe pipe(O_NONBLOCK);
  Output output(pipe.writer(), "pipe");
  const std::string text(200'000, 'x');  // more than a pipe holds
  output.write(text);
  const auto begin = std::chrono::steady_clock::now();
  output.flush(20ms);
  EXPECT_LT(std::chrono::steady_clock::now() - begin, 2s);
  EXPECT_FALSE(output.error().has_value());
  EXPECT_GT(output.pending(), 0u);

  std::size_t got = 0;
  std::thread reader([&] { got = pipe.read(text.size()).size(); });
  while (output.pending() > 0 && !output.error()) output.flush(1s);
  reader.join();
  EXPECT_EQ(got, text.size());
}

TEST(Output, ABlockingPipesSlowReaderIsNotWaitedForEither) {
  const Pipe pipe;
  Output output(pipe.writer(), "pipe");
  const std::string text(200'000, 'x');
  output.write(text);
  output.flush(0ms);
  EXPECT_FALSE(output.error().has_value());
  EXPECT_GT(output.pending(), 0u) << "and yet we are here";
  std::size_t got = 0;
  std::thread reader([&] { got = pipe.read(text.size()).size(); });
  while (output.pending() > 0 && !output.error()) output.flush(1s);
  reader.join();
  EXPECT_EQ(got, text.size());
}

TEST(Output, IsFullWhileItsReaderIsFarBehindAndLosesNothing) {
  const Pipe pipe(O_NONBLOCK);
  Output output(pipe.writer(), "pipe");
  const std::string chunk(1 << 20, 'x');
  std::size_t written = 0;
  for (; !output.is_full(); written += chunk.size()) output.write(chunk);
  EXPECT_LE(output.pending(), Output::full_bytes + chunk.size());
  output.write(chunk);  // more is kept all the same
  written += chunk.size();

  std::size_t got = 0;
  std::thread reader([&] { got = pipe.read(written).size(); });
  EXPECT_TRUE(output.drain());
  reader.join();
  EXPECT_EQ(got, written);
  EXPECT_EQ(output.taken(), written);
  EXPECT_FALSE(output.is_full());
  EXPECT_FALSE(output.error().has_value());
}

TEST(Output, WaitsForItsReaderUntilItIsInterrupted) {
  const Pipe pipe, interrupt;
  Output output(pipe.writer(), "pipe");
  output.write(std::string(200'000, 'x'));
  EXPECT_EQ(::write(interrupt.writer(), "!", 1), 1);
  EXPECT_FALSE(output.drain(interrupt.reader())) << "nobody reads";
  EXPECT_GT(output.pending(), 0u);
  EXPECT_FALSE(output.error().has_value());
}

TEST(Output, ADrainEndsWhenTheReaderGoesAway) {
  std::signal(SIGPIPE, SIG_IGN);
  Pipe pipe;
  Output output(pipe.writer(), "pipe");
  output.write(std::string(200'000, 'x'));
  std::thread reader([&] { pipe.close_reader(); });
  EXPECT_FALSE(output.drain());
  reader.join();
  ASSERT_TRUE(output.error().has_value());
  EXPECT_EQ(output.error()->system_errno, EPIPE);
}

TEST(Output, SignalsWhileWritingLoseNothing) {
  struct sigaction action{};
  action.sa_handler = [](int) {};  // without SA_RESTART: write() returns EINTR
  struct sigaction before{};
  ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
  const Pipe pipe;
  const std::string text(1 << 20, 'y');
  const pthread_t writer = ::pthread_self();
  std::size_t got = 0;
  std::thread reader([&] {
    while (got < text.size()) {
      ::pthread_kill(writer, SIGUSR1);
      got += pipe.read(1).size();
    }
  });
  {
    Output output(pipe.writer(), "pipe");
    output.write(text);
    while (output.pending() > 0 && !output.error()) output.flush(1s);
    EXPECT_FALSE(output.error().has_value());
  }
  reader.join();
  EXPECT_EQ(got, text.size());
  ::sigaction(SIGUSR1, &before, nullptr);
}

}  // namespace
}  // namespace sonde::report
