// output.cpp: writing to a descriptor with partial writes, interruptions, slow readers and full disks.
#include "report/output.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace sonde::report {
namespace {

constexpr std::size_t flush_at_bytes = std::size_t{64} << 10;

// What a pipe takes without blocking once poll() calls it writable (PIPE_BUF, pipe(7)).
constexpr std::size_t piece_bytes = 4096;

bool is_regular_file(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

using Time = std::chrono::steady_clock::time_point;

enum class Ready : std::uint8_t { writable, interrupted, timed_out };

// Asks at least once. nullopt: however long it takes.
Ready wait_until_writable(int descriptor, int interrupt, std::optional<Time> until) {
  for (;;) {
    constexpr std::int64_t longest_ms = 60'000;
    std::int64_t left_ms = longest_ms;
    if (until)
      left_ms =
          std::chrono::ceil<std::chrono::milliseconds>(*until - std::chrono::steady_clock::now()).count();
    // poll() leaves negative descriptors out.
    std::array<pollfd, 2> waited{{{descriptor, POLLOUT, 0}, {interrupt, POLLIN, 0}}};
    const int ready = ::poll(waited.data(), waited.size(),
                             static_cast<int>(std::clamp<std::int64_t>(left_ms, 0, longest_ms)));
    if (ready > 0 && waited[0].revents != 0) return Ready::writable;  // on POLLERR the next write says why
    if (ready > 0) return Ready::interrupted;
    if (ready < 0 && errno != EINTR) return Ready::writable;
    if (until && left_ms <= 0) return Ready::timed_out;
  }
}

}  // namespace

Output::Output(int descriptor, std::string name)
    : descriptor_(descriptor), is_file_(is_regular_file(descriptor)), name_(std::move(name)) {}

Output::~Output() {
  flush(std::chrono::milliseconds(0));
}

void Output::write(std::string_view text) {
  if (error_) return;
  const std::size_t before = pending();
  buffer_.append(text);
  // A stalled reader is asked again once per 64 KiB and not waited for.
  if (pending() / flush_at_bytes > before / flush_at_bytes) flush(std::chrono::milliseconds(0));
}

void Output::flush(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  while (!error_ && pending() > 0) {
    if (!is_file_ && wait_until_writable(descriptor_, -1, until) != Ready::writable) break;
    // A descriptor that does not block may refuse what poll() promised: another process writes to it, too.
    if (!write_piece() && std::chrono::steady_clock::now() >= until) break;
  }
}

bool Output::drain(int interrupt) {
  while (!error_ && pending() > 0) {
    if (!is_file_ && wait_until_writable(descriptor_, interrupt, std::nullopt) == Ready::interrupted) break;
    write_piece();
  }
  return !error_ && pending() == 0;
}

bool Output::write_piece() {
  const std::size_t size = is_file_ ? pending() : std::min(pending(), piece_bytes);
  const ssize_t taken = ::write(descriptor_, buffer_.data() + begin_, size);
  if (taken < 0 && (errno == EAGAIN || errno == EINTR)) return false;
  if (taken <= 0) {
    fail(taken == 0 ? EIO : errno);
    return false;
  }
  begin_ += static_cast<std::size_t>(taken);
  taken_ += static_cast<std::uint64_t>(taken);
  // Moving what is left costs no more than writing what is gone did.
  if (begin_ == buffer_.size() || begin_ >= buffer_.size() / 2) buffer_.erase(0, std::exchange(begin_, 0));
  return true;
}

void Output::fail(int system_errno) {
  std::string hint;
  if (system_errno == ENOSPC || system_errno == EDQUOT) hint = "free some space, or write elsewhere";
  error_ = Error::from_errno(system_errno, "cannot write", name_, std::move(hint));
  std::string().swap(buffer_);
  begin_ = 0;
}

}  // namespace sonde::report
