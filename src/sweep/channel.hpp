// channel.hpp: one socket of a worker, and how late its probes reach the device.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <utility>

#include "transport/transport.hpp"

namespace sonde::sweep {

// The probes whose TX stamp was asked for, by the number of their send.
class AwaitedStamps {
 public:
  struct Probe {
    std::uint32_t number = 0;
    std::uint64_t ordinal = 0;
    MonotonicTime sent_at{};  // interpolated
  };

  void ask(const Probe& probe) { probes_[probe.number % probes_.size()] = probe; }
  // nullopt: it was not asked for, or so long ago that others took its place. Once.
  std::optional<Probe> take(std::uint32_t number) {
    return std::exchange(probes_[number % probes_.size()], std::nullopt)
        .and_then([number](const Probe& probe) {
          return probe.number == number ? std::optional(probe) : std::nullopt;
        });
  }

 private:
  std::array<std::optional<Probe>, 1024> probes_{};
};

// How much later than its interpolated send time a probe reaches the device, where no stamp of its batch says so: the
// median of the last that were stamped. And how far from that they were, nine of ten of them.
class UsualDelay {
 public:
  void add(Nanoseconds delay) {
    delays_[count_++ % delays_.size()] = delay;
    if (count_ % refresh != 0) return;
    auto sorted = delays_;
    const auto known = static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(count_, sorted.size()));
    const auto end = sorted.begin() + known;
    std::nth_element(sorted.begin(), sorted.begin() + known / 2, end);
    median_ = sorted[static_cast<std::size_t>(known / 2)];
    for (auto one = sorted.begin(); one != end; ++one) *one = std::chrono::abs(*one - median_);
    std::nth_element(sorted.begin(), sorted.begin() + known * 9 / 10, end);
    spread_ = sorted[static_cast<std::size_t>(known * 9 / 10)];
  }
  // None until some were stamped.
  Nanoseconds median() const { return median_; }
  // Unbounded until some were stamped.
  Nanoseconds spread() const { return spread_; }
  std::uint64_t count() const { return count_; }

 private:
  static constexpr std::uint64_t refresh = 8;
  std::array<Nanoseconds, 31> delays_{};
  std::uint64_t count_ = 0;
  Nanoseconds median_{}, spread_ = Nanoseconds::max();
};

struct Channel {
  Channel(std::unique_ptr<transport::Transport> opened, std::optional<Address> from)
      : transport(std::move(opened)), identifier(transport->identifier()), source(from) {}

  std::unique_ptr<transport::Transport> transport;
  std::uint16_t identifier;       // that answers to its probes have
  std::optional<Address> source;  // as it was told; none: routing decides
  std::uint32_t next_number = 0;
  std::uint64_t drops = 0;  // receive_drops() when last asked
  AwaitedStamps stamps;
};

}  // namespace sonde::sweep
