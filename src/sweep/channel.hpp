// channel.hpp: one socket of a worker, and how far its send times are off.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <utility>

#include "engine/clock_watch.hpp"
#include "transport/transport.hpp"

namespace sonde::sweep {

// How much later than its interpolated send time a probe reaches the device: the median of the last stamps that the
// kernel gave for probes picked at random. Subtracted from every RTT.
class DepartureDelay {
 public:
  void asked(std::uint32_t number, MonotonicTime sent_at) {
    pending_[number % pending_.size()] = {number, sent_at};
  }

  void stamped(const transport::SendStamp& stamp, const engine::ClockWatch& watch) {
    const Pending& pending = pending_[stamp.number % pending_.size()];
    if (pending.number != stamp.number || watch.stepped_since(pending.sent_at)) return;
    delays_[count_++ % delays_.size()] = stamp.at - watch.to_unix(pending.sent_at);
    auto sorted = delays_;
    const auto end =
        sorted.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count_, sorted.size()));
    const auto middle = sorted.begin() + (end - sorted.begin()) / 2;
    std::nth_element(sorted.begin(), middle, end);
    median_ = *middle;
  }

  Nanoseconds median() const { return median_; }

 private:
  struct Pending {
    std::uint32_t number = UINT32_MAX;
    MonotonicTime sent_at{};
  };
  std::array<Pending, 256> pending_{};
  std::array<Nanoseconds, 31> delays_{};
  std::uint64_t count_ = 0;
  Nanoseconds median_{};
};

struct Channel {
  explicit Channel(std::unique_ptr<transport::Transport> opened) : transport(std::move(opened)) {}

  std::unique_ptr<transport::Transport> transport;
  std::uint32_t next_number = 0;
  std::uint64_t drops = 0;  // receive_drops() when last asked
  DepartureDelay delay;
};

}  // namespace sonde::sweep
