// output.cpp: writing to a descriptor with partial writes, interruptions, slow readers and full disks.
#include "report/output.hpp"

#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sonde::report {
namespace {

constexpr std::size_t flush_at_bytes = std::size_t{64} << 10;
constexpr std::size_t most_pending_bytes = std::size_t{16} << 20;

// What a pipe takes without blocking once poll() calls it writable (PIPE_BUF, pipe(7)).
constexpr std::size_t piece_bytes = 4096;

bool is_regular_file(int descriptor) {
  struct stat status{};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

// False when nothing could be written until then; asks at least once.
bool wait_until_writable(int descriptor, std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    const int ready =
        ::poll(&waiting, 1, static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000)));
    if (ready > 0) return true;  // also on POLLERR: the next write says what is wrong
    if (ready < 0 && errno != EINTR) return false;
    if (left.count() <= 0) return false;
  }
}

}  // namespace

Output::Output(int descriptor, std::string name)
    : descriptor_(descriptor), is_file_(is_regular_file(descriptor)), name_(std::move(name)) {}

Output::~Output() {
  flush(std::chrono::seconds(1));
}

void Output::write(std::string_view text) {
  if (error_) return;
  buffer_.append(text);
  // A stalled reader is asked again once per 64 KiB and not waited for, so that it cannot hold up the
  // sending.
  const bool grown = buffer_.size() / flush_at_bytes > (buffer_.size() - text.size()) / flush_at_bytes;
  if (grown) flush(std::chrono::milliseconds(0));
}

void Output::flush(std::chrono::milliseconds patience) {
  const auto until = std::chrono::steady_clock::now() + patience;
  std::size_t done = 0;
  while (!error_ && done < buffer_.size()) {
    if (!is_file_ && !wait_until_writable(descriptor_, until)) break;
    const std::size_t left = buffer_.size() - done;
    const ssize_t taken =
        ::write(descriptor_, buffer_.data() + done, is_file_ ? left : std::min(left, piece_bytes));
    if (taken > 0) {
      done += static_cast<std::size_t>(taken);
    } else if (taken == 0) {
      fail(EIO);
    } else if (errno == EAGAIN) {
      if (std::chrono::steady_clock::now() >= until) break;
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
  if (error_) return;
  buffer_.erase(0, done);
  if (buffer_.size() > most_pending_bytes) fail(EAGAIN);
}

void Output::fail(int system_errno) {
  std::string hint;
  if (system_errno == ENOSPC || system_errno == EDQUOT) hint = "free some space, or write elsewhere";
  if (system_errno == EAGAIN) hint = "its reader does not keep up";
  error_ = Error::from_errno(system_errno, "cannot write", name_, std::move(hint));
  std::string().swap(buffer_);
}

}  // namespace sonde::report
