// channel.hpp: one transport with what is under way on it.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include "engine/inflight.hpp"
#include "transport/transport.hpp"

namespace sonde::engine {

// Notices when the kernel dropped answers for want of receive buffer, so that a loss of that time can be
// called suspect.
class DropWatch {
 public:
  // Asked more often than this, it does not look again.
  static constexpr Nanoseconds patience = std::chrono::milliseconds(1);

  void check(transport::Transport& transport, MonotonicTime now) {
    if (checked_ && now - checked_at_ < patience) return;
    checked_ = true;
    checked_at_ = now;
    const std::uint64_t drops = transport.receive_drops();
    if (drops != drops_) {
      drops_ = drops;
      last_drop_ = now;
      dropped_ = true;
    }
  }

  std::uint64_t drops() const { return drops_; }
  // Whether drops were noticed after `time`: they may have happened a little before they were noticed.
  bool dropped_since(MonotonicTime time) const { return dropped_ && last_drop_ >= time; }
  MonotonicTime checked_at() const { return checked_at_; }

 private:
  std::uint64_t drops_ = 0;
  MonotonicTime checked_at_{}, last_drop_{};
  bool checked_ = false, dropped_ = false;
};

struct Channel {
  Channel(std::unique_ptr<transport::Transport> opened, MonotonicTime now)
      : transport(std::move(opened)), inflight(now, transport->numbers_at_once()) {}

  // Timeouts have passed, and what had come by then is still being read.
  struct Overdue {
    MonotonicTime since;      // these timeouts at least had passed then
    std::size_t packets = 0;  // read since
  };

  std::unique_ptr<transport::Transport> transport;
  Inflight inflight;
  DropWatch drops;
  std::optional<Overdue> overdue;
};

}  // namespace sonde::engine
