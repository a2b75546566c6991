// output.cpp: writing to a descriptor with partial writes, interruptions, slow readers and full disks.
#include "report/output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace sonde::report {
namespace {

constexpr std::size_t flush_at_bytes = 64 * 1024;
constexpr std::size_t most_pending_bytes = 16 * 1024 * 1024;

// False when nothing could be written before `until`.
bool wait_until_writable(int descriptor, std::chrono::steady_clock::time_point until) {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd waiting{.fd = descriptor, .events = POLLOUT, .revents = 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(std::min<std::int64_t>(left.count(), 60'000)));
    if (ready > 0) return true;  // also on POLLERR: the next write says what is wrong
    if (ready < 0 && errno != EINTR) return false;
  }
}

}  // namespace

Output::Output(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

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
    const ssize_t taken = ::write(descriptor_, buffer_.data() + done, buffer_.size() - done);
    if (taken > 0) {
      done += static_cast<std::size_t>(taken);
    } else if (taken == 0) {
      fail(EIO);
    } else if (errno == EAGAIN) {
      if (!wait_until_writable(descriptor_, until)) break;
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
